// Storage of the plain form on the device, by name.

/**
 * @typedef {object} Sealed a submission, as `adopt.js` passes it to the outbox
 * @property {string} key the `Idempotency-Key`
 * @property {string} user the id of its user; empty if none was declared
 * @property {string} session the anonymous session that it belongs to
 * @property {string} body
 * @property {string} text what the customer wrote
 * @property {number} at when the customer last wanted it to be sent
 * @property {number} tries
 * @property {number} next when its next attempt is due
 * @property {string} cause why it was not sent yet; empty before the first attempt
 * @property {string} [refused] why the gateway refused it
 */

/** Runs something that a browser may refuse. @template T @param {() => T} act */
export const quietly = (act) => {
  try {
    return act();
  } catch {}
};

/** Used if storage is forbidden; it lasts as long as the page. @type {Record<string, string>} */
let device = quietly(() => localStorage) ?? {};

/** Parses JSON; an empty object if it is invalid. @param {() => string | undefined} text @returns {any} */
export const parsed = (text) => quietly(() => JSON.parse(`${text()}`)) ?? {};

/** @param {string} name */
export const read = (name) => parsed(() => device[name]);

/** Stores a value, or deletes it. @param {string} name @param {unknown} [value] */
export const store = (name, value) => {
  const text = JSON.stringify(value);
  try {
    if (value) device[name] = text;
    else delete device[name];
  } catch {
    // The storage is full.
    device = { ...device, [name]: text };
  }
};

/** @param {string} start */
export const named = (start) => Object.keys(device).filter((name) => name.startsWith(start));
