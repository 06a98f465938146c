// PostHog's records about this page and user, if it is on the page as `window.posthog`.

/**
 * @param {number} time the moment that the replay shows, in milliseconds
 * @returns {import("../moment.js").FoundLink[]}
 */
export const posthog = (time) => {
  const { posthog } = /** @type {any} */ (window);
  // The snippet's stub accepts every call, and returns nothing.
  const session = posthog.get_session_id?.();
  if (typeof session != "string" || !session) return [];
  const person = `${posthog.get_distinct_id()}`;
  const replay = `${posthog.get_session_replay_url({ withTimestamp: true, timestampLookBack: 10 })}`;
  const secondsAgo = Math.round((Date.now() - time) / 1000);
  const flags = Object.entries(posthog.featureFlags?.getFlagVariants?.() ?? {}).filter(([, variant]) => variant);
  const link = (/** @type {string} */ label, /** @type {string} */ text, url = "") => ({
    source: "posthog",
    label,
    text,
    url,
  });
  return [
    posthog.sessionRecordingStarted?.()
      ? link(
          "replay",
          session,
          replay.replace(/(t=)(\d+)$/, (_, t, second) => t + Math.max(0, second - secondsAgo)),
        )
      : link("session", session),
    link("person", person, replay.replace(/\/replay\/.*/, `/person/${encodeURIComponent(person)}`)),
    ...(flags.length ? [link("flags", flags.map(([name, variant]) => `${name}=${variant}`).join(", "))] : []),
  ];
};
