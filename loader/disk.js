// Storage on the device, in IndexedDB. A write is on disk before anything continues.

import { once } from "./once.js";

/** Drafts by owner; the outbox and receipts by idempotency key; the lease for sending; attachments by id. */
const STORES = ["drafts", "outbox", "receipts", "leases", "files"];

let open = once(connect);

/** @returns {Promise<IDBDatabase>} */
function connect() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("deskbell", 1);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => {
      const database = request.result;
      // A newer version in another tab, or the browser, has closed it: the next user opens it again.
      database.onclose = database.onversionchange = () => {
        database.close();
        open = once(connect);
      };
      resolve(database);
    };
    request.onerror = () => reject(request.error);
    // While it waits, the request has no error.
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/**
 * Begins a transaction. Safari ends the connection of a page in the background without saying so: then it is opened
 * again.
 * @param {string[]} names
 */
const begin = async (names) => {
  const database = await open();
  const start = (/** @type {IDBDatabase} */ on) => on.transaction(names, "readwrite", { durability: "strict" });
  try {
    return start(database);
  } catch {
    // Unless somebody else has done so meanwhile.
    if ((await open()) == database) open = once(connect);
    return start(await open());
  }
};

/**
 * Runs a transaction on stores; rejects if storage is forbidden or full.
 * @template T @param {string[]} names @param {(...stores: IDBObjectStore[]) => T | Promise<T>} act
 * @returns {Promise<T>}
 */
export const transact = async (names, act) => {
  const transaction = await begin(names);
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const [result] = await Promise.all([act(...names.map((name) => transaction.objectStore(name))), done]);
  return result;
};

/** The result of a database request. @param {IDBRequest} request @returns {Promise<any>} */
export const got = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * The submission with the same text that a draft has become, here or in another tab.
 * @param {string} id of the draft @param {string} text @param {IDBObjectStore} outbox
 * @param {IDBObjectStore} receipts
 */
export const became = async (id, text, outbox, receipts) => {
  const [sealed, sent] = await Promise.all([got(outbox.getAll()), got(receipts.getAll())]);
  return [...sealed, ...sent].find((other) => other.draft == id && other.text == text);
};

/** How long the device stores drafts and receipts. */
export const KEPT_MS = 7 * 86_400_000;

/** Deletes what is too old. Submissions stay, with their attachments, until their outcome is known. */
export const purge = () =>
  transact(["drafts", "receipts", "files", "outbox"], async (drafts, receipts, files, outbox) => {
    const sealed = (await got(outbox.getAll())).flatMap((/** @type {any} */ item) => item.files);
    for (const store of [drafts, receipts, files]) {
      const [keys, kept] = await Promise.all([got(store.getAllKeys()), got(store.getAll())]);
      for (const [nth, key] of keys.entries())
        if (Date.now() - kept[nth].at > KEPT_MS && !sealed.includes(key)) store.delete(key);
    }
  });

/** Whether the plain form may have stored something. */
export const hasPlain = () => {
  try {
    return Object.keys(localStorage).some((name) => /^deskbell.*plain:/.test(name));
  } catch {}
};
