// What few pages set, fetched where one does.

import { share } from "./cookie.js";

/**
 * Gives the session as the page wants it, and names what cannot be meant.
 * @param {import("./widget-loader.js").Parts} parts @param {(make?: boolean) => string} own the origin's session
 */
export const start = (parts, own) => {
  const { cookieDomain, env } = parts.script.dataset;
  if (env && !["test", "production"].includes(env))
    console.warn(`deskbell: data-env: "${env}" is ignored; it takes test or production`);
  return cookieDomain ? share(parts, cookieDomain, own) : own;
};
