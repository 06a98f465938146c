// What few pages set, fetched where one does.

import { share } from "./cookie.js";

/**
 * Gives the session as the page wants it.
 * @param {import("./widget-loader.js").Parts} parts @param {(make?: boolean) => string} own the origin's session
 */
export const start = (parts, own) => {
  const { cookieDomain } = parts.script.dataset;
  return cookieDomain ? share(parts, cookieDomain, own) : own;
};
