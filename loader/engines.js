// Imported by `modules.js` if a page configures sources: the glue that Trunk creates for that module.

import { find, question, rest } from "trunk:glue";

export { initSync as init } from "trunk:glue";

/**
 * Responds in place of the gateway to `search?q=…`, `questions/ID`, and `rest` of the last search.
 * @param {any} sources @param {string} siteUrl @param {string} what
 * @param {Set<string>} own collects addresses that Deskbell requests, and not the host
 */
export const ask = (sources, siteUrl, what, own) =>
  new Promise((done) => {
    for (const { engine, url } of [sources].flat().filter(Boolean))
      if (engine == "github") own.add("https://api.github.com/search/issues");
      else if (URL.canParse?.(url, document.baseURI)) own.add(new URL(url, document.baseURI).href);
    if (what == "rest") return rest(done);
    const [, id] = what.split("questions/");
    if (id) return question(done, sources, siteUrl, decodeURIComponent(id));
    find(done, sources, siteUrl, Object.fromEntries(new URLSearchParams(what.split("?")[1])));
  });
