// Completes a snapshot with what costs nothing before somebody asks for help. It comes with what sends.

import { device, hints } from "./device.js";
import { timings } from "./timings.js";

/** How long what knows other tools may take to come. */
const TOOLS_MS = 1000;

/**
 * Gathers once for a snapshot: at once what is there, and within a second what the browser takes time for. Never rejects.
 * @param {import("../moment.js").Snapshot} snapshot
 * @param {() => Promise<typeof import("../tools.js") | void> | void} tools fetches what knows other tools, where there are some
 */
export const gather = async (snapshot, tools) => {
  const at = Date.parse(snapshot.at);
  snapshot.device = device();
  snapshot.meta = meta();
  snapshot.links = [];
  const late = new Promise((end) => setTimeout(end, TOOLS_MS));
  await Promise.allSettled([
    hints().then((found) => Object.assign(snapshot.device ?? {}, found)),
    Promise.race([tools(), late]).then((found) => (snapshot.links = /** @type {any} */ (found)?.links(at) ?? [])),
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
