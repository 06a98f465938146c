// Fetches the widget, once, and hands it the panel.

import { emit } from "./events.js";
import { close, fail, frame, make, wear } from "./panel.js";
import { email, gateway, language, script, site, triggers } from "./settings.js";
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

/** Tells the widget that the host has said something new. @param {boolean} [reset] @param {boolean} [discard] */
export const tell = (reset, discard) => guard(() => widget.changed(reset, discard));

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

/** Follows the tickets that the device remembers, without the panel. */
export const resume = () =>
  glue()
    .then((module) => module.resume(parts()))
    .catch(blank);

const place = (/** @type {string} */ file) => new URL(`deskbell-${VERSION}/${file}`, script.src).href;

const glue = async () => {
  const href = place("widget.js");
  await preload(href, WIDGET_INTEGRITY);
  return (widget = await import(href));
};

const parts = () => ({ site, gateway, triggers, lang: language(), state, preload, wear, emit });

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
  const module = await glue();
  const words = await table;
  module.init({ module: await wasm });
  const painted = frame();
  module.mount({ ...painted, ...parts(), email, words, freeze, snapshot, complete, close, crash });
  state.gather = module.gather;
  if (state.frozen) complete(state.frozen);
  return true;
};

/** @typedef {ReturnType<typeof parts> & {[part: string]: any}} Parts */

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
