// Imported by `modules.js` for the screens of the chunk `screens`: their style, and the requests of what a site adds.

export const css = SCREENS_CSS;

/** How long incidents count as current. */
const FRESH_MS = 30_000;
const REQUEST_MS = 10_000;

/** @typedef {import("./widget-loader.js").Parts} Parts */

/**
 * Initialises what a site adds. `labels` are the texts.
 * @param {Parts} parts @param {import("./widget.js").Program} program @param {any} labels
 */
export const start = (parts, program, labels) => {
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

  program.beginSite({ affect }, parts["live"], lang, labels);

  return {
    /** Shows incidents above the box. If they cannot be fetched, the earlier ones stay. */
    notices: async () => {
      if (Date.now() - asked < FRESH_MS) return;
      asked = Date.now();
      try {
        const told = await request();
        if (!place.isConnected) box.parentElement.before(place);
        program.showIncidents(place, told);
      } catch {
        asked = 0;
      }
    },
    ask: program.showFields,
    complete: program.fieldsComplete,
    values: program.fieldValues,
    restore: program.restoreFields,
    forget: program.forgetFields,
  };
};
