// The records of PostHog and Sentry about the page; fetched if one of them is on it.

import { posthog } from "./collect/posthog.js";
import { sentry } from "./collect/sentry.js";

/** The links of all tools. A tool that fails is left out. @param {number} time of the snapshot, in milliseconds */
export const links = (time) =>
  [posthog, sentry].flatMap((tool) => {
    try {
      return tool(time);
    } catch {
      return [];
    }
  });
