// Deletes what `reset` names. If the panel was not opened, the code that deletes it is not loaded, and the page may be
// closed the next moment. So the loader leaves a mark, and the first code that opens the database deletes what the mark
// names, before anything of it is shown or sent.

import { got, ownerOf, transact } from "./disk.js";

/**
 * @typedef {object} Mark
 * @property {string} user the id of the user; empty for everybody
 * @property {boolean} discard whether to delete their submissions as well
 * @property {number} at when it was made, in milliseconds; newer data stays
 */

/**
 * Deletes what the marks on the device and `extra` name: drafts, replies, receipts, and their attachments; also
 * submissions if a mark discards them. Never rejects; if deleting fails, the marks stay.
 * @param {string} site @param {Mark} [extra]
 */
export const forget = async (site, extra) => {
  const byName = readMarks(site);
  const marks = [...byName.values(), ...(extra ? [extra] : [])];
  if (!marks.length) return;
  try {
    await transact(["drafts", "outbox", "receipts", "files"], (...stores) => deleteForgotten(site, marks, stores));
    for (const [name, { at: time }] of byName) if (localStorage[name] == time) localStorage.removeItem(name);
  } catch {}
};

/**
 * The user whom the last `reset` names; nothing if the device has no mark. The loader may know them although their token
 * was not read.
 * @param {string} site @returns {string | undefined}
 */
export const forgottenUser = (site) => [...readMarks(site).values()].sort((one, other) => other.at - one.at)[0]?.user;

/** The marks on the device by their storage keys. @param {string} site @returns {Map<string, Mark>} */
const readMarks = (site) => {
  const byName = new Map();
  try {
    for (const action of ["reset", "discard"])
      for (const name of Object.keys(localStorage)) {
        const prefix = `deskbell-${action}:${site}:`;
        if (!name.startsWith(prefix)) continue;
        const time = Number(localStorage[name]);
        byName.set(name, { user: name.slice(prefix.length), discard: action == "discard", at: time });
      }
  } catch {}
  return byName;
};

/** @param {string} site @param {Mark[]} marks @param {IDBObjectStore[]} stores */
const deleteForgotten = async (site, marks, [drafts, outbox, receipts, files]) => {
  const entries = async (/** @type {any} */ store) => {
    const [keys, values] = await Promise.all([got(store.getAllKeys()), got(store.getAll())]);
    return keys.map((/** @type {string} */ key, /** @type {number} */ nth) => [key, values[nth]]);
  };
  // A time in the future is from before the clock was set back.
  const isOlder = (/** @type {Mark} */ { at: time }, /** @type {any} */ record) =>
    record.at <= time || record.at > Date.now();
  /** The drafts and submissions whose attachments stay. @type {Set<string>} */
  const owners = new Set();
  for (const [key, draft] of await entries(drafts)) {
    const [draftSite, draftUser] = key.split("\n");
    // Data from before a user was declared is taken to be that of the user who has logged out.
    const isForgotten = marks.some(
      (mark) => draftSite == site && (!mark.user || !draftUser || draftUser == mark.user) && isOlder(mark, draft),
    );
    if (isForgotten) drafts?.delete(key);
    else owners.add(ownerOf(key, draft));
  }
  for (const [key, item] of await entries(outbox)) {
    const isForgotten = (/** @type {Mark} */ mark) =>
      mark.discard && (!mark.user || mark.user == (item.user || item.heir)) && isOlder(mark, item);
    if (item.site == site && marks.some(isForgotten)) outbox?.delete(key);
    else for (const id of [key, ...item.files]) owners.add(id);
  }
  for (const [key, receipt] of await entries(receipts)) {
    // Others' drafts that were sent would come back without theirs.
    const isForgotten = (/** @type {Mark} */ mark) =>
      (!mark.user || !receipt.user || receipt.user == mark.user) && isOlder(mark, receipt);
    if (receipt.site == site && marks.some(isForgotten)) receipts?.delete(key);
  }
  for (const [key, file] of await entries(files))
    if (!owners.has(key) && !owners.has(file.of) && marks.some((mark) => isOlder(mark, file))) files?.delete(key);
};
