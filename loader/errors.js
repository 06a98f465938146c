// Records errors on the host's page, from the loader's first moment on.

import { crumb } from "./breadcrumbs.js";
import { quietly, ring, wrap } from "./record.js";
import { isOurs } from "./settings.js";

/** @typedef {{source: string, name: string, message: string, stack: string, location: string, first_at: number, at: number, count: number}} Recorded */

const { list, add } = /** @type {{list: Recorded[], add: (entry: Recorded) => void}} */ (ring("errors", 20));
export const errors = list;

/** Starts recording. */
export const watchErrors = () => {
  addEventListener(
    "error",
    (/** @type {any} */ { target, message, error, filename, lineno, colno }) => {
      if (message) return record("error", error ?? message, `${filename}:${lineno}:${colno}`);
      // Only an element has a name. Errors of loading resources are visible to capturing listeners only.
      const url = text(target?.src || target?.href);
      if (target?.localName && !isOurs(url)) record("resource", `<${target.localName}>`, url);
    },
    true,
  );
  addEventListener("unhandledrejection", (event) => record("rejection", event.reason));
  addEventListener("securitypolicyviolation", (event) =>
    record(
      "policy",
      `${event.effectiveDirective} ${event.blockedURI}`,
      `${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`,
    ),
  );
  quietly(() =>
    new ReportingObserver(
      (reports) => {
        for (const { type, body } of /** @type {any[]} */ (reports))
          record(type, body.message, `${body.sourceFile}:${body.lineNumber}:${body.columnNumber}`);
      },
      { types: ["deprecation", "intervention"], buffered: true },
    ).observe(),
  );
  for (const level of ["error", "warn"])
    wrap(console, level, (call, _, args) => {
      quietly(() => {
        // Deskbell's own warnings for the host's developer are no errors of the page.
        if (/^deskbell:/.test(args[0])) return;
        const error = args.find((arg) => arg instanceof Error);
        record(`console.${level}`, { name: error?.name, message: args.map(text).join(" "), stack: error?.stack });
      });
      return call();
    });
};

/**
 * Records an error; the same one again is only counted.
 * @param {string} source
 * @param {any} error anything: a page can throw and reject with any value
 * @param {string} [location]
 * @param {object} [details] what the host knows about it
 */
export const record = (source, error, location = "", details) =>
  quietly(() => {
    const [name, stack] = [text(error?.name ?? ""), text(error?.stack ?? "")];
    const message = text(error?.message ?? error) + (details ? ` ${text(details)}` : "");
    const at = Date.now();
    const same = list.findIndex((known) => known.name == name && known.message == message && known.source == source);
    const [known] = same < 0 ? [] : list.splice(same, 1);
    if (!known) crumb("error", "", `${name} ${message}`.trim().slice(0, 200));
    add({
      source,
      name,
      message,
      stack,
      location,
      first_at: known?.first_at ?? at,
      at,
      count: (known?.count ?? 0) + 1,
    });
  });

/** @param {any} value */
const text = (value) => {
  try {
    const plain = typeof value == "object" && value && !(value instanceof Error) && !value.nodeType;
    return String((plain && JSON.stringify(value)) || value).slice(0, 8000);
  } catch {
    return "";
  }
};
