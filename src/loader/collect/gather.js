// Completes a snapshot with what costs nothing before somebody asks for help. It comes with what sends.

import { device, hints } from "./device.js";
import { posthog } from "./posthog.js";
import { sentry } from "./sentry.js";
import { timings } from "./timings.js";

/**
 * Gathers once for a snapshot: at once what is there, and within a second what the browser takes time for. Never rejects.
 * @param {import("../moment.js").Snapshot} snapshot
 */
export const gather = async (snapshot) => {
  const at = Date.parse(snapshot.at);
  snapshot.device = device();
  snapshot.meta = meta();
  snapshot.links = [posthog, sentry].flatMap((tool) => left(() => tool(at)) ?? []);
  await Promise.allSettled([
    hints().then((found) => Object.assign(snapshot.device ?? {}, found)),
    timings(at).then((found) => (snapshot.timings = found)),
  ]);
};

/** What `<meta name="deskbell:NAME">` says. */
const meta = () =>
  Object.fromEntries(
    [...document.querySelectorAll("meta[name^='deskbell:']")].map((node) => [
      (node.getAttribute("name") ?? "").slice(9),
      node.getAttribute("content") ?? "",
    ]),
  );

/**
 * Another tool may be anything: one that fails is left out.
 * @template T
 * @param {() => T} ask
 */
const left = (ask) => {
  try {
    return ask();
  } catch {}
};
