// What the loader imports: the glue that Trunk makes, and the style that belongs to it.

import { initSync as init, mount as mountForm, open, changed } from "trunk:glue";

import { describe } from "./collect/describe.js";
import { gather } from "./collect/gather.js";
import { blank } from "./state.js";
import { counter } from "./visits.js";

export { init, open, changed, gather };

export const css = PANEL_CSS;

const PATIENCE_MS = 1000;

/** Draws the widget into the panel. @param {import("./widget-loader.js").Parts} parts */
export const mount = (parts) => {
  const { site, gateway } = parts;
  const events = `${gateway.replace(/\/+$/, "")}/v1/sites/${encodeURIComponent(site)}/events`;
  return mountForm({ ...parts, ...counter(site, events), describe, answers: () => answers(parts), labels });
};

const base = new URL(".", import.meta.url).href;

/** Fetches what the members of a ticket are called; in a second, or not at all. @param {string} lang */
const labels = async (lang) =>
  (await fetch(`${base}${lang}.labels.json`, { signal: AbortSignal.timeout(PATIENCE_MS) })).json();

/** @type {Promise<object> | undefined} */
let fetched;

/**
 * Fetches the module that shows answers, once; a failure is forgotten, so that the next one may have better luck.
 * @param {import("./widget-loader.js").Parts} parts
 */
const answers = (parts) => {
  fetched ??= fetchAnswers(parts);
  fetched.catch(() => (fetched = undefined));
  return fetched;
};

/** @param {import("./widget-loader.js").Parts} parts */
const fetchAnswers = async ({ preload, wear }) => {
  const wasm = WebAssembly.compileStreaming(fetch(`${base}answers.wasm`, { integrity: ANSWERS_WASM_INTEGRITY }));
  wasm.catch(blank);
  await preload(`${base}answers.js`, ANSWERS_INTEGRITY);
  const module = await import(`${base}answers.js`);
  module.init({ module: await wasm });
  wear(module.css);
  return module;
};
