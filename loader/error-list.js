// The list of recorded errors. Repetitions of an error are only counted, and messages that were logged do not displace
// errors that were thrown.

import { ring } from "./ring.js";
import { logged, messageOf, nameOf, stackOf } from "./values.js";

/**
 * `same` is equal in entries of the same error; `unread` is the error whose stack has not been read yet.
 * @typedef {{source: string, name: string, message: string, stack: string, unread: unknown, location: string, first_at: number, at: number, count: number, same: string}} Recorded
 */

const MOST = 20;
/** How long stacks stay unread in a burst of errors. */
const BURST_MS = 100;

/** The index of the oldest entry that was not thrown, or else of the oldest entry. @param {Recorded[]} list */
const indexToDrop = (list) =>
  Math.max(
    0,
    list.findIndex(({ source }) => !/^(error|rejection|captured)$/.test(source)),
  );

const { list, add } = /** @type {{list: Recorded[], add: (entry: Recorded) => void}} */ (
  ring("errors", MOST, indexToDrop)
);
/** When stacks were last read. */
let lastRead = 0;

/**
 * Adds an error. Returns its text if it is a new one, and otherwise an empty text.
 * @param {string} source
 * @param {any} error any value, because a page can throw and reject with anything; for the console, the call's arguments
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
  const key = [source, name, call ? call.same : message].join("\n");
  const now = Date.now();
  const index = list.findIndex((entry) => entry.same == key);
  const [earlier] = index < 0 ? [] : list.splice(index, 1);
  const { stack = "", unread = value, first_at = now, count = 0 } = earlier ?? {};
  add({ source, name, message, stack, unread, location, first_at, at: now, count: count + 1, same: key });
  if (now - lastRead > BURST_MS) readErrors();
  return earlier ? "" : `${name} ${message}`.trim();
};

/**
 * Returns the list with all stacks read. The browser builds a stack when it is read, which takes longer than everything
 * else here, so in a burst only the stacks of errors that stay in the list are read. No timer reads them, because
 * frameworks render the page again after each timer.
 */
export const readErrors = () => {
  lastRead = Date.now();
  for (const entry of list) {
    try {
      entry.stack ||= stackOf(entry.unread);
    } catch {}
    // Not `undefined`, so that it is not read again.
    entry.unread = null;
  }
  return list;
};
