// Sentry's records about this page. Its SDK keeps its state in a global carrier by version, however it was loaded.
// The address of an event needs the name of the organization, which a page does not know, but the site's own link
// patterns do.

/** @returns {import("../moment.js").FoundLink[]} */
export const sentry = () => {
  const { __SENTRY__: versions } = /** @type {any} */ (window);
  const carrier = versions[versions.version];
  const scope = carrier.stack?.getScope?.() ?? carrier.defaultCurrentScope;
  const isolation = carrier.stack?.getIsolationScope?.() ?? carrier.defaultIsolationScope;
  const ids = {
    event: () => isolation.lastEventId(),
    replay: () => scope.getClient().getIntegrationByName("Replay").getReplayId(),
    trace: () => scope.getPropagationContext().traceId,
  };
  return Object.entries(ids).flatMap(([label, readId]) => {
    try {
      const id = readId();
      return id ? [{ source: "sentry", label, text: `${id}`, url: "" }] : [];
    } catch {
      return [];
    }
  });
};
