// What the script tag says.

// Only readable while the script runs for the first time.
const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
const data = script?.dataset ?? {};
const lang = [data.lang, document.documentElement.lang, ...(navigator.languages ?? [])]
  .map((tag) => (tag ?? "").split("-")[0]?.toLowerCase() ?? "")
  .find((tag) => Object.hasOwn(TEXTS, tag));

/** The attributes, with their defaults. */
export const settings = {
  script,
  site: data.site || "default",
  gateway: new URL(data.gateway || "/", script?.src || location.href).href.replace(/\/$/, ""),
  trigger: data.trigger || "[data-deskbell-open]",
  mount: data.mount,
  launcher: data.launcher != null,
  preload: data.preload || "intent",
  email: data.email || "",
  config: data.config,
  lang: lang ?? "en",
  rtl: RTL.includes(lang ?? "en"),
  saveData: /** @type {any} */ (navigator).connection?.saveData === true,
};

/** The texts that are needed before the widget is there. */
export const [HELP, CLOSE, BACK, BOX_LABEL, BOX_HINT, LOADING, FORBIDDEN, FAILED, CRASHED, WRITE_EMAIL, SUBJECT] =
  /** @type {string[]} */ (TEXTS[settings.lang]);
