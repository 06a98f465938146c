// Storage on the device, in IndexedDB. A write is on disk before anything continues.

import { once } from "./once.js";

/** Drafts by owner; the outbox and receipts by idempotency key; the lease for sending; attachments by id. */
const STORES = ["drafts", "outbox", "receipts", "leases", "files"];

/** How long the device may take for a transaction, and for one with the bytes of files. */
const PATIENCE_MS = 5000;
export const FILES_MS = 30_000;
/** How long it may take if the last one was late, so that nobody waits for it again and again. */
const HANGING_MS = 1000;
/**
 * Limits count steps: a page that was suspended continues with all its timers due, before the device has had any time.
 */
const STEP_MS = 500;
/** Whether the last transaction was late. */
let isHanging = false;

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
 * Runs a transaction on stores: all of it is on disk, or nothing. Rejects if storage is forbidden or full, or does not
 * answer in time; what was given up is not written later.
 * @template T @param {string[]} names @param {(...stores: IDBObjectStore[]) => T | Promise<T>} act
 * @param {number} [patience] in milliseconds
 * @returns {Promise<T>}
 */
export const transact = async (names, act, patience = PATIENCE_MS) => {
  /** @type {IDBTransaction | undefined} */
  let transaction;
  let isOver = false;
  const opening = open;
  const run = async () => {
    const begun = (transaction = await begin(names));
    if (isOver) begun.abort();
    const done = new Promise((resolve, reject) => {
      begun.oncomplete = resolve;
      begun.onabort = () => reject(begun.error);
    });
    const acting = (async () => act(...names.map((name) => begun.objectStore(name))))();
    const [result] = await Promise.all([acting, done]);
    return result;
  };
  /** @type {any} */
  let timer;
  const late = new Promise((_, reject) => {
    let left = isHanging ? HANGING_MS : patience;
    const step = () => {
      if (left <= 0) {
        isHanging = true;
        return reject(new Error("late"));
      }
      left -= STEP_MS;
      timer = setTimeout(step, STEP_MS);
    };
    step();
  });
  try {
    const result = /** @type {T} */ (await Promise.race([run(), late]));
    isHanging = false;
    return result;
  } catch (error) {
    isOver = true;
    // Safari sometimes never opens the database: the next user tries it again.
    if (!transaction && open == opening) open = once(connect);
    try {
      transaction?.abort();
    } catch {
      // It has ended.
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

/** The result of a database request. @param {IDBRequest} request @returns {Promise<any>} */
export const got = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * The submission with the same text that a draft has become, here or in another tab: a ticket, or a reply.
 * @param {string} id of the draft of a ticket or of a reply @param {string} text @param {IDBObjectStore} outbox
 * @param {IDBObjectStore} receipts
 */
export const became = async (id, text, outbox, receipts) => {
  const [sealed, sent] = await Promise.all([got(outbox.getAll()), got(receipts.getAll())]);
  return [...sealed, ...sent].find(
    ({ draft, of, replyDraft, text: its }) => [draft, of, replyDraft].includes(id) && its == text,
  );
};

/** How long the device stores drafts and receipts. */
export const KEPT_MS = 7 * 86_400_000;

/**
 * The owner of the attachments of a draft: of a ticket's its id, and of a reply its ticket.
 * @param {string} key @param {{id?: string}} draft
 */
export const ownerOf = (key, { id }) => id ?? `reply:${key.split("\n")[2]}`;

/** Deletes what is too old. Submissions stay until their outcome is known, and attachments as long as their message. */
export const purge = () =>
  transact(["drafts", "receipts", "files", "outbox"], async (drafts, receipts, files, outbox) => {
    /** The messages that stay, and their attachments. @type {string[]} */
    const staying = (await got(outbox.getAll())).flatMap((/** @type {any} */ item) => [item.key, ...item.files]);
    // Last, once it is known which drafts stay.
    for (const store of [drafts, receipts, files]) {
      const [keys, kept] = await Promise.all([got(store.getAllKeys()), got(store.getAll())]);
      for (const [nth, key] of keys.entries()) {
        const { at, of } = kept[nth];
        if (Date.now() - at > KEPT_MS && !staying.includes(key) && !staying.includes(of)) store.delete(key);
        else if (store == drafts) staying.push(ownerOf(key, kept[nth]));
      }
    }
  });

/** Whether the plain form may have stored something. */
export const hasPlain = () => {
  try {
    return Object.keys(localStorage).some((name) => /^deskbell.*plain:/.test(name));
  } catch {}
};
