// The settings of the page: on the script tag, in the script's address, by `configure`, or in
// `window.deskbellSettings`. Earlier ones take precedence.

/** Only readable while a classic script runs for the first time. */
const current = /** @type {HTMLScriptElement | undefined} */ (
  // From the prototype, because a page's `<img name="currentScript">` hides the document's own.
  Object.getOwnPropertyDescriptor(Document.prototype, "currentScript")?.get?.call(document)
);
/**
 * The address of this file. A module knows it; `deskbell.js` running as a module finds itself in the trace of an
 * error.
 */
const address = current?.src || import.meta.url || /https?:\S+?(?=:\d+:\d)/.exec(`${new Error().stack}`)?.[0] || "";
/** The script tag, if there is one. */
const tag = current ?? [...document.querySelectorAll("script")].find(({ src }) => src && src == address);

const NAMES = "site,gateway,destination,trigger,mount,launcher,preload,email,lang,config,env,cookieDomain".split(",");
/** The settings by the names of their attributes. @type {Record<string, string | undefined>} */
const data = {};
/** @param {any} options */
const take = (options) => {
  for (const name of NAMES) {
    const value = options?.[name];
    if (value != null && `${value}` != "false") data[name] ??= value === true ? "" : `${value}`;
  }
};

/**
 * A global variable that a script has set. Elements with an id or name appear on the window as well, and somebody who
 * can write HTML on the page must not be able to redirect us.
 * @param {string} name @returns {any}
 */
export const global = (name) => (Object.hasOwn(window, name) ? /** @type {any} */ (window)[name] : undefined);

take(tag?.dataset);
if (address) take(Object.fromEntries(new URL(address, location.href).searchParams));
/** The language of the tag or the address, which `configure` does not change. */
const fixed = data["lang"];
for (const [[command, options] = []] of global("deskbell")?.q ?? []) if (command == "configure") take(options);
take(global("deskbellSettings"));

/** The base of our own files and addresses. Code inside a bundle is not at its original address. */
const base =
  current?.src || (/\/deskbell\.m?js\b/.test(address) && address) || data["gateway"] || address || location.href;
/** What the modules besides the loader know of the script. */
export const script = { dataset: data, nonce: tag?.nonce, src: base };

/**
 * A setting, if it is valid; otherwise nothing, and a warning in the console, once.
 * @param {string} name @param {string} allowed @param {(value: string) => unknown} use throws if the value is invalid
 */
const usable = (name, allowed, use) => {
  const value = data[name];
  try {
    if (value) use(value);
    return value;
  } catch {
    data[name] = undefined;
    console.warn(`deskbell: data-${name}: "${value}" is not ${allowed}`);
  }
};

/** Links that open the panel. */
const LINKS = 'a[href*="#deskbell="]';
// The links come first, because the browser closes by itself what a selector leaves open at its end.
const selector = (/** @type {string} */ name) =>
  usable(name, "a CSS selector", (value) => document.documentElement.matches(`${LINKS},${value}`));

/** The public key of the site. */
export let site = "";
/** The address of the gateway, with a slash at its end. */
export let gateway = "";
/**
 * The prefixes of addresses that only Deskbell requests: on the page's own origin the host requests others.
 * @type {Set<string>}
 */
export const own = new Set([new URL("deskbell-", base).href]);
/** Whether Deskbell requests an address, and not the page. @param {string} url */
export const isOurs = (url) => [...own].some((start) => url.startsWith(start));
/** Whether the browser hides our errors from the page: we come from another origin, and without `crossorigin`. */
export const muted = !!tag && tag.type != "module" && !tag.crossOrigin && !tag.src.startsWith(`${location.origin}/`);
/** The selector of elements that open the panel, besides links. */
export let triggers = "";
/** The selector of the container that shows the panel inline. @type {string | undefined} */
export let mount;
/** Whether to show Deskbell's own round button. */
export let launcher = false;
/** When the widget is fetched before somebody opens it. Never for customers who save data. */
export let preload = "";
/** Whether a site is configured. */
export const named = () => !!(data["site"] || data["destination"]);
/** A setting that needs no validation. @param {string} name */
export const setting = (name) => data[name];

const derive = () => {
  site = data["site"] || "default";
  gateway = new URL(usable("gateway", "an address", (value) => new URL(value, base)) || ".", base).href.replace(
    /\/*$/,
    "/",
  );
  own.add(`${gateway}v1/sites/${encodeURIComponent(site)}/`);
  triggers = `${LINKS},${selector("trigger") || "[data-deskbell-open]"}`;
  mount = selector("mount");
  launcher = data["launcher"] != null;
  preload = /** @type {any} */ (navigator).connection?.saveData ? "" : data["preload"] || "intent";
};
derive();

/**
 * Takes the settings out of options, unless the panel has started with others; returns the rest of the options.
 * @param {any} options @param {boolean} begun
 */
export const settle = (options, begun) => {
  const rest = { ...options };
  for (const name of NAMES) delete rest[name];
  if (!begun) take(options);
  if (!fixed && options.lang) data["lang"] = options.lang;
  // The page may have changed its language as well.
  lang = undefined;
  derive();
  return rest;
};

/** @type {string | undefined} */
let lang;

/**
 * The panel's language: the first available one of the script tag's, the page's and the browser's, at this moment or
 * when `configure` was last called.
 * @returns {string}
 */
export const language = () =>
  (lang ??=
    [data["lang"], document.documentElement.lang, ...navigator.languages]
      .map((tag) => /** @type {string} */ (`${tag}`.toLowerCase().split("-")[0]))
      .find((tag) => Object.hasOwn(TEXTS, tag)) ?? "en");

/** A text that is needed before the widget has loaded. @param {number} text @returns {string} */
export const say = (text) => /** @type {any} */ (TEXTS[language()])[text];
