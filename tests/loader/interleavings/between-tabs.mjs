// What tabs share besides storage: locks, which end with their tab, and channels, on which nobody hears themselves.

import { copy } from "./values.mjs";

/** @typedef {{name: string, isShared: boolean, tab: any, isHeld: boolean, enter: () => void}} Lock */

export class Locks {
  /** Held and wanted, in the order of requests. @type {Lock[]} */
  list = [];

  /** @param {import("./scheduler.mjs").Scheduler} scheduler */
  constructor(scheduler) {
    this.scheduler = scheduler;
  }

  /** Whether nobody before it has it or wants it. @param {Lock} lock */
  isFree(lock) {
    for (const other of this.list) {
      if (other == lock) return true;
      if (other.name == lock.name && !(other.isShared && lock.isShared)) return false;
    }
    return false;
  }

  /** @param {Lock} lock */
  remove(lock) {
    const index = this.list.indexOf(lock);
    if (index >= 0) this.list.splice(index, 1);
  }

  /** @param {any} tab */
  drop(tab) {
    this.list = this.list.filter((lock) => lock.tab != tab);
  }

  /** The object `navigator.locks` of a tab. @param {any} tab */
  manager(tab) {
    return {
      request: (name, options, act) =>
        new Promise((resolve, reject) => {
          const { signal, mode } = options;
          if (signal?.aborted) return reject(signal.reason);
          if (this.scheduler.gone.has(tab)) return;
          /** @type {any} */
          const lock = { name, isShared: mode == "shared", tab, isHeld: false };
          const event = this.scheduler.later(
            tab,
            `lock ${name.split(":").pop().slice(0, 8)}`,
            () => {
              lock.isHeld = true;
              const done = () => this.remove(lock);
              Promise.resolve(act(lock)).then(
                (value) => (done(), resolve(value)),
                (error) => (done(), reject(error)),
              );
            },
            () => this.isFree(lock),
          );
          this.list.push(lock);
          signal?.addEventListener("abort", () => {
            if (lock.isHeld) return;
            this.scheduler.cancel(event);
            this.remove(lock);
            reject(signal.reason);
          });
        }),
    };
  }
}

export class Channels {
  /** @type {any[]} */
  open = [];

  /** @param {import("./scheduler.mjs").Scheduler} scheduler */
  constructor(scheduler) {
    this.scheduler = scheduler;
  }

  /** @param {any} tab */
  drop(tab) {
    this.open = this.open.filter((channel) => channel.tab != tab);
  }

  /** The class `BroadcastChannel` of a tab. @param {any} tab */
  classOf(tab) {
    const channels = this;
    return class {
      /** @type {any[]} */
      inbox = [];
      tab = tab;

      constructor(name) {
        this.name = name;
        if (!channels.scheduler.gone.has(tab)) channels.open.push(this);
      }

      postMessage(value) {
        for (const other of channels.open) if (other != this && other.name == this.name) other.receive(copy(value));
      }

      /** Messages arrive in the order in which they were sent. @param {any} value */
      receive(value) {
        this.inbox.push(value);
        channels.scheduler.later(this.tab, "message of another tab", () => {
          const data = this.inbox.shift();
          if (channels.open.includes(this)) this.onmessage?.({ data });
        });
      }

      close() {
        channels.open = channels.open.filter((channel) => channel != this);
      }
    };
  }
}
