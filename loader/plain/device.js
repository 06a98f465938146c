// What the plain form keeps on the device, by name.

/**
 * @typedef {object} Sealed what was sealed, as `adopt.js` hands it to the outbox
 * @property {string} key the `Idempotency-Key`
 * @property {string} user the id of whose it is; empty where nobody has said who they are
 * @property {string} session the anonymous session that it belongs to
 * @property {string} body
 * @property {string} text what the person wrote
 * @property {number} at when the person has said last that it shall go
 * @property {number} tries
 * @property {number} next before when it is not to be tried
 * @property {string} cause why it has not gone yet; empty before the first try
 * @property {string} [refused] what the gateway does not like about it
 */

/** Does something that a browser may refuse. @template T @param {() => T} act */
export const quietly = (act) => {
  try {
    return act();
  } catch {}
};

/** Where storage is forbidden it lasts as long as the page. @type {Record<string, string>} */
let device = quietly(() => localStorage) ?? {};

/** What a JSON text says; nothing where it is none. @param {() => string | undefined} text @returns {any} */
export const parsed = (text) => quietly(() => JSON.parse(`${text()}`)) ?? {};

/** @param {string} name */
export const read = (name) => parsed(() => device[name]);

/** Keeps something, or nothing any more. @param {string} name @param {unknown} [value] */
export const store = (name, value) => {
  const text = JSON.stringify(value);
  try {
    if (value) device[name] = text;
    else delete device[name];
  } catch {
    // It is full.
    device = { ...device, [name]: text };
  }
};

/** @param {string} start */
export const named = (start) => Object.keys(device).filter((name) => name.startsWith(start));
