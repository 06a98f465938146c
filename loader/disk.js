// What the device keeps of what was written, in IndexedDB: on the disk and not only on its way there before anything goes on.

import { once } from "./once.js";

/**
 * Drafts by whose they are; what is sealed and not yet there, and what has arrived, by its key; who is sending; files by their
 * ids.
 */
const STORES = ["drafts", "outbox", "receipts", "leases", "files"];

let open = once(connect);

/** @returns {Promise<IDBDatabase>} */
function connect() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("deskbell", 1);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => {
      const database = request.result;
      // A newer version elsewhere, or a browser that has had enough: the next one opens it anew.
      database.onclose = database.onversionchange = () => {
        database.close();
        open = once(connect);
      };
      resolve(database);
    };
    request.onerror = request.onblocked = () => reject(request.error);
  });
}

/**
 * Does something with stores, all of it or nothing; rejects where storage is forbidden or full.
 * @template T @param {string[]} names @param {(...stores: IDBObjectStore[]) => T | Promise<T>} act @returns {Promise<T>}
 */
export const transact = async (names, act) => {
  const transaction = (await open()).transaction(names, "readwrite", { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const [result] = await Promise.all([act(...names.map((name) => transaction.objectStore(name))), done]);
  return result;
};

/** What a request to the database gives. @param {IDBRequest} request @returns {Promise<any>} */
export const got = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * What a draft has become: what was sealed of it, here or in another tab, with the same text.
 * @param {string} id of the draft @param {string} text @param {IDBObjectStore} outbox @param {IDBObjectStore} receipts
 */
export const became = async (id, text, outbox, receipts) => {
  const [sealed, sent] = await Promise.all([got(outbox.getAll()), got(receipts.getAll())]);
  return [...sealed, ...sent].find((other) => other.draft == id && other.text == text);
};

/** How long the device keeps what was begun, and remembers what has arrived. */
export const KEPT_MS = 7 * 86_400_000;

/** Lets go of what is too old. What is sealed stays, with its files, until it is known what became of it. */
export const purge = () =>
  transact(["drafts", "receipts", "files", "outbox"], async (drafts, receipts, files, outbox) => {
    const sealed = (await got(outbox.getAll())).flatMap((/** @type {any} */ item) => item.files);
    for (const store of [drafts, receipts, files]) {
      const [keys, kept] = await Promise.all([got(store.getAllKeys()), got(store.getAll())]);
      for (const [nth, key] of keys.entries())
        if (Date.now() - kept[nth].at > KEPT_MS && !sealed.includes(key)) store.delete(key);
    }
  });

/** Whether the plain form may have kept something. */
export const hasPlain = () => {
  try {
    return Object.keys(localStorage).some((name) => /^deskbell.*plain:/.test(name));
  } catch {}
};
