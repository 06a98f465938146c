// Events for the host. They contain nothing that a person typed.

import { EVENTS } from "./names.js";
import { WRONG } from "./state.js";

/** @type {{name: string, listener: (detail: object) => void, once: unknown}[]} */
let listeners = [];
/** @type {EventTarget | undefined} */
let element;

/** @param {EventTarget} target dispatches the CustomEvents */
export const announceOn = (target) => {
  element = target;
};

/** Returns the function that removes the listener. @param {string} name @param {any} listener @param {unknown} [once] */
export const on = (name, listener, once) => {
  off(name, listener);
  listeners.push({ name, listener, once });
  return () => off(name, listener);
};

/** @param {string} name @param {any} listener */
export const off = (name, listener) => {
  if (!EVENTS.includes(name) || typeof listener != "function") throw WRONG;
  listeners = listeners.filter((one) => one.name != name || one.listener != listener);
};

/** @param {string} name @param {object} [detail] */
export const emit = (name, detail = {}) => {
  for (const { listener, once } of listeners.filter((one) => one.name == name)) {
    if (once) off(name, listener);
    try {
      listener(detail);
    } catch (error) {
      // An exception of the host's listener is logged where the host looks for it, and is no failure of ours.
      console.error(error);
    }
  }
  element?.dispatchEvent(new CustomEvent(`deskbell:${name}`, { detail }));
};
