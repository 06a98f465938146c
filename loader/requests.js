// Records requests of the page that failed or were slow. Bodies are never recorded.

import { life, quietly, wrap } from "./record.js";
import { ring } from "./ring.js";
import { isOurs } from "./settings.js";
import { state } from "./state.js";

/** @typedef {{method: string, url: string, status: number, failure: string, at: number, duration_ms: number, size: number, headers: Record<string, string>}} Entry */

const SLOW_MS = 3000;

const { list, add } = /** @type {{list: Entry[], add: (entry: Entry) => void}} */ (ring("requests", 20));
export const requests = list;

// The newest requests, whose method and headers resource timing does not have.
const recentRing = /** @type {{list: Entry[], add: (entry: Entry) => void}} */ (ring("requests", 30));
export const recent = recentRing.list;

// The entries of resource timing for failed and slow requests, which `collect/requests.js` merges with the others.
const timedRing = /** @type {{list: any[], add: (entry: any) => void}} */ (ring("requests", 20));
export const timed = timedRing.list;

/** Starts recording. */
export const watchRequests = () => {
  wrap(window, "fetch", (call, _, [input, init]) => {
    const entry = startEntry(() => [init?.method ?? input?.method ?? "GET", input?.url ?? input]);
    const result = call();
    // Not `instanceof`, because zone.js replaces the browser's Promise.
    if (!entry || typeof result?.then != "function") return result;
    quietly(() => {
      const headers = init?.headers ?? input?.headers;
      // Headers that can be iterated only once are left to the browser.
      if (!headers.next) keepHeaders(entry, [...new Headers(headers)]);
    });
    // The host gets this promise, and no other is created, so that a rejection is unhandled exactly if it would be
    // without us.
    return result.then(
      (/** @type {Response} */ response) => {
        quietly(() => finishEntry(entry, response.status, [...response.headers]));
        return response;
      },
      (/** @type {any} */ error) => {
        // A request that the page itself aborted has not failed.
        if (error?.name != "AbortError") quietly(() => finishEntry(entry, 0, [], `${error?.name}: ${error?.message}`));
        throw error;
      },
    );
  });

  const openArguments = new WeakMap();
  const { prototype } = XMLHttpRequest;
  wrap(prototype, "open", (call, self, [method, url]) => {
    quietly(() => openArguments.set(self, [method, url]));
    return call();
  });
  wrap(prototype, "send", (call, self) => {
    quietly(() => {
      const entry = startEntry(() => openArguments.get(self));
      if (!entry) return;
      let failure = "";
      for (const type of ["error", "timeout"]) self.addEventListener(type, () => (failure = type), { once: true });
      self.addEventListener(
        "loadend",
        () =>
          quietly(() => {
            // Reading headers one by one logs an error for each that is not exposed.
            const lines = self.getAllResponseHeaders().trim().split("\r\n");
            finishEntry(
              entry,
              self.status,
              lines.map((/** @type {string} */ line) => line.split(": ")),
              failure,
            );
          }),
        { once: true },
      );
    });
    return call();
  });

  quietly(() => {
    const observer = new PerformanceObserver((entries) =>
      entries.getEntries().filter(isRemarkable).forEach(timedRing.add),
    );
    observer.observe({ type: "resource", buffered: true });
    life.signal.addEventListener("abort", () => observer.disconnect());
  });
};

/** @param {() => any[]} read returns method and address; it may run code of the page @returns {Entry | undefined} */
const startEntry = (read) => {
  try {
    const [method, address] = read();
    const url = new URL(address, document.baseURI).href;
    if (state.off.has("requests") || isOurs(url)) return;
    const entry = {
      method: `${method}`.toUpperCase(),
      url,
      status: 0,
      failure: "",
      at: Date.now(),
      duration_ms: 0,
      size: 0,
      headers: {},
    };
    recentRing.add(entry);
    return entry;
  } catch {}
};

/** @param {Entry} entry @param {number} status @param {string[][]} headers @param {string} [failure] */
const finishEntry = (entry, status, headers, failure = "") => {
  entry.status = status;
  entry.failure = failure;
  entry.duration_ms = Date.now() - entry.at;
  keepHeaders(entry, headers);
  if (failure || status >= 400 || entry.duration_ms >= SLOW_MS) add(entry);
};

/** @param {Entry} entry @param {string[][]} headers */
const keepHeaders = (entry, headers) => {
  for (const [name, value] of headers) {
    const key = `${name}`.toLowerCase();
    if (state.headers.includes(key)) entry.headers[key] = `${value}`;
  }
};

/** @param {any} entry of resource timing */
const isRemarkable = ({ name, initiatorType, duration, responseStatus }) =>
  /fetch|xmlh|beacon/.test(initiatorType) && (responseStatus >= 400 || duration >= SLOW_MS) && !isOurs(name);
