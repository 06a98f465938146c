// Deletes what `reset` asks for. If the panel was not opened, nothing that could delete it is loaded, and the page
// may be closed the next moment. So the loader leaves a mark, and whatever opens the database first carries it out:
// nothing of it is shown or sent.

import { got, transact } from "./disk.js";

/**
 * @typedef {object} Mark
 * @property {string} user the id of the user; empty for everybody
 * @property {boolean} discard whether to delete their submissions as well
 * @property {number} at when, in milliseconds; newer data stays
 */

/**
 * Deletes what the marks on the device and `also` name: drafts, replies, receipts, and the attachments of all of
 * them. Never rejects: if deleting fails, the marks stay.
 * @param {string} site @param {Mark} [also]
 */
export const forget = async (site, also) => {
  const found = marks(site);
  const all = [...found.values(), ...(also ? [also] : [])];
  if (!all.length) return;
  try {
    await transact(["drafts", "outbox", "receipts", "files"], (...stores) => clean(site, all, stores));
    for (const [name, { at }] of found) if (localStorage[name] == at) localStorage.removeItem(name);
  } catch {}
};

/** @param {string} site @returns {Map<string, Mark>} by its name */
const marks = (site) => {
  const found = new Map();
  try {
    for (const act of ["reset", "discard"])
      for (const name of Object.keys(localStorage)) {
        const start = `deskbell-${act}:${site}:`;
        if (!name.startsWith(start)) continue;
        const at = Number(localStorage[name]);
        found.set(name, { user: name.slice(start.length), discard: act == "discard", at });
      }
  } catch {}
  return found;
};

/** @param {string} site @param {Mark[]} all @param {IDBObjectStore[]} stores */
const clean = async (site, all, [drafts, outbox, receipts, files]) => {
  const entries = async (/** @type {any} */ store) => {
    const [keys, values] = await Promise.all([got(store.getAllKeys()), got(store.getAll())]);
    return keys.map((/** @type {string} */ key, /** @type {number} */ nth) => [key, values[nth]]);
  };
  // A time in the future is from before the clock was set back.
  const isOlder = (/** @type {Mark} */ { at }, /** @type {any} */ kept) => kept.at <= at || kept.at > Date.now();
  /** The owners of the attachments that stay. @type {Set<string>} */
  const claims = new Set();
  for (const [key, draft] of await entries(drafts)) {
    const [where, whose] = key.split("\n");
    // Data from before a user was declared belongs to the one who has logged out, as far as anybody knows.
    const gone = all.some(
      (mark) => where == site && (!mark.user || !whose || whose == mark.user) && isOlder(mark, draft),
    );
    if (gone) drafts?.delete(key);
    else claims.add(draft.id ?? `reply:${key.split("\n").pop()}`);
  }
  for (const [key, item] of await entries(outbox)) {
    const gone = (/** @type {Mark} */ mark) =>
      mark.discard && (!mark.user || mark.user == item.user) && isOlder(mark, item);
    if (item.site == site && all.some(gone)) outbox?.delete(key);
    else for (const id of [key, ...item.files]) claims.add(id);
  }
  for (const [key, receipt] of await entries(receipts))
    if (receipt.site == site && all.some((mark) => isOlder(mark, receipt))) receipts?.delete(key);
  for (const [key, file] of await entries(files))
    if (!claims.has(key) && !claims.has(file.of) && all.some((mark) => isOlder(mark, file))) files?.delete(key);
};
