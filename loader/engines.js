// Searches the engines that a page configures, through the chunk `engines`.

/**
 * Responds in place of the gateway to `search?q=…`, `questions/ID`, and `rest` of the last search.
 * @param {import("./widget.js").Engines} engines
 * @param {any} sources @param {string} siteUrl @param {string} path
 * @param {Set<string>} ownAddresses collects addresses that Deskbell requests, and not the host
 */
export const ask = ({ find, findQuestion, findRest }, sources, siteUrl, path, ownAddresses) =>
  new Promise((done) => {
    for (const { engine, url } of [sources].flat().filter(Boolean))
      if (engine == "github") ownAddresses.add("https://api.github.com/search/issues");
      else if (URL.canParse?.(url, document.baseURI)) ownAddresses.add(new URL(url, document.baseURI).href);
    if (path == "rest") return findRest(done);
    const [, id] = path.split("questions/");
    if (id) return findQuestion(done, sources, siteUrl, decodeURIComponent(id));
    find(done, sources, siteUrl, Object.fromEntries(new URLSearchParams(path.split("?")[1])));
  });
