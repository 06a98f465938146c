// Fetches the widget, once, and hands it the panel; where it cannot run, the plain form in its place.

import { emit } from "./events.js";
import { close, frame, lead, mail, make, wear } from "./panel.js";
import { language, script, site, triggers } from "./settings.js";
import { complete, freeze, snapshot } from "./snapshot.js";
import { blank, state } from "./state.js";

/** What the panel is led by: the widget or the plain form. @type {any} */
let widget;
/** Whatever was fetched and lives. @type {Set<any>} */
const modules = new Set();
/** @type {Promise<unknown> | undefined} */
let loading;

/** Fetches and starts the widget, or else the plain form; gives whether that went well. */
export const load = () =>
  (loading ??= start().catch(() => {
    // The next one who opens the panel may have better luck.
    loading = undefined;
    emit("failed", { cause: obstacle() || "load" });
    return plain();
  }));

/** Leads the widget where the options say. @param {object} options */
export const show = (options) => guard(() => widget.open(options));

/** Tells what was fetched that the host has said something new. @param {boolean} [reset] @param {boolean} [discard] */
export const tell = (reset, discard) =>
  guard(() => Promise.all([...modules].map((module) => module.changed(reset, discard))));

/** What on this page keeps the widget from running; empty where nothing does. */
export const obstacle = () => {
  let reason = "globals";
  try {
    const used = [Reflect.get, document.createElement, document.createTextNode];
    if (window instanceof Window && used.every((f) => typeof f == "function")) {
      reason = "wasm";
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      reason = "";
    }
  } catch {}
  return reason;
};

/** Follows the tickets that the device remembers, without the panel. */
export const resume = () =>
  glue()
    .then((module) => module.resume(parts()))
    .catch(blank);

const place = (/** @type {string} */ file) => new URL(`deskbell-${VERSION}/${file}`, script.src).href;

const glue = async (file = "widget.js", integrity = WIDGET_INTEGRITY) => {
  const href = place(file);
  await preload(href, integrity);
  const module = await import(href);
  modules.add(module);
  return module;
};

const plain = () =>
  glue("plain.js", PLAIN_INTEGRITY)
    .then((module) => (widget = module).start(parts()))
    .catch(blank);

const parts = () => ({
  site,
  script,
  triggers,
  lang: language(),
  state,
  preload,
  wear,
  emit,
  frame,
  mail,
  make,
  freeze,
  snapshot,
  complete,
  close,
  crash,
});

const start = async () => {
  if (obstacle()) throw 0;
  const wasm = WebAssembly.compileStreaming(fetch(place("widget.wasm"), { integrity: WASM_INTEGRITY }));
  wasm.catch(blank);
  const lang = language();
  // Without its table a language is shown in English, which is better than nothing.
  const table =
    lang == "en"
      ? ""
      : fetch(place(`${lang}.json`)).then(
          (answer) => answer.text(),
          () => "",
        );
  widget = await glue();
  const words = await table;
  widget.init({ module: await wasm });
  widget.mount({ ...frame(), ...parts(), words });
  state.gather = widget.gather;
  if (state.frozen) complete(state.frozen);
  return true;
};

/** @typedef {ReturnType<typeof parts> & {[part: string]: any}} Parts */

/** Lets the browser check the integrity of a module, which `import()` itself cannot. @param {string} href @param {string} integrity */
const preload = (href, integrity) => {
  const link = make("link", { rel: "modulepreload", integrity, nonce: script.nonce, href });
  return new Promise((onload, onerror) => {
    if (!link.relList.supports(link.rel)) return onload(0);
    document.head.append(Object.assign(link, { onload, onerror }));
  }).finally(() => link.remove());
};

/** The widget has panicked: what it drew is torn, what was typed is not. */
const crash = () => {
  modules.delete(widget);
  loading = plain();
  lead();
  emit("failed", { cause: "crashed" });
};

/** @param {() => unknown} call */
const guard = (call) => {
  try {
    return call();
  } catch {
    crash();
  }
};
