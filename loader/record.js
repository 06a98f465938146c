// What is recorded while the page is open, and what is not.

import { muted } from "./settings.js";
import { state } from "./state.js";

/** Calls something of ours in the middle of the host's: it never throws. @param {() => void} note */
export const quietly = (note) => {
  try {
    note();
  } catch {}
};

/**
 * A list that keeps the newest. Nothing is kept of a group that the host has switched off.
 * @template T
 * @param {string} group
 * @param {number} most
 */
export const ring = (group, most) => {
  /** @type {T[]} */
  const list = [];
  state.forget.push((all) => {
    if (all || state.off.has(group)) list.length = 0;
  });
  return {
    list,
    /** @param {T} entry */
    add: (entry) => {
      if (state.off.has(group)) return;
      list.push(entry);
      if (list.length > most) list.shift();
    },
  };
};

/**
 * Puts a function of ours in the place of the host's, with its name and length. What the host's own gives or throws goes
 * through, and so does `this`.
 *
 * Not where a browser keeps from the page what goes wrong below a script of ours: it would no longer hear of its own errors
 * and rejections (https://html.spec.whatwg.org/multipage/webappapis.html#muted-errors).
 * @param {any} owner
 * @param {string} name
 * @param {(call: () => any, self: any, args: any[]) => any} around calls what was there, once
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
