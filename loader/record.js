// Helpers for recording while the page is open.

import { muted } from "./settings.js";

/** Aborted by `destroy`, which ends everything that was added to the page. */
export let life = new AbortController();

/** Ends everything that was added to the page, so that it can be added again. */
export const renew = () => {
  life.abort();
  life = new AbortController();
};

/** Runs code of ours within the host's; never throws. @param {() => void} task */
export const quietly = (task) => {
  try {
    task();
  } catch {}
};

/**
 * Adds a listener that runs before the page's own handlers can stop the event.
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
 * @param {(call: () => any, self: any, args: any[]) => any} intercept calls the original, once
 */
export const wrap = (owner, name, intercept) => {
  const original = owner?.[name];
  const { signal } = life;
  if (muted || typeof original != "function") return;
  // A method, so that it is not a constructor.
  const { wrapper } = {
    /** @this {any} @param {any[]} args */
    wrapper(...args) {
      const call = () => original.apply(this, args);
      // Another script may have wrapped ours.
      return signal.aborted ? call() : intercept(call, this, args);
    },
  };
  quietly(() => {
    for (const key of ["name", "length"])
      Object.defineProperty(wrapper, key, { value: original[key], configurable: true });
    owner[name] = wrapper;
    signal.addEventListener("abort", () => owner[name] == wrapper && (owner[name] = original));
  });
};
