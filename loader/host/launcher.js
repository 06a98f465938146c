// Deskbell's own button, for pages without a trigger.

import { assign } from "../assign.js";
import { HELP } from "../names.js";
import { watchRoot } from "../root.js";
import { blank } from "../state.js";

/** @typedef {import("../widget-loader.js").Parts} Parts */

/**
 * Adds Deskbell's own button once, with the number of messages that are unread or unsent.
 * @param {Parts} parts
 * @param {ShadowRoot} root
 * @param {() => Promise<unknown> | void} toggle
 * @param {typeof import("../events.js").on} on
 * @param {boolean} isUnknownSite
 */
export const launch = (parts, root, toggle, on, isUnknownSite) => {
  const { wear, make, state, script, restore, say, signal } = parts;
  // Nobody can write to a site that the gateway does not know.
  if (isUnknownSite || signal.aborted || root.querySelector(".launcher")) return;
  const label = script.dataset["launcher"];
  const text = label && label != "true" ? label : "";
  const badge = make("span", { className: "badge", hidden: true });
  const onclick = () => toggle()?.catch(blank);
  const button = make("button", { className: text ? "launcher wide" : "launcher", onclick }, text || "?", badge);
  const count = () => {
    const total = state.unread + state.queued;
    badge.hidden = !total;
    badge.textContent = total ? `${total}` : "";
    const label = text || say(HELP);
    assign(button, { "aria-label": total ? `${label} (${total})` : label });
  };
  state.counted = count;
  count();
  wear(LAUNCHER_CSS);
  root.append(button);
  const show = () => document.documentElement.append(root.host);
  if (!root.host.isConnected) show();
  on("failed", (/** @type {any} */ { cause }) => cause == "site" && button.remove());
  watchRoot(root.host, parts, () => {
    show();
    restore();
  });
};
