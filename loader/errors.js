// Records errors on the host's page, from the loader's first moment on.

import { crumb } from "./breadcrumbs.js";
import { note } from "./error-list.js";
import { listen, quietly, wrap } from "./record.js";
import { isOurs } from "./settings.js";
import { messageOf, nameOf } from "./values.js";

/** What browsers report about themselves, or keep to themselves, without an error that the page could mend. */
const NOISE = /^(ResizeObserver loop|Script error)/;

/** Starts recording. */
export const watchErrors = () => {
  listen(window, "error", ({ target, message, error, filename, lineno, colno }) => {
    if (!message) return quietly(() => recordResource(target));
    // For an object that is no error the browser has found words.
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

/** Records that a file has not loaded; only capturing listeners see that. @param {Element} element */
const recordResource = (element) => {
  // From the prototype, and not as properties, which elements of the page can define.
  const read = (/** @type {string} */ name) => Element.prototype.getAttribute.call(element, name);
  const address = read("src") ?? read("href");
  const url = address ? new URL(address, document.baseURI).href : "";
  if (!isOurs(url)) record("resource", `<${element.localName}>`, url);
};

let isRecording = false;

/**
 * Records an error; the same one again is only counted. Never records what happens while it records.
 * @param {string} source
 * @param {any} error anything: a page can throw and reject with any value; the arguments of a call of the console
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
