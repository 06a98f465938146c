// Whether the gateway knows the site. Where it does not, that is nothing for a customer to read: nothing opens, and the host's developer is
// told, in the console and by `status`.

import { emit } from "./events.js";
import { withdraw } from "./panel.js";
import { quietly } from "./record.js";
import { gateway, setting, site } from "./settings.js";

const PATIENCE_MS = 3000;

/** The site that was asked for last, the one that was answered for, and the one that the gateway does not know. */
let asked = "";
let unknown = "";
/** @type {(value?: unknown) => void} */
let settle;
/** Ends once it is known of a site whether it is known. */
const settled = new Promise((done) => (settle = done));

/** What the device keeps of a site that it has seen. */
const place = () => `deskbell:${site}:known`;

/** Why nothing opens; empty as long as nothing is against it. */
export const doubt = () => (unknown == site ? `deskbell: ${gateway} has no site "${site}"` : "");

/** Takes in what was read of the site; nothing where it could not be read. @param {unknown} config */
export const confirm = (config) => {
  if (!config) return check();
  quietly(() => (localStorage[place()] = 1));
  settle();
};

/**
 * Waits for whether the site is known, unless the device has seen it, and not for long.
 * @param {boolean} [asks] whether the gateway is asked for it, once
 */
export const check = (asks = true) => {
  let seen = setting("destination");
  quietly(() => (seen ??= localStorage[place()]));
  if (seen) return;
  if (asks && asked != site) ask((asked = site)).then(settle, settle);
  return Promise.race([settled, new Promise((late) => setTimeout(late, PATIENCE_MS))]);
};

/** A network that fails is nothing against a site. @param {string} name */
const ask = async (name) => {
  const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(name)}/config`, { credentials: "omit" });
  if (answer.ok) return confirm(1);
  if ((await answer.json()).code != "unknown_site") return;
  unknown = name;
  console.error(`${doubt()}: see data-site`);
  withdraw();
  emit("failed", { cause: "site" });
};
