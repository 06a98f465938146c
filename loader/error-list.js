// The list of recorded errors. The same error again is only counted, and what was thrown is not pushed out by what was
// logged.

import { ring } from "./ring.js";
import { logged, messageOf, nameOf, stackOf } from "./values.js";

/**
 * `same` is what the entries of the same error have in common, `unread` the error whose stack was not read yet.
 * @typedef {{source: string, name: string, message: string, stack: string, unread: unknown, location: string, first_at: number, at: number, count: number, same: string}} Recorded
 */

const MOST = 20;
/** How long stacks stay unread in a burst of errors. */
const BURST_MS = 100;

/** What was logged, blocked or not loaded makes room before what was thrown. @param {Recorded[]} list */
const leaves = (list) =>
  Math.max(
    0,
    list.findIndex(({ source }) => !/^(error|rejection|captured)$/.test(source)),
  );

const { list, add } = /** @type {{list: Recorded[], add: (entry: Recorded) => void}} */ (ring("errors", MOST, leaves));
/** When stacks were last read. */
let last = 0;

/**
 * Adds an error; returns its text if it is a new one.
 * @param {string} source
 * @param {any} error anything: a page can throw and reject with any value; the arguments of a call of the console
 * @param {string} location
 * @param {string} [details] what the host knows about it; may be empty
 */
export const note = (source, error, location, details) => {
  const call = source.startsWith("console") && logged(error);
  // Deskbell's own warnings for the host's developer are no errors of the page.
  if (call && call.message.startsWith("deskbell:")) return "";
  const value = call ? call.error : error;
  const name = nameOf(value);
  const message = (call ? call.message : messageOf(value)) + (details ? ` ${details}` : "");
  const same = [source, name, call ? call.same : message].join("\n");
  const at = Date.now();
  const nth = list.findIndex((entry) => entry.same == same);
  const [known] = nth < 0 ? [] : list.splice(nth, 1);
  const { stack = "", unread = value, first_at = at, count = 0 } = known ?? {};
  add({ source, name, message, stack, unread, location, first_at, at, count: count + 1, same });
  if (at - last > BURST_MS) readErrors();
  return known ? "" : `${name} ${message}`.trim();
};

/**
 * The list, with all stacks read. Only then does the browser put a stack together, which takes it longer than everything
 * else here, so of a burst only those errors are read that stay in the list. No timer does it, because frameworks draw
 * the page again after each timer.
 */
export const readErrors = () => {
  last = Date.now();
  for (const entry of list) {
    try {
      entry.stack ||= stackOf(entry.unread);
    } catch {}
    // Not `undefined`, so that it is not read again.
    entry.unread = null;
  }
  return list;
};
