// Records what the customer did, without what they typed.

import { listen, quietly } from "./record.js";
import { ring } from "./ring.js";

/** @typedef {{at: number, kind: string, role: string, name: string, path: string}} Crumb */

const { list, add } = /** @type {{list: Crumb[], add: (entry: Crumb) => void}} */ (ring("breadcrumbs", 50));
export const breadcrumbs = list;

const FIELDS = "input,select,textarea,[contenteditable]:not([contenteditable=false])";
/** Elements that can be pressed, whose text says what they do. */
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
        const isHidden = (/** @type {any} */ element) =>
          element.localName == "deskbell-panel" || element.matches?.(PRIVATE);
        if (!node.closest || path.some(isHidden)) return;
        const element = node.closest(`${PRESSED},${FIELDS}`) ?? node;
        crumb(kind, role(element), nameOf(element), pathOf(element));
      }),
    );
  listen(document, "visibilitychange", () => crumb("visibility", "", document.visibilityState));
  for (const kind of ["online", "offline"]) listen(window, kind, () => crumb("network", "", kind));
};

/** @param {any} element */
const role = (element) =>
  element.getAttribute("role") ??
  ROLES[element.tagName] ??
  (element.matches("input") ? element.type : element.localName);

/** The accessible name, unless it may contain text that somebody typed. @param {any} element */
const nameOf = (element) => {
  const root = element.getRootNode();
  const attribute = (/** @type {string} */ name) => element.getAttribute(name) ?? "";
  const labels = attribute("aria-labelledby")
    .split(" ")
    .map((/** @type {string} */ id) => id && visibleText(root.getElementById(id)));
  const buttonText = /^(button|submit|reset)$/.test(element.type) && element.matches("input") && element.value;
  const name =
    labels.join(" ").trim() ||
    attribute("aria-label") ||
    buttonText ||
    [...(element.labels ?? [])].map(visibleText).join(" ") ||
    (element.matches(PRESSED) && visibleText(element)) ||
    attribute("alt") ||
    attribute("title") ||
    attribute("name");
  return name.trim().replace(/\s+/g, " ").slice(0, NAME_MAX);
};

/** The text of an element without that of fields and private elements. @param {any} node @returns {string} */
const visibleText = (node) =>
  node?.nodeType == Node.TEXT_NODE
    ? node.data
    : node?.matches && !node.matches(`${PRIVATE},${FIELDS}`)
      ? [...node.childNodes].map(visibleText).join("")
      : "";

/** @param {Element | null} element */
const pathOf = (element) => {
  const steps = [];
  for (; element && steps.length < 4; element = element.parentElement)
    steps.unshift(
      element.localName + (element.id ? `#${element.id}` : element.classList[0] ? `.${element.classList[0]}` : ""),
    );
  return steps.join(" > ");
};
