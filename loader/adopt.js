// Moves what the plain form has stored on the device to the outbox and the draft, once the widget has loaded.

import { KEPT_MS, transact } from "./disk.js";

/** @typedef {import("./outbox.js").Item} Item */

/**
 * Moves its submissions to the outbox, with the same bytes and keys. A crash in between leaves both, which arrive as
 * one.
 * @param {string} site @param {import("./widget-loader.js").Parts["state"]} state
 * @param {Map<string, Item>} unstored takes what cannot be stored
 */
export const adopt = async (site, state, unstored) => {
  const start = `deskbell-plain:${site}:`;
  const found = new Map((state.left ?? []).map((one) => [start + one.user, one]));
  for (const name of names(start)) found.set(name, read(name));
  for (const [name, { key, user, session, body, text, at }] of found) {
    if (!key) continue;
    const about = { key, site, user, signed: true, session, path: "/tickets", body, files: [], draft: key, text };
    const when = { at, said: at, tries: 0, wait: 0, next: 0, cause: "" };
    /** @type {Item} */
    const item = { ...about, ...when };
    try {
      await transact(["outbox"], (outbox) => outbox.put(item, key));
      localStorage.removeItem(name);
    } catch {
      unstored.set(key, item);
    }
  }
};

/**
 * Moves its draft to the box, if the box is empty and its owner has no other draft.
 * @param {string} key the owner @param {HTMLTextAreaElement} box @param {() => Promise<boolean>} save resolves to whether the device has it
 */
export const adoptDraft = async (key, box, save) => {
  const [site, user] = key.split("\n");
  const name = `deskbell:${site}:plain:${user}`;
  const { text, at } = read(name);
  // Somebody may have begun to write while this file was fetched.
  if (box.value || !text || Date.now() - at > KEPT_MS) return;
  box.value = text;
  box.dispatchEvent(new Event("input"));
  if (await save()) localStorage.removeItem(name);
};

/** @param {string} start */
const names = (start) => {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(start));
  } catch {
    return [];
  }
};

/** @param {string} name @returns {any} */
const read = (name) => {
  try {
    return JSON.parse(localStorage[name]);
  } catch {
    return {};
  }
};
