// IndexedDB as far as the loader uses it: transactions on overlapping stores run one after the other, in the order in which
// they were created; one is committed when it has no pending request, and an abort leaves nothing of it. A device can
// refuse, be full, or not answer.

import { copy } from "./values.mjs";

/** @typedef {"good" | "failing" | "full" | "full-at-commit" | "hanging"} Mode */

class NamedError extends Error {
  /** @param {string} name */
  constructor(name) {
    super(name);
    this.name = name;
  }
}

/** What is on the device, for all tabs. */
export class Device {
  /** By database, store and key. @type {Map<string, Map<string, Map<any, any>>>} */
  databases = new Map();
  /** @type {Mode} */
  mode = "good";
  /** How many transactions with changes fail from here on, while everything else works. */
  unlucky = 0;
  /** How often it did not do what a tab wanted. */
  faults = 0;
  /** How many transactions have written something. */
  commits = 0;
  /** All transactions that have not ended, oldest first. @type {Transaction[]} */
  transactions = [];

  /** @param {import("./scheduler.mjs").Scheduler} scheduler */
  constructor(scheduler) {
    this.scheduler = scheduler;
  }

  /** What was committed. @param {string} store @returns {any[]} */
  all(store) {
    return [...(this.databases.get("deskbell")?.get(store)?.values() ?? [])];
  }

  /** @param {string} store @returns {[string, any][]} */
  entries(store) {
    return [...(this.databases.get("deskbell")?.get(store)?.entries() ?? [])];
  }

  /** The transactions of a tab end with it. @param {any} tab */
  drop(tab) {
    for (const transaction of this.transactions.filter(({ owner }) => owner == tab)) transaction.finish();
  }

  /** The object `indexedDB` of a tab. @param {any} tab */
  factory(tab) {
    const { scheduler } = this;
    const device = this;
    return {
      databases: async () => [...device.databases.keys()].map((name) => ({ name })),
      /** @param {string} name */
      open(name) {
        /** @type {any} */
        const request = { result: undefined, error: null };
        const opened = () => {
          if (device.mode == "failing") {
            device.faults += 1;
            request.error = new NamedError("UnknownError");
            return request.onerror?.({ target: request });
          }
          request.result = new Connection(device, tab, name);
          if (!device.databases.has(name)) {
            device.databases.set(name, new Map());
            request.onupgradeneeded?.({ target: request });
          }
          request.onsuccess?.({ target: request });
        };
        scheduler.later(tab, "database opens", opened, () => device.mode != "hanging");
        return request;
      },
    };
  }
}

class Connection {
  /** @param {Device} device @param {any} tab @param {string} name */
  constructor(device, tab, name) {
    Object.assign(this, { device, tab, name, isClosed: false });
  }

  createObjectStore(name) {
    this.device.databases.get(this.name).set(name, new Map());
  }

  close() {
    this.isClosed = true;
  }

  /** @param {string[]} names */
  transaction(names) {
    if (this.isClosed || this.device.scheduler.gone.has(this.tab)) throw new NamedError("InvalidStateError");
    return new Transaction(this.device, this.tab, this.device.databases.get(this.name), names);
  }
}

/** @typedef {{kind: string, store: string, act: () => any, request: any}} Operation */

class Transaction {
  error = null;
  /** Whether requests can be made: in the task that created it, and in those of its results. */
  isActive = true;
  isCommitting = false;
  isOver = false;
  isScheduled = false;
  /** @type {Operation[]} */
  pending = [];
  /** What it has written, by store and key; nothing for what it has deleted. @type {Map<string, Map<any, any>>} */
  written = new Map();

  /** @param {Device} device @param {any} owner @param {Map<string, Map<any, any>>} stores @param {string[]} names */
  constructor(device, owner, stores, names) {
    Object.assign(this, { device, owner, stores, names });
    device.transactions.push(this);
    this.rest = () => this.pause();
    device.scheduler.afterwards.add(this.rest);
  }

  objectStore(name) {
    if (this.isOver) throw new NamedError("InvalidStateError");
    return new Store(this, name);
  }

  /** @param {string} kind @param {string} store @param {() => any} act */
  ask(kind, store, act) {
    if (!this.isActive || this.isCommitting || this.isOver) throw new NamedError("TransactionInactiveError");
    const request = { result: undefined, error: null, onsuccess: undefined, onerror: undefined };
    this.pending.push({ kind, store, act, request });
    return request;
  }

