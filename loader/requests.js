// Records requests of the page that failed or were slow. Bodies are never recorded.

import { quietly, wrap } from "./record.js";
import { ring } from "./ring.js";
import { isOurs } from "./settings.js";
import { state } from "./state.js";

/** @typedef {{method: string, url: string, status: number, failure: string, at: number, duration_ms: number, size: number, headers: Record<string, string>, kept?: boolean}} Asked */

const SLOW_MS = 3000;
/** The largest difference between the clocks of resource timing and ours. */
const APART_MS = 200;

const { list, add } = /** @type {{list: Asked[], add: (entry: Asked) => void}} */ (ring("requests", 20));
export const requests = list;

// The newest requests, so that resource timing, which comes later, finds method and headers of a slow one.
const recent = /** @type {{list: Asked[], add: (entry: Asked) => void}} */ (ring("requests", 30));

/** Starts recording. */
export const watchRequests = () => {
  wrap(window, "fetch", (call, _, [input, init]) => {
    const asked = begin(
      () => init?.method ?? input?.method ?? "GET",
      () => input?.url ?? input,
    );
    const result = call();
    // Not `instanceof`: zone.js puts another Promise in the place of the browser's.
    if (!asked || typeof result?.then != "function") return result;
    quietly(() => {
      const headers = init?.headers ?? input?.headers;
      // Headers that can be iterated only once are left to the browser.
      if (!headers.next) keepHeaders(asked, [...new Headers(headers)]);
    });
    // The host gets this promise, and no other is created, so a rejection is handled or unhandled as it would be
    // without us.
    return result.then(
      (/** @type {Response} */ answer) => {
        quietly(() => end(asked, answer.status, [...answer.headers]));
        return answer;
      },
      (/** @type {any} */ error) => {
        // A request that the page itself aborted has not failed.
        if (error?.name != "AbortError") quietly(() => end(asked, 0, [], `${error?.name}: ${error?.message}`));
        throw error;
      },
    );
  });

  const opened = new WeakMap();
  const { prototype } = XMLHttpRequest;
  wrap(prototype, "open", (call, self, [method, url]) => {
    quietly(() => opened.set(self, [method, url]));
    return call();
  });
  wrap(prototype, "send", (call, self) => {
    quietly(() => {
      const [method, url] = opened.get(self);
      const asked = begin(
        () => method,
        () => url,
      );
      if (!asked) return;
      let failure = "";
      for (const type of ["error", "timeout"]) self.addEventListener(type, () => (failure = type), { once: true });
      self.addEventListener(
        "loadend",
        () =>
          quietly(() => {
            // Requested one by one they would be refused with a message in the console.
            const lines = self.getAllResponseHeaders().trim().split("\r\n");
            end(
              asked,
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

  quietly(() =>
    new PerformanceObserver((entries) => entries.getEntries().forEach((entry) => quietly(() => time(entry)))).observe({
      type: "resource",
      buffered: true,
    }),
  );
};

/** @param {() => any} method @param {() => any} address @returns {Asked | undefined} */
const begin = (method, address) => {
  try {
    const url = new URL(address(), document.baseURI).href;
    if (state.off.has("requests") || isOurs(url)) return;
    const asked = request(`${method()}`.toUpperCase(), url, Date.now());
    recent.add(asked);
    return asked;
  } catch {}
};

/** @param {string} method @param {string} url @param {number} at @returns {Asked} */
const request = (method, url, at, status = 0) => ({
  method,
  url,
  status,
  failure: "",
  at,
  duration_ms: 0,
  size: 0,
  headers: {},
});

/** @param {Asked} asked @param {number} status @param {string[][]} headers @param {string} [failure] */
const end = (asked, status, headers, failure = "") => {
  asked.status = status;
  asked.failure = failure;
  asked.duration_ms = Date.now() - asked.at;
  keepHeaders(asked, headers);
  keep(asked);
};

/** @param {Asked} asked @param {string[][]} headers */
const keepHeaders = (asked, headers) => {
  for (const [name, value] of headers) {
    const key = `${name}`.toLowerCase();
    if (state.headers.includes(key)) asked.headers[key] = `${value}`;
  }
};

/** @param {Asked} asked */
const keep = (asked) => {
  if (asked.kept || !(asked.failure || asked.status >= 400 || asked.duration_ms >= SLOW_MS)) return;
  asked.kept = true;
  add(asked);
};

/** @param {any} entry of resource timing */
const time = ({ name, initiatorType, startTime, duration, responseStatus, transferSize, contentType }) => {
  // A stream of events is long by design.
  if (!/fetch|xmlh|beacon/.test(initiatorType) || isOurs(name) || /event-stream/.test(contentType)) return;
  const at = Math.round(performance.timeOrigin + startTime);
  const bare = name.split("#")[0];
  const known = recent.list.find(
    (asked) => !asked.size && asked.url.split("#")[0] == bare && Math.abs(asked.at - at) < APART_MS,
  );
  const asked = known ?? request("", name, at, responseStatus);
  asked.duration_ms = Math.round(duration);
  asked.size = transferSize;
  keep(asked);
};
