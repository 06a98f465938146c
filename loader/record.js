// Helpers for recording while the page is open.

import { muted } from "./settings.js";

/** Ends with `destroy`, and with it everything that was added to the page. */
export let life = new AbortController();

/** Ends everything that was added to the page, so that it can be added anew. */
export const renew = () => {
  life.abort();
  life = new AbortController();
};

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
export const listen = (target, type, listener) =>
  target.addEventListener(type, listener, { capture: true, signal: life.signal });

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
  const { signal } = life;
  if (muted || typeof original != "function") return;
  // A method, so that it is no constructor either.
  const { wrapper } = {
    /** @this {any} @param {any[]} args */
    wrapper(...args) {
      const call = () => original.apply(this, args);
      // Another script may have wrapped ours.
      return signal.aborted ? call() : around(call, this, args);
    },
  };
  quietly(() => {
    for (const key of ["name", "length"])
      Object.defineProperty(wrapper, key, { value: original[key], configurable: true });
    owner[name] = wrapper;
    signal.addEventListener("abort", () => owner[name] == wrapper && (owner[name] = original));
  });
};
