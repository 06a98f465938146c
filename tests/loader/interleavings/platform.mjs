// Parts of the platform that pages use often, without what makes Node's own slow.

/** Something that events are sent to. */
export class Target {
  /** @type {{type: string, listener: (event: any) => void}[]} */
  listeners = [];

  addEventListener(type, listener, options) {
    const { signal } = options ?? {};
    if (signal?.aborted) return;
    const entry = { type, listener };
    this.listeners.push(entry);
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
  }

  removeEventListener(type, listener) {
    this.listeners = this.listeners.filter((entry) => entry.type != type || entry.listener != listener);
  }

  dispatchEvent(event) {
    for (const { type, listener } of [...this.listeners]) if (type == event.type) listener.call(this, event);
    this[`on${event.type}`]?.(event);
    if (event.bubbles) this.parent?.dispatchEvent(event);
    return true;
  }
}

export class Event {
  constructor(type, { bubbles = false } = {}) {
    this.type = type;
    this.bubbles = bubbles;
  }
}

class Signal extends Target {
  aborted = false;
  /** @type {any} */
  reason;

  throwIfAborted() {
    if (this.aborted) throw this.reason;
  }
}

export class AbortController {
  signal = new Signal();

  abort(reason = { name: "AbortError" }) {
    const { signal } = this;
    if (signal.aborted) return;
    signal.aborted = true;
    signal.reason = reason;
    signal.dispatchEvent(new Event("abort"));
  }
}

export class TextDecoder {
  decode(bytes) {
    return Buffer.from(bytes).toString();
  }
}

export const atob = (text) => Buffer.from(text, "base64").toString("latin1");
