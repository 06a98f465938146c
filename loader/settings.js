// The settings of the page: on the script tag, in the script's address, by `configure`, or in
// `window.deskbellSettings`. They take precedence in this order.

/** Only defined while a classic script runs for the first time. */
const currentScript = /** @type {HTMLScriptElement | undefined} */ (
  // From the prototype, because a page's `<img name="currentScript">` hides the document's own.
  Object.getOwnPropertyDescriptor(Document.prototype, "currentScript")?.get?.call(document)
);
/**
 * The address of this file. A module knows it; `deskbell.js` running as a module finds itself in the trace of an
 * error.
 */
const address =
  currentScript?.src || import.meta.url || /https?:\S+?(?=:\d+:\d)/.exec(`${new Error().stack}`)?.[0] || "";
/** The script tag, if there is one. */
const tag = currentScript ?? [...document.querySelectorAll("script")].find(({ src }) => src && src == address);

const NAMES = "site,gateway,destination,trigger,mount,launcher,preload,email,lang,config,env,cookieDomain".split(",");
/** The settings by the names of their attributes. @type {Record<string, string | undefined>} */
const data = {};
/** @param {any} options */
const addSettings = (options) => {
  for (const name of NAMES) {
    const value = options?.[name];
    if (value != null && `${value}` != "false") data[name] ??= value === true ? "" : `${value}`;
  }
};

/**
 * A global variable that a script has set. Elements with an id or name are properties of the window as well, but whoever
 * can write HTML on the page must not be able to change settings.
 * @param {string} name @returns {any}
 */
export const global = (name) => (Object.hasOwn(window, name) ? /** @type {any} */ (window)[name] : undefined);

addSettings(tag?.dataset);
if (address) addSettings(Object.fromEntries(new URL(address, location.href).searchParams));
/** The language of the tag or the address, which `configure` does not change. */
const tagLanguage = data["lang"];
for (const [[command, options] = []] of global("deskbell")?.q ?? []) if (command == "configure") addSettings(options);
addSettings(global("deskbellSettings"));

/** The base of our own files and addresses. Code inside a bundle is not at its original address. */
const base =
  currentScript?.src || (/\/deskbell\.m?js\b/.test(address) && address) || data["gateway"] || address || location.href;
/** The script tag, as the modules know it. */
export const script = { dataset: data, nonce: tag?.nonce, src: base };

/**
 * A setting, if it is valid; otherwise nothing, and a warning in the console, once.
 * @param {string} name @param {string} allowed @param {(value: string) => unknown} validate throws if the value is invalid
 */
const validSetting = (name, allowed, validate) => {
  const value = data[name];
  try {
    if (value) validate(value);
    return value;
  } catch {
    data[name] = undefined;
    console.warn(`deskbell: data-${name}: "${value}" is not ${allowed}`);
  }
};

/** Links that open the panel. */
const LINKS = 'a[href*="#deskbell="]';
// The links come first, because browsers accept a selector with an unclosed bracket at its end.
const selector = (/** @type {string} */ name) =>
  validSetting(name, "a CSS selector", (value) => document.documentElement.matches(`${LINKS},${value}`));

/** The public key of the site. */
export let site = "";
/** The address of the gateway, with a slash at its end. */
export let gateway = "";
/**
 * The prefixes of addresses that only Deskbell requests, because the gateway may be on the page's own origin.
 * @type {Set<string>}
 */
export const own = new Set([new URL("deskbell-", base).href]);
/** Whether Deskbell requests an address, and not the page. @param {string} url */
export const isOurs = (url) => [...own].some((prefix) => url.startsWith(prefix));
/** Whether the browser hides our errors from the page: we come from another origin, and without `crossorigin`. */
export const muted = !!tag && tag.type != "module" && !tag.crossOrigin && !tag.src.startsWith(`${location.origin}/`);
/** The selector of elements and links that open the panel. */
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
  gateway = new URL(validSetting("gateway", "an address", (value) => new URL(value, base)) || ".", base).href.replace(
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
 * Moves settings from options to the page's settings, unless the panel has started. Returns the other options.
 * @param {any} options @param {boolean} hasStarted
 */
export const settle = (options, hasStarted) => {
  const rest = { ...options };
  for (const name of NAMES) delete rest[name];
  if (!hasStarted) addSettings(options);
  if (!tagLanguage && options.lang) data["lang"] = options.lang;
  // The page may have changed its language as well.
  lang = undefined;
  derive();
  return rest;
};

/** @type {string | undefined} */
let lang;

/**
 * The panel's language: the first available one of the script tag's, the page's and the browser's languages, as of the
 * first call or the last `configure`.
 * @returns {string}
 */
export const language = () =>
  (lang ??=
    [data["lang"], document.documentElement.lang, ...navigator.languages]
      .map((tag) => /** @type {string} */ (`${tag}`.toLowerCase().split("-")[0]))
      .find((tag) => Object.hasOwn(TEXTS, tag)) ?? "en");

/** A text that is needed before the widget has loaded. @param {number} text @returns {string} */
export const say = (text) => /** @type {any} */ (TEXTS[language()])[text];
