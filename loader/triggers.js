// What opens the panel: the host's own triggers, links, and the address of the page.

import { open } from "./panel.js";
import { listen } from "./record.js";
import { preload, triggers } from "./settings.js";
import { blank } from "./state.js";
import { load } from "./widget-loader.js";

const UNSEEN_MS = 200;
const NAMES = ["deskbell", "kind", "topic", "severity", "via", "question"];

/** Starts listening; on the window, so that later triggers count. */
export const watch = () => {
  listen(window, "click", press);
  for (const type of ["pointerover", "focusin"])
    listen(window, type, (event) => void (preload == "intent" && entry(event) && load()));
  listen(window, "hashchange", follow);
  follow();
};

/** @param {Event} event */
const entry = (event) =>
  /** @type {HTMLElement | undefined} */ (
    // From the prototype, because a form's `<input name="matches">` hides its own.
    event.composedPath().find((node) => node instanceof Element && Element.prototype.matches.call(node, triggers))
  );

/** @param {MouseEvent} event */
const press = (event) => {
  const node = entry(event);
  if (!node || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const href = node.getAttribute("href");
  // A link of nothing but a hash means this page here, whatever `<base>` says.
  const url =
    node instanceof HTMLAnchorElement ? new URL(href?.startsWith("#") ? href : node.href, location.href) : null;
  const pairs = url && inHash(url);
  // It opens help on another page.
  if (pairs && url.href.split("#")[0] != location.href.split("#")[0]) return;
  if (url) event.preventDefault();
  later(pairs && opening(pairs));
};

/** What the hash of an address says, if it opens the panel. @param {URL} url */
const inHash = (url) => (url.hash.startsWith("#deskbell=") ? new URLSearchParams(url.hash.slice(1)) : null);

/**
 * Opens after the page's own handlers, because a menu that closes returns the focus first, and the panel returns it
 * there; within the same frame if one of the handlers stops the click.
 * @param {object | null} options
 */
const later = (options) => {
  let done = 0;
  // A browser that cannot paint the panel must not report the failure to the page's own handlers.
  const go = () => done++ || open(options).catch(blank);
  addEventListener("click", go, { once: true });
  requestAnimationFrame(go);
  // A hidden tab has no frames.
  setTimeout(go, UNSEEN_MS);
};

/** Opens what the address says, and removes it from the address without a history entry. */
const follow = () => {
  const url = new URL(location.href);
  const hash = inHash(url);
  const pairs = hash ?? url.searchParams;
  if (!pairs.has("deskbell")) return;
  const options = opening(pairs);
  if (hash) url.hash = "";
  else NAMES.forEach((name) => pairs.delete(name));
  history.replaceState(history.state, "", url);
  open(options).catch(blank);
};

/** @param {URLSearchParams} pairs */
const opening = (pairs) =>
  Object.fromEntries(
    NAMES.flatMap((name) => (pairs.has(name) ? [[name == "deskbell" ? "screen" : name, pairs.get(name)]] : [])),
  );
