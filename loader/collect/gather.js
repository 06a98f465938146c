// Completes a snapshot with what need not be collected before help is opened: values of the host's providers, and what
// takes the browser time. It is loaded with the modules.

import { device, hints } from "./device.js";
import { addTimings } from "./requests.js";
import { reports } from "./reports.js";
import { timings } from "./timings.js";

/** How long to wait for the host's providers, and for the module that reads other tools. */
const PATIENCE_MS = 1000;

/**
 * Completes a snapshot once, within a second. Never rejects.
 * @param {import("../moment.js").Snapshot} snapshot @param {import("../widget-loader.js").Parts["state"]} state
 * @param {Parameters<typeof gather>[2]} tools
 */
export const complete = async (snapshot, state, tools) => {
  snapshot.answers ??= askProviders(snapshot, state.providers);
  snapshot.gathered ??= gather(snapshot, state, tools);
  await Promise.allSettled([snapshot.answers, snapshot.gathered]);
};

/** @param {import("../moment.js").Snapshot} snapshot @param {Record<string, () => unknown>} providers */
const askProviders = async (snapshot, providers) => {
  /** @type {Record<string, unknown>} */
  const provided = (snapshot.provided = {});
  /** @type {string[]} */
  const unanswered = (snapshot.unanswered = []);
  let isLate = false;
  const answers = Object.entries(providers).map(async ([name, provide]) => {
    unanswered.push(name);
    const value = await provide();
    if (isLate) return;
    provided[name] = value;
    unanswered.splice(unanswered.indexOf(name), 1);
  });
  await Promise.race([Promise.allSettled(answers), new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  isLate = true;
};

/**
 * Adds to a snapshot what is available immediately, and within a second what takes the browser time. Never rejects.
 * @param {import("../moment.js").Snapshot} snapshot @param {import("../widget-loader.js").Parts["state"]} state
 * @param {() => Promise<typeof import("../tools.js") | void> | void} tools fetches the module that reads other tools,
 *   if there are any
 */
const gather = async (snapshot, state, tools) => {
  const time = Date.parse(snapshot.at);
  addTimings(snapshot);
  snapshot.referrer = document.referrer;
  snapshot.canonical =
    /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=canonical]"))?.href ?? "";
  snapshot.device = device();
  snapshot.meta = meta();
  snapshot.links = [];
  const timeout = new Promise((end) => setTimeout(end, PATIENCE_MS));
  await Promise.allSettled([
    hints().then((values) => Object.assign(snapshot.device ?? {}, values)),
    Promise.race([tools(), timeout]).then(
      (module) => (snapshot.links = /** @type {any} */ (module)?.links(time) ?? []),
    ),
    timings(time).then((values) => (snapshot.timings = values)),
    reports(snapshot.at).then((errors) => state.off.has("errors") || snapshot.errors.unshift(...errors)),
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
