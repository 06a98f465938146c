// Records what the customer did, without what they typed.

import { listen, quietly } from "./record.js";
import { ring } from "./ring.js";

/** @typedef {{at: number, kind: string, role: string, name: string, path: string}} Crumb */

const { list, add } = /** @type {{list: Crumb[], add: (entry: Crumb) => void}} */ (ring("breadcrumbs", 50));
export const breadcrumbs = list;

const FIELDS = "input,select,textarea,[contenteditable]:not([contenteditable=false])";
/** Elements that are pressed, and whose text therefore says what they do. */
const PRESSED =
  "a,button,summary,label,[role=button],[role=link],[role=tab],[role=option],[role^=menuitem],[role=switch],[role=checkbox],[role=radio]";
const PRIVATE = "[data-private]";
const ROLES = /** @type {Record<string, string>} */ ({
  A: "link",
  SUMMARY: "button",
  TEXTAREA: "textbox",
  SELECT: "listbox",
});
const NAME_MAX = 80;

/**
 * @param {string} kind
 * @param {string} role
 * @param {string} name
 * @param {string} [path]
 */
export const crumb = (kind, role, name, path = "") => add({ at: Date.now(), kind, role, name, path });

/** Starts recording. */
export const watchPerson = () => {
  for (const kind of ["click", "submit"])
    listen(window, kind, (event) =>
      quietly(() => {
        const path = event.composedPath();
        const node = /** @type {Element} */ (path[0]);
        const hidden = (/** @type {any} */ on) => on.localName == "deskbell-panel" || on.matches?.(PRIVATE);
        if (!node.closest || path.some(hidden)) return;
        const on = node.closest(`${PRESSED},${FIELDS}`) ?? node;
        crumb(kind, role(on), nameOf(on), pathOf(on));
      }),
    );
  listen(document, "visibilitychange", () => crumb("visibility", "", document.visibilityState));
  for (const kind of ["online", "offline"]) listen(window, kind, () => crumb("network", "", kind));
};

/** @param {any} on */
const role = (on) => on.getAttribute("role") ?? ROLES[on.tagName] ?? (on.matches("input") ? on.type : on.localName);

/** The accessible name, unless it may contain text that somebody typed. @param {any} on */
const nameOf = (on) => {
  const root = on.getRootNode();
  const attribute = (/** @type {string} */ name) => on.getAttribute(name) ?? "";
  const labelled = attribute("aria-labelledby")
    .split(" ")
    .map((/** @type {string} */ id) => id && shown(root.getElementById(id)));
  const press = /^(button|submit|reset)$/.test(on.type) && on.matches("input") && on.value;
  const named =
    labelled.join(" ").trim() ||
    attribute("aria-label") ||
    press ||
    [...(on.labels ?? [])].map(shown).join(" ") ||
    (on.matches(PRESSED) && shown(on)) ||
    attribute("alt") ||
    attribute("title") ||
    attribute("name");
  return named.trim().replace(/\s+/g, " ").slice(0, NAME_MAX);
};

/** The text of an element without that of fields and private elements. @param {any} node @returns {string} */
const shown = (node) =>
  node?.nodeType == Node.TEXT_NODE
    ? node.data
    : node?.matches && !node.matches(`${PRIVATE},${FIELDS}`)
      ? [...node.childNodes].map(shown).join("")
      : "";

/** @param {Element | null} on */
const pathOf = (on) => {
  const steps = [];
  for (; on && steps.length < 4; on = on.parentElement)
    steps.unshift(on.localName + (on.id ? `#${on.id}` : on.classList[0] ? `.${on.classList[0]}` : ""));
  return steps.join(" > ");
};
