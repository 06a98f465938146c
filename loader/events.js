// Events for the host. They contain nothing that a person typed.

/** @type {Map<string, Set<(detail: object) => void>>} */
const listeners = new Map();
/** @type {EventTarget | undefined} */
let element;

/** @param {EventTarget} target dispatches the CustomEvents */
export const announceOn = (target) => {
  element = target;
};

/** @param {string} name @param {any} listener */
export const on = (name, listener) => {
  if (typeof listener != "function") throw new TypeError("deskbell: on: takes a function");
  listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
};

/** @param {string} name @param {any} listener */
export const off = (name, listener) => {
  listeners.get(name)?.delete(listener);
};

/** @param {string} name @param {object} [detail] */
export const emit = (name, detail = {}) => {
  for (const listener of listeners.get(name) ?? []) {
    try {
      listener(detail);
    } catch (error) {
      // An exception of the host's listener is logged where the host looks for it, and is no failure of ours.
      console.error(error);
    }
  }
  element?.dispatchEvent(new CustomEvent(`deskbell:${name}`, { detail }));
};
