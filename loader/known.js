// Whether the gateway knows the site. If not, customers do not notice: nothing opens, and the host's developer is told in
// the console and by `status`.

import { emit } from "./events.js";
import { close } from "./panel.js";
import { quietly } from "./record.js";
import { gateway, setting, site } from "./settings.js";
import { soon } from "./state.js";
import { host } from "./widget-loader.js";

/** The site that was requested last. */
let requestedSite = "";
/** The site that the gateway does not know. @type {string | undefined} */
let unknownSite;
/** @type {(value?: unknown) => void} */
let settle;
/** Resolves once it is known whether the gateway knows a site. */
const settlement = new Promise((done) => (settle = done));

/** The storage key for a site that the gateway has confirmed. */
const storageKey = () => `deskbell:${site}:known`;

/** Whether nothing opens, because the gateway does not know the site. */
export const doubt = () => unknownSite == site;

/** Confirms the site if its configuration could be read, and checks it otherwise. @param {unknown} config */
export const confirm = (config) => {
  if (!config) return check();
  quietly(() => (localStorage[storageKey()] = 1));
  settle();
};

/**
 * Waits for a limited time until it is known whether the gateway knows the site. Does not wait if the device has stored
 * that it does.
 * @param {boolean} [canRequest] whether to request the site from the gateway, once
 */
export const check = (canRequest = true) => {
  let isConfirmed = setting("destination");
  quietly(() => (isConfirmed ??= localStorage[storageKey()]));
  if (isConfirmed) return;
  if (canRequest && requestedSite != site) requestSite((requestedSite = site)).then(settle, settle);
  return soon(settlement);
};

/** Asks the gateway for a site. A network failure says nothing about it. @param {string} name */
const requestSite = async (name) => {
  const isKnown = await (await host()).isKnown(gateway, name);
  if (isKnown) return confirm(isKnown);
  if (isKnown == undefined) return;
  unknownSite = name;
  close();
  emit("failed", { cause: "site" });
};
