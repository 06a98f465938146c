// Helpers for recording while the page is open.

import { muted } from "./settings.js";

/** Runs code of ours within the host's; it never throws. @param {() => void} note */
export const quietly = (note) => {
  try {
    note();
  } catch {}
};

/**
 * Adds a listener that hears an event before the page's own handlers can stop it.
 * @param {EventTarget} target @param {string} type @param {(event: any) => unknown} listener
 */
export const listen = (target, type, listener) => target.addEventListener(type, listener, true);

/**
 * Replaces a function of the host by ours, with the same name and length. Results and exceptions of the original pass
 * through, and so does `this`.
 *
 * Not if the browser hides errors below a script of ours from the page: the page would not get its own errors and
 * rejections any more (https://html.spec.whatwg.org/multipage/webappapis.html#muted-errors).
 * @param {any} owner
 * @param {string} name
 * @param {(call: () => any, self: any, args: any[]) => any} around calls the original, once
 */
export const wrap = (owner, name, around) => {
  const original = owner?.[name];
  if (muted || typeof original != "function") return;
  // A method, so that it is no constructor either.
  const { wrapper } = {
    /** @this {any} @param {any[]} args */
    wrapper(...args) {
      return around(() => original.apply(this, args), this, args);
    },
  };
  quietly(() => {
    for (const key of ["name", "length"])
      Object.defineProperty(wrapper, key, { value: original[key], configurable: true });
    owner[name] = wrapper;
  });
};
