// What goes wrong on the host's page, from our first moment on.

import { now } from "./state.js";

const MOST = 20;

/** @typedef {{source: string, name: string, message: string, stack: string, location: string, at: string, count: number}} Recorded */

/** @type {Recorded[]} */
export const errors = [];

/** Forgets what was recorded. */
export const forget = () => {
  errors.length = 0;
};

/** Starts to listen. */
export const listen = () => {
  addEventListener("error", (event) => {
    if (event.message)
      record("error", event.error ?? event.message, `${event.filename}:${event.lineno}:${event.colno}`);
  });
  addEventListener("unhandledrejection", (event) => record("rejection", event.reason));
};

/**
 * Records an error; the same one again is only counted.
 * @param {string} source
 * @param {any} error anything: a page throws and rejects with what it likes
 * @param {string} [location]
 */
export const record = (source, error, location = "") => {
  const name = text(error?.name ?? "");
  const message = text(error?.message ?? error);
  const same = errors.findIndex((known) => known.name == name && known.message == message && known.source == source);
  const [known] = same < 0 ? [] : errors.splice(same, 1);
  const stack = text(error?.stack ?? "");
  errors.push({ source, name, message, stack, location, at: now(), count: (known?.count ?? 0) + 1 });
  if (errors.length > MOST) errors.shift();
};

/** @param {any} value */
const text = (value) => {
  try {
    return String(value).slice(0, 8000);
  } catch {
    return "";
  }
};
