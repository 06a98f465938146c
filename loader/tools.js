// Fetched if PostHog or Sentry is on the page: their records about it.

import { posthog } from "./collect/posthog.js";
import { sentry } from "./collect/sentry.js";

/** The links of all tools. A tool that fails is left out. @param {number} at the moment that is meant */
export const links = (at) =>
  [posthog, sentry].flatMap((tool) => {
    try {
      return tool(at);
    } catch {
      return [];
    }
  });
