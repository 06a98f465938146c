// Records errors on the host's page from the moment the loader runs.

import { crumb } from "./breadcrumbs.js";
import { note } from "./error-list.js";
import { listen, quietly, wrap } from "./record.js";
import { isOurs } from "./settings.js";
import { messageOf, nameOf } from "./values.js";

/** Messages of the browser itself, without an error that the page could fix. */
const NOISE = /^(ResizeObserver loop|Script error)/;

/** Starts recording. */
export const watchErrors = () => {
  listen(window, "error", ({ target, message, error, filename, lineno, colno }) => {
    if (!message) return quietly(() => recordResource(target));
    // For an object that is not an error, the browser's message describes it.
    const value = nameOf(error) || Object(error) !== error ? (error ?? message) : message;
    const source = !error && NOISE.test(messageOf(message)) ? "browser" : "error";
    record(source, value, `${filename}:${lineno}:${colno}`);
  });
  listen(window, "unhandledrejection", (event) => record("rejection", event.reason));
  listen(window, "securitypolicyviolation", (event) =>
    record(
      "policy",
      `${event.effectiveDirective} ${event.blockedURI}`,
      `${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`,
    ),
  );
  for (const level of ["error", "warn"])
    wrap(console, level, (call, _, args) => {
      record(`console.${level}`, args);
      return call();
    });
};

/** Records that a file has not loaded, which only capturing listeners receive. @param {Element} element */
const recordResource = (element) => {
  // From the prototype, and not as properties, which elements of the page can define.
  const read = (/** @type {string} */ name) => Element.prototype.getAttribute.call(element, name);
  const address = read("src") ?? read("href");
  const url = address ? new URL(address, document.baseURI).href : "";
  if (!isOurs(url)) record("resource", `<${element.localName}>`, url);
};

let isRecording = false;

/**
 * Records an error; repetitions are only counted. Errors that occur while it records are ignored.
 * @param {string} source
 * @param {any} error any value, because a page can throw and reject with anything; for the console, the call's arguments
 * @param {string} [location]
 * @param {object} [details] what the host knows about it
 */
export const record = (source, error, location = "", details) => {
  if (isRecording) return;
  isRecording = true;
  quietly(() => {
    let json = "";
    // The host passes details on purpose, so that their own `toJSON` may run.
    if (details) quietly(() => (json = JSON.stringify(details)));
    const text = note(source, error, location, json);
    if (text) crumb("error", "", text.slice(0, 200));
  });
  isRecording = false;
};
