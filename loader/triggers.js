// What opens the panel: the host's triggers, links, and the address of the page.

import { open } from "./panel.js";
import { listen } from "./record.js";
import { preload, triggers } from "./settings.js";
import { blank } from "./state.js";
import { load } from "./widget-loader.js";

const UNSEEN_MS = 200;
const NAMES = ["deskbell", "kind", "topic", "severity", "via", "question"];

/** Starts listening, on the window, so that triggers may be added later. */
export const watch = () => {
  listen(window, "click", onClick);
  for (const type of ["pointerover", "focusin"])
    listen(window, type, (event) => void (preload == "intent" && triggerOf(event) && load()));
  listen(window, "hashchange", openFromAddress);
  openFromAddress();
};

/** @param {Event} event */
const triggerOf = (event) =>
  /** @type {HTMLElement | undefined} */ (
    // From the prototype, because a form's `<input name="matches">` hides its own.
    event.composedPath().find((node) => node instanceof Element && Element.prototype.matches.call(node, triggers))
  );

/** @param {MouseEvent} event */
const onClick = (event) => {
  const node = triggerOf(event);
  if (!node || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const href = node.getAttribute("href");
  // A link with only a hash means the current page, whatever `<base>` says.
  const url =
    node instanceof HTMLAnchorElement ? new URL(href?.startsWith("#") ? href : node.href, location.href) : null;
  const pairs = url && pairsInHash(url);
  // The link opens help on another page.
  if (pairs && url.href.split("#")[0] != location.href.split("#")[0]) return;
  if (url) event.preventDefault();
  openLater(pairs && optionsOf(pairs));
};

/** The parameters in the hash of an address that opens the panel. @param {URL} url */
const pairsInHash = (url) => (url.hash.startsWith("#deskbell=") ? new URLSearchParams(url.hash.slice(1)) : null);

/**
 * Opens after the page's own handlers have run, so that the panel returns the focus to where a closing menu has put it;
 * before the next frame if a handler stops the click.
 * @param {object | null} options
 */
const openLater = (options) => {
  let done = 0;
  // A browser that cannot paint the panel must not report the failure to the page's own handlers.
  const openOnce = () => done++ || open(options).catch(blank);
  addEventListener("click", openOnce, { once: true });
  requestAnimationFrame(openOnce);
  // A hidden tab has no frames.
  setTimeout(openOnce, UNSEEN_MS);
};

/** Opens what the page's address names, and removes the parameters from it without a history entry. */
const openFromAddress = () => {
  const url = new URL(location.href);
  const hash = pairsInHash(url);
  const pairs = hash ?? url.searchParams;
  if (!pairs.has("deskbell")) return;
  const options = optionsOf(pairs);
  if (hash) url.hash = "";
  else NAMES.forEach((name) => pairs.delete(name));
  history.replaceState(history.state, "", url);
  open(options).catch(blank);
};

/** @param {URLSearchParams} pairs */
const optionsOf = (pairs) =>
  Object.fromEntries(
    NAMES.flatMap((name) => (pairs.has(name) ? [[name == "deskbell" ? "screen" : name, pairs.get(name)]] : [])),
  );
