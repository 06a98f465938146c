// The lists of what is recorded while the page is open.

import { state } from "./state.js";

/**
 * A list of the newest entries. Nothing is stored for a group that the host has switched off.
 * @template T
 * @param {string} group
 * @param {number} most
 * @param {(list: T[]) => number} [leaves] the index of the entry that makes room; by default the oldest
 */
export const ring = (group, most, leaves = () => 0) => {
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
      if (list.length > most) list.splice(leaves(list), 1);
    },
  };
};
