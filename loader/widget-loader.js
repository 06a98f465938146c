// Fetches the widget, once, and passes it the panel; or the plain form, if the widget cannot run.

import { readErrors } from "./error-list.js";
import { emit } from "./events.js";
import { close, frame, lead, mail, make, restore, wear } from "./panel.js";
import { check, confirm } from "./known.js";
import { life } from "./record.js";
import { gateway, language, own, say, script, site, triggers } from "./settings.js";
import { freeze, snapshot } from "./snapshot.js";
import { blank, state } from "./state.js";

/** What controls the panel: the widget or the plain form. @type {any} */
let widget;
/** All modules that were fetched and run. @type {Set<any>} */
const modules = new Set();
/** @type {Promise<unknown> | undefined} */
let loading;

/** Whether loading has failed and may be retried, and whether the host knows that it has. */
/** @type {boolean | undefined} */
let failed;
let hasFailed = false;

/**
 * Fetches and starts the widget, or else the plain form; resolves to whether that succeeded. What has failed is only
 * retried when somebody opens the panel.
 * @param {boolean} [wanted] whether somebody opens the panel, and not only approaches a trigger
 */
export const load = (wanted) => {
  if (failed && wanted) failed = loading = undefined;
  return (loading ??= start().catch(() => {
    const cause = obstacle();
    // What a policy forbids stays forbidden.
    failed = cause != "wasm";
    if (!hasFailed) emit("failed", { cause: cause || "load" });
    hasFailed = true;
    return plain();
  }));
};

/** Makes the next use of the panel start the widget again. */
export const unload = () => (loading = undefined);

/** Whether anything was fetched for the site. */
export const begun = () => !!loading || !!modules.size;

/** Makes the widget go where the options lead. @param {object} options */
export const show = (options) => guard(() => widget.open(options));

/** Tells the fetched modules that the host has set something. @param {boolean} [reset] @param {boolean} [discard] */
export const tell = (reset, discard) =>
  guard(() => Promise.all([...modules].map((module) => module.changed(reset, discard))));

/**
 * Deletes the data that a `reset` asks for: by a running module, or else by one that is fetched for it.
 * @param {boolean} [discard]
 */
export const finishReset = async (discard) => {
  await tell(true, discard);
  return host()
    .then(({ finishReset }) => finishReset(glue, parts()))
    .catch(blank);
};

/**
 * Whether WebAssembly may run; tested once, because a strict policy reports every attempt.
 * @type {boolean | undefined}
 */
let compiles;

/** What on this page keeps the widget from running; empty if nothing does. */
export const obstacle = () => {
  try {
    const used = [Reflect.get, document.createElement, document.createTextNode];
    if (!(window instanceof Window && used.every((f) => typeof f == "function"))) throw 0;
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

/** Follows the tickets that the device has stored, without the panel. */
export const resume = () =>
  glue()
    .then((module) => module.resume(parts()))
    .catch(blank);

const place = (/** @type {string} */ file) => new URL(`deskbell-${BUILD}/${file}`, script.src).href;

/** @param {string} file @param {string} integrity */
const fetched = async (file, integrity) => {
  const href = place(file);
  await preload(href, integrity);
  return import(href);
};

/** Fetches what few pages need on the host's page (`host.js`). */
export const host = () => fetched("host.js", HOST_INTEGRITY);

const glue = async () => added(await fetched("widget.js", WIDGET_INTEGRITY));

/** @param {any} module */
const added = (module) => {
  modules.add(module);
  return module;
};

const plain = () => {
  // It loads no configuration, which would tell whether the gateway knows the site.
  check();
  return host()
    .then(({ plain }) => plain(preload))
    .then((module) => (widget = added(module)).start(parts()))
    .catch(blank);
};

/** What the modules besides the loader get. */
export const parts = () => ({
  site,
  script,
  gateway,
  own,
  triggers,
  lang: language(),
  state,
  signal: life.signal,
  preload,
  wear,
  emit,
  frame,
  mail,
  make,
  freeze,
  snapshot,
  close,
  restore,
  crash,
  confirm,
  language,
  say,
});

const start = async () => {
  if (obstacle()) throw 0;
  const wasm = WebAssembly.compileStreaming(fetch(place("widget.wasm"), { integrity: WASM_INTEGRITY }));
  wasm.catch(blank);
  widget = await glue();
  // Fetched while the program still arrives.
  const table = widget.table(language());
  widget.init({ module: await wasm });
  const words = await table;
  widget.mount({ ...frame(), ...parts(), words });
  return true;
};

/** @typedef {ReturnType<typeof parts> & {[part: string]: any}} Parts */

/** What the page's policy has blocked last. */
const violation = () =>
  readErrors()
    .filter(({ source }) => source == "policy")
    .pop()?.message ?? "";

/**
 * Makes the browser check the integrity of a module, which `import()` itself cannot. After `destroy` it rejects.
 * @param {string} href @param {string} integrity
 */
const preload = async (href, integrity) => {
  life.signal.throwIfAborted();
  const link = make("link", { rel: "modulepreload", integrity, nonce: script.nonce, href });
  return new Promise((onload, failed) => {
    if (!link.relList.supports(link.rel)) return onload(0);
    const onerror = () => failed(new Error(`not loaded: ${href} ${violation()}`));
    document.head.append(Object.assign(link, { onload, onerror }));
  }).finally(() => link.remove());
};

/** The widget has panicked: what it drew is broken, what was typed is not. */
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
