// Fetches the widget, once, and hands it the panel.

import { emit } from "./events.js";
import { close, fail, frame, make, wear } from "./panel.js";
import { email, gateway, language, script, site } from "./settings.js";
import { complete, freeze, snapshot } from "./snapshot.js";
import { blank, state } from "./state.js";

/** @type {any} */
let widget;
/** @type {Promise<boolean> | undefined} */
let loading;

/** Fetches and starts the widget; gives whether that went well. */
export const load = () =>
  (loading ??= start().catch(() => {
    // The next one who opens the panel may have better luck.
    loading = undefined;
    emit("failed", { cause: obstacle() || "load" });
    return false;
  }));

/** Leads the widget where the options say. @param {object} options */
export const show = (options) => guard(() => widget.open(options));

/** Tells the widget that the host has said something new. @param {boolean} [reset] */
export const tell = (reset = false) => guard(() => widget.changed(reset));

/** What on this page keeps the widget from running; empty where nothing does. */
export const obstacle = () => {
  let reason = "globals";
  try {
    const used = [Reflect.get, document.createElement, document.createTextNode];
    if (window instanceof Window && used.every((f) => typeof f == "function")) {
      reason = "wasm";
      new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      reason = "";
    }
  } catch {}
  return reason;
};

const start = async () => {
  if (obstacle()) throw 0;
  const base = new URL(`deskbell-${VERSION}/`, script.src).href;
  const wasm = WebAssembly.compileStreaming(fetch(`${base}widget.wasm`, { integrity: WASM_INTEGRITY }));
  wasm.catch(blank);
  const lang = language();
  // Without its table a language is shown in English, which is better than nothing.
  const table =
    lang == "en"
      ? ""
      : fetch(`${base}${lang}.json`).then(
          (answer) => answer.text(),
          () => "",
        );
  await preload(`${base}widget.js`, WIDGET_INTEGRITY);
  const module = await import(`${base}widget.js`);
  const words = await table;
  module.init({ module: await wasm });
  const parts = frame();
  wear(module.css);
  module.mount({
    ...parts,
    site,
    gateway,
    email,
    lang,
    words,
    version: VERSION,
    state,
    freeze,
    snapshot,
    complete,
    preload,
    wear,
    close,
    emit,
    crash,
  });
  state.gather = module.gather;
  if (state.frozen) complete(state.frozen);
  widget = module;
  return true;
};

/** @typedef {{preload: typeof preload, wear: typeof wear, state: typeof state, site: string, gateway: string, lang: string, [part: string]: unknown}} Parts */

/** Lets the browser check the integrity of a module, which `import()` itself cannot. @param {string} href @param {string} integrity */
const preload = (href, integrity) => {
  const link = make("link", {});
  const { nonce } = script;
  const check = { rel: "modulepreload", integrity, nonce, href };
  return new Promise((onload, onerror) => {
    if (!link.relList.supports("modulepreload")) return onload(0);
    document.head.append(Object.assign(link, { onload, onerror }, check));
  }).finally(() => link.remove());
};

/** The widget has panicked: what it drew is torn, what was typed is not. */
const crash = () => {
  widget = undefined;
  loading = Promise.resolve(false);
  fail();
  emit("failed", { cause: "crashed" });
};

/** @param {() => void} call */
const guard = (call) => {
  if (!widget) return;
  try {
    call();
  } catch {
    crash();
  }
};
