/** How long Send waits for what is asked before: custom fields, and open and similar tickets. */
export const SEND_MS = 3000;
/** How long the host's function may take to return a token. */
export const TOKEN_MS = 5000;
/** How long a request that sends something may take. */
export const REQUEST_MS = 20_000;

/**
 * Makes the time limits of this length never expire on pages that are loaded from here on, so that a slow machine does
 * not exceed them.
 * @param {import("@playwright/test").Page} page @param {number} limit in milliseconds
 */
export const withoutLimit = (page, limit) =>
  page.addInitScript((limit) => {
    const { setTimeout } = window;
    window.setTimeout = /** @type {any} */ (
      (/** @type {() => void} */ call, /** @type {number} */ ms) => (ms == limit ? 0 : setTimeout(call, ms))
    );
  }, limit);
