// Imported by `modules.js` if the site adds something: the glue that Trunk creates for the module that draws it, its
// style, and its requests to the gateway.

import { ask, begin, complete, forget, initSync, notices, restore, values } from "trunk:glue";

export { initSync as init };

export const css = SITE_CSS;

/** How long incidents count as current. */
const FRESH_MS = 30_000;
const REQUEST_MS = 10_000;

/** @typedef {import("./widget-loader.js").Parts} Parts */

/**
 * Initialises the module. `form` answers for the form, `labels` are the texts.
 * @param {Parts} parts @param {(what: string, about: string) => any} form @param {any} labels
 */
export const start = (parts, form, labels) => {
  const { siteUrl, session, token, box, lang } = parts;
  const url = `${siteUrl}/incidents`;
  const place = document.createElement("div");
  place.className = "notices";
  let asked = 0;

  /** @param {RequestInit} [options] */
  const request = async (options) => {
    const answer = await fetch(url, { ...options, credentials: "omit", signal: AbortSignal.timeout(REQUEST_MS) });
    if (!answer.ok) throw answer.status;
    return answer.json();
  };

  /** Reports that the customer is affected. @param {string} id */
  const affect = async (id) => {
    try {
      const jwt = await token(false);
      /** @type {Record<string, string>} */
      const headers = { "Content-Type": "application/json", "Deskbell-Session": session() };
      if (jwt) headers["Authorization"] = `Bearer ${jwt}`;
      return await request({ method: "POST", headers, body: JSON.stringify({ id }) });
    } catch {}
  };

  begin({ affect }, parts["live"], form, lang, labels);

  return {
    /** Shows incidents above the box. If they cannot be fetched, the earlier ones stay. */
    notices: async () => {
      if (Date.now() - asked < FRESH_MS) return;
      asked = Date.now();
      try {
        const told = await request();
        if (!place.isConnected) box.parentElement.before(place);
        notices(place, told);
      } catch {
        asked = 0;
      }
    },
    ask,
    complete,
    values,
    restore,
    forget,
  };
};
