// Asks the gateway whether it knows a site.

/**
 * Whether the gateway knows a site; undefined if its response does not tell. If not, the host's developer is told.
 * @param {string} gateway @param {string} site
 */
export const isKnown = async (gateway, site) => {
  const response = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, { credentials: "omit" });
  if (response.ok) return true;
  if ((await response.json()).code != "unknown_site") return;
  console.error(
    `deskbell: ${gateway} has no site "${site}": name yours, by data-site="NAME" on the script tag or deskbell.js?site=NAME`,
  );
  return false;
};
