// Whether the gateway knows the site. If not, that is nothing for a customer to see: nothing opens, and the host's
// developer is told, in the console and by `status`.

import { emit } from "./events.js";
import { close } from "./panel.js";
import { quietly } from "./record.js";
import { gateway, setting, site } from "./settings.js";
import { soon } from "./state.js";
import { host } from "./widget-loader.js";

/** The last site that was requested, the last one with a response, and the one that the gateway does not know. */
let requested = "";
/** @type {string | undefined} */
let unknown;
/** @type {(value?: unknown) => void} */
let settle;
/** Resolves once it is known whether the gateway knows a site. */
const settled = new Promise((done) => (settle = done));

/** The storage key for a site that the gateway has confirmed. */
const place = () => `deskbell:${site}:known`;

/** Whether nothing opens, because the gateway does not know the site. */
export const doubt = () => unknown == site;

/** Takes the configuration of the site; nothing if it could not be read. @param {unknown} config */
export const confirm = (config) => {
  if (!config) return check();
  quietly(() => (localStorage[place()] = 1));
  settle();
};

/**
 * Waits until it is known whether the gateway knows the site, for a limited time, and not at all if the device has
 * stored that it does.
 * @param {boolean} [asks] whether to ask the gateway, once
 */
export const check = (asks = true) => {
  let seen = setting("destination");
  quietly(() => (seen ??= localStorage[place()]));
  if (seen) return;
  if (asks && requested != site) ask((requested = site)).then(settle, settle);
  return soon(settled);
};

/** A failure of the network says nothing about a site. @param {string} name */
const ask = async (name) => {
  const isKnown = await (await host()).isKnown(gateway, name);
  if (isKnown) return confirm(isKnown);
  if (isKnown == undefined) return;
  unknown = name;
  close();
  emit("failed", { cause: "site" });
};