  /** The task is over. */
  pause() {
    this.isActive = false;
    if (this.isOver || this.isScheduled) return;
    this.isScheduled = true;
    const [next] = this.pending;
    const label = next ? `${next.kind} ${next.store}` : `commit ${this.names}`;
    this.device.scheduler.later(
      this.owner,
      label,
      () => this.step(),
      () => this.isNext(),
    );
  }

  /** Whether no earlier transaction uses the same stores, and the device answers. */
  isNext() {
    const { device, names } = this;
    if (device.mode == "hanging") return false;
    for (const other of device.transactions) {
      if (other == this) return true;
      if (other.names.some((name) => names.includes(name))) return false;
    }
    return true;
  }

  step() {
    this.isScheduled = false;
    if (this.isOver) return;
    const { device } = this;
    const next = this.pending.shift();
    const isChange = !next && this.written.size > 0;
    const isUnlucky = isChange && device.unlucky > 0;
    if (isUnlucky) device.unlucky -= 1;
    const isFull =
      device.mode == "full" ? next?.kind == "put" : isChange && (isUnlucky || device.mode == "full-at-commit");
    const fails = device.mode == "failing" ? "UnknownError" : isFull ? "QuotaExceededError" : "";
    if (fails) {
      device.faults += 1;
      if (next) {
        next.request.error = new NamedError(fails);
        next.request.onerror?.({ target: next.request });
      }
      return this.undo(new NamedError(fails));
    }
    if (!next) return this.commit();
    next.request.result = next.act();
    this.isActive = true;
    next.request.onsuccess?.({ target: next.request });
  }

  commit() {
    this.isCommitting = true;
    for (const [name, values] of this.written)
      for (const [key, value] of values) {
        if (value === undefined) this.stores.get(name).delete(key);
        else this.stores.get(name).set(key, value);
      }
    this.finish();
    if (!this.written.size) return this.oncomplete?.({ target: this });
    this.device.commits += 1;
    // The tab learns it later, or never.
    this.device.scheduler.later(this.owner, `committed ${this.names}`, () => this.oncomplete?.({ target: this }));
  }

  /** @param {any} error */
  undo(error) {
    this.error = error;
    const left = this.pending;
    this.pending = [];
    this.finish();
    this.device.scheduler.later(this.owner, `aborted ${this.names}`, () => {
      for (const { request } of left) {
        request.error = new NamedError("AbortError");
        request.onerror?.({ target: request });
      }
      this.onabort?.({ target: this });
    });
  }

  abort() {
    if (this.isOver || this.isCommitting) throw new NamedError("InvalidStateError");
    this.undo(null);
  }

  finish() {
    this.isOver = true;
    const { transactions, scheduler } = this.device;
    transactions.splice(transactions.indexOf(this), 1);
    scheduler.afterwards.delete(this.rest);
  }
}

class Store {
  /** @param {Transaction} transaction @param {string} name */
  constructor(transaction, name) {
    this.transaction = transaction;
    this.name = name;
  }

  /** Everything in it, sorted by key, with what the transaction has written. @param {any} [range] */
  entries(range) {
    const { transaction, name } = this;
    const written = transaction.written.get(name);
    const found = [];
    const isIn = (key) => !range || (key >= range.from && key <= range.to);
    for (const entry of transaction.stores.get(name)) if (!written?.has(entry[0]) && isIn(entry[0])) found.push(entry);
    for (const entry of written ?? []) if (entry[1] !== undefined && isIn(entry[0])) found.push(entry);
    return found.sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** @param {any} key @param {any} value */
  write(key, value) {
    const { written } = this.transaction;
    if (!written.has(this.name)) written.set(this.name, new Map());
    written.get(this.name).set(key, value);
  }

  get(key) {
    return this.transaction.ask("get", this.name, () => {
      const { written, stores } = this.transaction;
      const changed = written.get(this.name);
      const value = (changed?.has(key) ? changed : stores.get(this.name)).get(key);
      return value === undefined ? undefined : copy(value);
    });
  }

  getAll(range) {
    return this.transaction.ask("getAll", this.name, () => this.entries(range).map(([, value]) => copy(value)));
  }

  getAllKeys(range) {
    return this.transaction.ask("getAllKeys", this.name, () => this.entries(range).map(([key]) => key));
  }

  put(value, key) {
    const stored = copy(value);
    return this.transaction.ask("put", this.name, () => (this.write(key, stored), key));
  }

  delete(key) {
    return this.transaction.ask("delete", this.name, () => this.write(key, undefined));
  }
}

export const IDBKeyRange = { bound: (from, to) => ({ from, to }) };
