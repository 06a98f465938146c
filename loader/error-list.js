// The list of recorded errors. The same error again is only counted, and what was thrown is not pushed out by what was
// logged.

import { ring } from "./ring.js";
import { logged, messageOf, nameOf, stackOf } from "./values.js";

/**
 * `same` is what the entries of the same error have in common.
 * @typedef {{source: string, name: string, message: string, stack: string, location: string, first_at: number, at: number, count: number, same: string}} Recorded
 */

const MOST = 20;

/** What was logged, blocked or not loaded makes room before what was thrown. @param {Recorded[]} list */
const leaves = (list) =>
  Math.max(
    0,
    list.findIndex(({ source }) => !/^(error|rejection|captured)$/.test(source)),
  );

const { list, add } = /** @type {{list: Recorded[], add: (entry: Recorded) => void}} */ (ring("errors", MOST, leaves));
export const errors = list;

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
  const stack = known?.stack ?? stackOf(value);
  add({
    source,
    name,
    message,
    stack,
    location,
    first_at: known?.first_at ?? at,
    at,
    count: (known?.count ?? 0) + 1,
    same,
  });
  return known ? "" : `${name} ${message}`.trim();
};
