// Fetches the widget, once, and hands it the panel; where it cannot run, the plain form in its place.

import { emit } from "./events.js";
import { close, frame, lead, mail, make, wear } from "./panel.js";
import { check, confirm } from "./known.js";
import { gateway, language, own, script, site, triggers } from "./settings.js";
import { complete, freeze, snapshot } from "./snapshot.js";
import { blank, state } from "./state.js";

/** How long after a failure it is tried again: the first time, and at most. */
const PAUSE_MS = 2000;
const PAUSE_MAX_MS = 300_000;

/** What the panel is led by: the widget or the plain form. @type {any} */
let widget;
/** Whatever was fetched and lives. @type {Set<any>} */
const modules = new Set();
/** @type {Promise<unknown> | undefined} */
let loading;

/** How often it has failed, whether it may be tried again, and before when only somebody who opens the panel does. */
let failures = 0;
let failed = false;
let next = 0;

/**
 * Fetches and starts the widget, or else the plain form; gives whether that went well.
 * @param {boolean} [wanted] whether somebody opens the panel, and not only comes near a trigger
 */
export const load = (wanted) => {
  if (failed && (wanted || Date.now() > next)) {
    failed = false;
    loading = undefined;
  }
  return (loading ??= start().catch(() => {
    const cause = obstacle();
    // What a policy forbids stays forbidden.
    failed = cause != "wasm";
    next = Date.now() + Math.min(PAUSE_MS * 2 ** failures, PAUSE_MAX_MS);
    if (!failures++) emit("failed", { cause: cause || "load" });
    return plain();
  }));
};

/** Whether something was fetched for the site. */
export const begun = () => !!loading || !!modules.size;

/** Leads the widget where the options say. @param {object} options */
export const show = (options) => guard(() => widget.open(options));

/** Tells what was fetched that the host has said something new. @param {boolean} [reset] @param {boolean} [discard] */
export const tell = (reset, discard) =>
  guard(() => Promise.all([...modules].map((module) => module.changed(reset, discard))));

/** Has what a `reset` lets go of deleted: by what lives, or else by what is fetched for it. @param {boolean} [discard] */
export const finishReset = async (discard) => {
  await tell(true, discard);
  try {
    // Whoever has carried it out has taken away the mark.
    const marks = Object.keys(localStorage).filter((name) => /^deskbell-(reset|discard):/.test(name));
    if (!marks[0]) return;
    const kept = (await indexedDB.databases?.()) ?? [{ name: "deskbell" }];
    if (kept.some(({ name }) => name == "deskbell")) await (await glue()).finishReset(parts());
    else for (const mark of marks) localStorage.removeItem(mark);
  } catch {}
};

/** Whether WebAssembly may run; tried once, because a strict policy reports every try. @type {boolean | undefined} */
let compiles;

/** What on this page keeps the widget from running; empty where nothing does. */
export const obstacle = () => {
  try {
    const used = [Reflect.get, document.createElement, document.createTextNode];
    if (!(window instanceof Window && used.every((f) => typeof f == "function"))) return "globals";
  } catch {
    return "globals";
  }
  try {
    compiles ??= !!new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch {
    compiles = false;
  }
  return compiles ? "" : "wasm";
};

/** Follows the tickets that the device remembers, without the panel. */
export const resume = () =>
  glue()
    .then((module) => module.resume(parts()))
    .catch(blank);

const place = (/** @type {string} */ file) => new URL(`deskbell-${BUILD}/${file}`, script.src).href;

const glue = async (file = "widget.js", integrity = WIDGET_INTEGRITY) => {
  const href = place(file);
  await preload(href, integrity);
  const module = await import(href);
  modules.add(module);
  return module;
};

const plain = () => {
  // It reads no configuration, by which the widget learns whether the site is known.
  check();
  return glue("plain.js", PLAIN_INTEGRITY)
    .then((module) => (widget = module).start(parts()))
    .catch(blank);
};

const parts = () => ({
  site,
  script,
  gateway,
  own,
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
  confirm,
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
  failed = false;
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
