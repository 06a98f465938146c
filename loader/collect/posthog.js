// PostHog's records about this page and user, if it is on the page as `window.posthog`.

/**
 * @param {number} at the moment that the replay is to show
 * @returns {import("../moment.js").FoundLink[]}
 */
export const posthog = (at) => {
  const { posthog } = /** @type {any} */ (window);
  // The snippet's stub accepts every call, and returns nothing.
  const session = posthog.get_session_id?.();
  if (typeof session != "string" || !session) return [];
  const person = `${posthog.get_distinct_id()}`;
  const replay = `${posthog.get_session_replay_url({ withTimestamp: true, timestampLookBack: 10 })}`;
  const late = Math.round((Date.now() - at) / 1000);
  const flags = Object.entries(posthog.featureFlags?.getFlagVariants?.() ?? {}).filter(([, variant]) => variant);
  const found = (/** @type {string} */ label, /** @type {string} */ text, url = "") => ({
    source: "posthog",
    label,
    text,
    url,
  });
  return [
    posthog.sessionRecordingStarted?.()
      ? found(
          "replay",
          session,
          replay.replace(/(t=)(\d+)$/, (_, t, second) => t + Math.max(0, second - late)),
        )
      : found("session", session),
    found("person", person, replay.replace(/\/replay\/.*/, `/person/${encodeURIComponent(person)}`)),
    ...(flags.length ? [found("flags", flags.map(([name, variant]) => `${name}=${variant}`).join(", "))] : []),
  ];
};
