// Loads the chunks of the program: files with code and data that share its memory and its table of functions.

import { once } from "./once.js";

/** How long a file may take. */
const PATIENCE_MS = 20_000;

/** The exports of the program, which the chunks import. @type {object} */
let program;
/** Loads a file once: a second instance would write its data again, over what has become of it. */
const files = new Map(
  Object.entries(CHUNKS.files).map(([file, integrity]) => [file, once(() => instantiate(file, integrity))]),
);

/** Takes the exports of the program. @param {object} exports */
export const begin = (exports) => {
  program = exports;
};

/**
 * Loads a chunk. If that fails, the next call tries again.
 * @param {string} name
 */
export const chunk = (name) => Promise.all((CHUNKS.chunks[name] ?? []).map((file) => files.get(file)?.()));

/** @param {string} file @param {string} integrity */
const instantiate = async (file, integrity) => {
  const url = new URL(file, import.meta.url);
  const answer = fetch(url, { integrity, signal: AbortSignal.timeout(PATIENCE_MS) });
  new WebAssembly.Instance(await WebAssembly.compileStreaming(answer), /** @type {any} */ ({ __wasm_split: program }));
};
