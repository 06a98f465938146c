// Asks the gateway whether it knows a site.

/**
 * Whether the gateway knows a site; undefined if it does not say. If not, the host's developer is told.
 * @param {string} gateway @param {string} site
 */
export const isKnown = async (gateway, site) => {
  const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, { credentials: "omit" });
  if (answer.ok) return true;
  if ((await answer.json()).code != "unknown_site") return;
  console.error(
    `deskbell: ${gateway} has no site "${site}": name yours, by data-site="NAME" on the script tag or deskbell.js?site=NAME`,
  );
  return false;
};
