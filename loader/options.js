// Options that few pages set, fetched by those that do.

import { share } from "./cookie.js";

/**
 * Returns the session according to the page's options, and warns about invalid ones.
 * @param {import("./widget-loader.js").Parts} parts @param {(make?: boolean) => string} own the origin's session
 */
export const start = (parts, own) => {
  const { cookieDomain, env } = parts.script.dataset;
  if (env && !["test", "production"].includes(env))
    console.warn(`deskbell: data-env: "${env}" is not test or production`);
  return cookieDomain ? share(parts, cookieDomain, own) : own;
};
