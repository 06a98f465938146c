// Completes a snapshot with what need not be collected before somebody asks for help. It is loaded with the modules.

import { device, hints } from "./device.js";
import { timings } from "./timings.js";

/** How long to wait for the module that reads other tools. */
const TOOLS_MS = 1000;

/**
 * Collects once for a snapshot: at once what is available, and within a second what takes the browser time. Never
 * rejects.
 * @param {import("../moment.js").Snapshot} snapshot
 * @param {() => Promise<typeof import("../tools.js") | void> | void} tools fetches the module that reads other tools,
 *   if there are any
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

/** The values of `<meta name="deskbell:NAME">`. */
const meta = () =>
  Object.fromEntries(
    [...document.querySelectorAll("meta[name^='deskbell:']")].map((node) => [
      (node.getAttribute("name") ?? "").slice(9),
      node.getAttribute("content") ?? "",
    ]),
  );
