// What `modules.js` imports where a page names sources: the glue that Trunk makes for that module.

import { find, question, rest } from "trunk:glue";

export { initSync as init } from "trunk:glue";

/**
 * Answers what the gateway would be asked for: `search?q=…`, `questions/ID`, and `rest` of the last search.
 * @param {unknown} sources @param {string} siteUrl @param {string} what
 */
export const ask = (sources, siteUrl, what) =>
  new Promise((done) => {
    if (what == "rest") return rest(done);
    const [, id] = what.split("questions/");
    if (id) return question(done, sources, siteUrl, decodeURIComponent(id));
    find(done, sources, siteUrl, Object.fromEntries(new URLSearchParams(what.split("?")[1])));
  });
