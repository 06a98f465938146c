// What the script tag says.

/** Only readable while the script runs for the first time. */
export const script = /** @type {HTMLScriptElement} */ (
  // By the prototype, because a page's `<img name="currentScript">` hides the document's own.
  Object.getOwnPropertyDescriptor(Document.prototype, "currentScript")?.get?.call(document)
);
const data = script?.dataset ?? {};

/** The public key of the site. */
export const site = data.site || "default";
/** What our own addresses are relative to. */
const base = script?.src || location.href;

/**
 * An attribute, as long as it can be used; otherwise nothing, and the console says so, once.
 * @param {string} name @param {string} allowed @param {(value: string) => unknown} use throws where it cannot
 */
const usable = (name, allowed, use) => {
  const value = data[name];
  try {
    if (value) use(value);
    return value;
  } catch {
    console.warn(`deskbell: data-${name}: "${value}" is ignored; it takes ${allowed}`);
  }
};

/** A link that opens the panel. */
const LINKS = 'a[href*="#deskbell="]';
// The links come first, because the browser closes by itself what a selector leaves open at its end.
const selector = (/** @type {string} */ name) =>
  usable(name, "a CSS selector, such as #help", (value) => script.matches(`${LINKS},${value}`));

/** The address of the gateway. */
export const gateway = new URL(
  usable("gateway", "an address, such as https://support.example.com", (value) => new URL(value, base)) || "/",
  base,
).href;
/** How the addresses begin that only we ask for: on the page's own origin the host asks for others. */
export const own = new Set([
  `${gateway.replace(/\/+$/, "")}/v1/sites/${encodeURIComponent(site)}/`,
  new URL("deskbell-", base).href,
]);
/** Whether we ask for an address, and not the page. @param {string} url */
export const isOurs = (url) => [...own].some((start) => url.startsWith(start));
/** Whether the browser keeps our errors from the page: we come from another origin, and without `crossorigin`. */
export const muted = script?.crossOrigin == null && !script?.src.startsWith(`${location.origin}/`);
/** What opens the panel, beside links. */
export const triggers = `${LINKS},${selector("trigger") || "[data-deskbell-open]"}`;
/** The container that shows the panel inline. */
export const mount = selector("mount");
/** Whether there is a round button of our own. */
export const launcher = data.launcher != null;
/** The address that is offered when nothing else works. */
export const email = /** @type {string} */ (data.email);
/** The name of a global object with the rest of the configuration. */
export const config = data.config;
/** When the widget is fetched before somebody opens it. Somebody who saves data is not made to. */
export const preload = /** @type {any} */ (navigator).connection?.saveData ? "" : data.preload || "intent";
/** @type {string | undefined} */
let lang;

/** The panel's language: the first that we have of what the script tag, the page and the browser say when it is wanted. */
export const language = () =>
  (lang ??=
    [data.lang, document.documentElement.lang, ...navigator.languages]
      .map((tag) => /** @type {string} */ (`${tag}`.toLowerCase().split("-")[0]))
      .find((tag) => Object.hasOwn(TEXTS, tag)) ?? "en");

/** A text that is needed before the widget is there. @param {number} text */
export const say = (text) => /** @type {string[]} */ (TEXTS[language()])[text];

// In the order of `texts::LOADER`.
export const HELP = 0;
export const CLOSE = 1;
export const BOX_LABEL = 2;
export const FAILED = 3;
