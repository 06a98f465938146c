// Fetches the widget, once, and hands it the panel.

import { emit } from "./events.js";
import { close, fail, frame } from "./panel.js";
import { CRASHED, FAILED, FORBIDDEN, settings } from "./settings.js";
import { blank, freeze, snapshot, state } from "./state.js";

/** @type {any} */
let widget;
/** @type {Promise<string | undefined> | undefined} */
let loading;

/** Fetches and starts the widget; gives what to tell the person where that fails. */
export const load = () =>
  (loading ??= start().catch(() => {
    // The next one who opens the panel may have better luck.
    loading = undefined;
    const cause = obstacle();
    emit("failed", { cause: cause || "load" });
    return cause == "wasm" ? FORBIDDEN : FAILED;
  }));

/** Leads the widget where the options say. @param {object} options */
export const show = (options) => guard(() => widget.open(options));

/** Tells the widget that the host has said something new. @param {boolean} [reset] */
export const tell = (reset = false) => guard(() => widget.changed(reset));

/** What on this page keeps the widget from running; empty where nothing does. */
export const obstacle = () => {
  const native = (/** @type {any} */ f) => /\[native code]/.test(Function.prototype.toString.call(f));
  try {
    if (!(window instanceof Window) || !Reflect.get || !native(document.createElement) || !native(document.createTextNode))
      return "globals";
  } catch {
    return "globals";
  }
  try {
    new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    return "";
  } catch {
    return "wasm";
  }
};

const start = async () => {
  if (obstacle()) throw 0;
  const base = new URL(`deskbell-${VERSION}/`, settings.script?.src).href;
  const wasm = fetch(`${base}widget.wasm`, { integrity: WASM_INTEGRITY });
  wasm.catch(blank);
  // Without its table a language is shown in English, which is better than nothing.
  const table = settings.lang == "en" ? "" : fetch(`${base}${settings.lang}.json`).then((answer) => answer.text(), () => "");
  await preload(`${base}widget.js`);
  const module = await import(`${base}widget.js`);
  const words = await table;
  await module.default({ module_or_path: wasm });
  const parts = frame();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(module.css);
  parts.root.adoptedStyleSheets = [...parts.root.adoptedStyleSheets, sheet];
  const { site, gateway, email, lang } = settings;
  module.mount({ ...parts, site, gateway, email, lang, words, version: VERSION, state, freeze, snapshot, close, emit, crash });
  widget = module;
  return undefined;
};

/** Lets the browser check the integrity of a module, which `import()` itself cannot. @param {string} href */
const preload = (href) =>
  new Promise((resolve, reject) => {
    const link = Document.prototype.createElement.call(document, "link");
    if (!link.relList.supports("modulepreload")) return resolve(0);
    Object.assign(link, { rel: "modulepreload", crossOrigin: "anonymous", integrity: WIDGET_INTEGRITY, href });
    link.nonce = settings.script?.nonce ?? "";
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  }).finally(() => document.head.querySelector(`link[href="${href}"]`)?.remove());

/** The widget has panicked: what it drew is torn, what was typed is not. */
const crash = () => {
  widget = undefined;
  loading = Promise.resolve(CRASHED);
  fail(CRASHED ?? "");
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
