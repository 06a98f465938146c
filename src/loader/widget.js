// What the loader imports: the glue that Trunk makes, and the style that belongs to it.

import { initSync as init, mount as mountForm, open, changed as formChanged, sends as form } from "trunk:glue";

import { describe } from "./collect/describe.js";
import { gather } from "./collect/gather.js";
import { learn, token } from "./identity.js";
import { blank } from "./state.js";
import { counter } from "./visits.js";

export { init, open, gather };

export const css = PANEL_CSS;

const PATIENCE_MS = 1000;

/** @type {import("./widget-loader.js").Parts["state"]} */
let state;

/** The host has said something new. @param {boolean} reset */
export const changed = (reset) => {
  formChanged(reset);
  learn(state, () => formChanged(false));
};

/** Draws the widget into the panel. @param {import("./widget-loader.js").Parts} parts */
export const mount = (parts) => {
  const { site, gateway } = parts;
  state = parts.state;
  const siteUrl = `${gateway.replace(/\/+$/, "")}/v1/sites/${encodeURIComponent(site)}`;
  const own = {
    siteUrl,
    describe,
    sends: sends(parts),
    token: (/** @type {boolean} */ refused) => token(state, refused),
    answers: once(() => answers(parts)),
    elsewhere: elsewhere(parts, siteUrl),
  };
  mountForm({ ...parts, ...counter(site, siteUrl), ...own });
  learn(state, () => formChanged(false));
};

const base = new URL(".", import.meta.url).href;

/** Shows what is sent. What its parts are called comes in a second, or not at all. @param {import("./widget-loader.js").Parts} parts */
const sends = ({ preload, wear, lang, gateway }) => {
  const fetchModule = once(async () => {
    const module = await fetched(preload, "sends", SENDS_INTEGRITY, SENDS_WASM_INTEGRITY);
    wear(module.css);
    return module;
  });
  return async (/** @type {Element} */ place) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const labels = fetch(`${base}${lang}.labels.json`, { signal }).then((answer) => answer.json());
    const named = labels.catch(blank);
    const module = await fetchModule();
    module.look(place, form, lang, await named, new URL(gateway).host);
  };
};

/**
 * Does something once; a failure is forgotten, so that the next one may have better luck.
 * @template T @param {() => Promise<T>} act
 */
const once = (act) => {
  /** @type {Promise<T> | undefined} */
  let done;
  return () => {
    done ??= act();
    done.catch(() => (done = undefined));
    return done;
  };
};

/** Fetches the module that shows answers. @param {import("./widget-loader.js").Parts} parts */
const answers = async ({ preload, wear }) => {
  const module = await fetched(preload, "answers", ANSWERS_INTEGRITY, ANSWERS_WASM_INTEGRITY);
  wear(module.css);
  return module;
};

/**
 * Lets the module of the engines answer in the gateway's place, where the page or its gateway names some.
 * @param {import("./widget-loader.js").Parts} parts @param {string} siteUrl
 */
const elsewhere = ({ preload, state }, siteUrl) => {
  const module = once(() => fetched(preload, "engines", ENGINES_INTEGRITY, ENGINES_WASM_INTEGRITY));
  return (/** @type {any} */ published, /** @type {string} */ what) => {
    const named = [published, ...state.config].map((from) => from?.sources);
    const sources = named.filter(Boolean).pop();
    if (sources && what != "config") return module().then((engines) => engines.ask(sources, siteUrl, what));
  };
};

/**
 * @param {import("./widget-loader.js").Parts["preload"]} preload @param {string} name @param {string} integrity
 * @param {string} wasmIntegrity
 */
const fetched = async (preload, name, integrity, wasmIntegrity) => {
  const wasm = WebAssembly.compileStreaming(fetch(`${base}${name}.wasm`, { integrity: wasmIntegrity }));
  wasm.catch(blank);
  await preload(`${base}${name}.js`, integrity);
  const module = await import(`${base}${name}.js`);
  module.init({ module: await wasm });
  return module;
};
