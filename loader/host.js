// Fetched by the pages that need it: Deskbell's own button, and what `diagnose` tries.

import { assign } from "./assign.js";
import { EVENTS } from "./names.js";
import { watchRoot } from "./root.js";
import { blank } from "./state.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */

/**
 * Adds Deskbell's own button, with the number of messages that are unread or wait to be sent.
 * @param {Parts} parts
 * @param {ShadowRoot} root
 * @param {() => Promise<unknown> | void} toggle
 * @param {typeof import("./events.js").on} on
 * @param {boolean} doubt
 * @param {string} help the text for readers if there is no other
 */
export const launch = (parts, root, toggle, on, doubt, help) => {
  const { wear, make, state, script, restore } = parts;
  // A site that the gateway does not know is nothing to write to.
  if (doubt) return;
  const label = script.dataset["launcher"];
  const text = label && label != "true" ? label : "";
  const badge = make("span", { className: "badge", hidden: true });
  const onclick = () => toggle()?.catch(blank);
  const button = make("button", { className: text ? "launcher wide" : "launcher", onclick }, text || "?", badge);
  const count = () => {
    const counted = state.unread + state.queued;
    badge.hidden = !counted;
    badge.textContent = counted ? `${counted}` : "";
    assign(button, { "aria-label": counted ? `${text || help} (${counted})` : text || help });
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

/**
 * @typedef {{name: string, ok: boolean, detail: string}} Check
 */

/** How long a check may take. */
const PATIENCE_MS = 5000;
/** The browser reports violations after what they are about. */
const REPORTED_MS = 100;

/**
 * Tries everything that the panel needs on this page, whether or not help was opened.
 * @param {Parts} parts
 */
export const diagnose = async (parts) => {
  const { gateway, site, script, state, triggers, preload } = parts;
  /** @type {Record<string, () => unknown>} each returns what it found, or throws what is wrong */
  const tries = {
    files: () => loaded("widget.js", preload),
    webassembly: async () => {
      // Compiled anew, because the browser reports a forbidden attempt only when it is made.
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      await WebAssembly.compileStreaming(fetch(new URL("widget.wasm", import.meta.url)));
      return "";
    },
    gateway: async () => {
      if (script.dataset["destination"]) return `none: ${script.dataset["destination"]}`;
      const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, { credentials: "omit" });
      const { code, title } = answer.ok ? {} : await answer.json().catch(() => ({}));
      if (!answer.ok) throw `${answer.status} ${title ?? code ?? ""}`.trim();
      return `${gateway} knows the site "${site}"`;
    },
    styles: () => {
      new CSSStyleSheet().replaceSync(":host{}");
    },
    storage: async () => {
      const place = `deskbell:${site}:diagnose`;
      localStorage.setItem(place, "1");
      localStorage.removeItem(place);
      await new Promise((done, failed) => {
        const request = indexedDB.open("deskbell");
        request.onupgradeneeded = () => request.transaction?.abort();
        request.onsuccess = () => done(request.result.close());
        // A database that does not exist is not created by looking.
        request.onerror = () => (request.error?.name == "AbortError" ? done(0) : failed(request.error));
      });
    },
    triggers: () => {
      const found = document.querySelectorAll(triggers).length;
      const { mount, launcher } = script.dataset;
      if (mount && !document.querySelector(mount)) throw `data-mount: nothing matches ${mount}`;
      if (!found && launcher == undefined) throw `nothing on the page matches ${triggers}`;
      return `${found} on the page`;
    },
    recording: () => {
      const tag = [...document.querySelectorAll("script")].find(({ src }) => src && src == script.src);
      const isMuted = tag && tag.type != "module" && !tag.crossOrigin && !tag.src.startsWith(`${location.origin}/`);
      if (isMuted)
        throw "the script tag has no crossorigin attribute, so that requests and the console are not recorded";
    },
    token: async () => {
      if (!state.token) return "none";
      const jwt = typeof state.token == "function" ? await state.token() : state.token;
      if (!/^\S+\.\S+\.\S+$/.test(`${jwt}`)) throw "identify: the token is no JWT";
      const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, {
        headers: { Authorization: `Bearer ${jwt}` },
        credentials: "omit",
        cache: "no-store",
      });
      if (!answer.ok) throw `${answer.status} ${(await answer.json().catch(() => ({}))).title ?? ""}`.trim();
      return "the gateway has accepted it";
    },
  };
  /** @type {object[]} */
  const violations = [];
  const note = (/** @type {SecurityPolicyViolationEvent} */ event) => {
    const { effectiveDirective, blockedURI, originalPolicy, disposition, sourceFile, lineNumber, sample } = event;
    violations.push({ effectiveDirective, blockedURI, originalPolicy, disposition, sourceFile, lineNumber, sample });
  };
  addEventListener("securitypolicyviolation", note);
  const checks = await Promise.all(Object.entries(tries).map(([name, act]) => attempted(name, act)));
  await new Promise((later) => setTimeout(later, REPORTED_MS));
  removeEventListener("securitypolicyviolation", note);
  return { ok: checks.every(({ ok }) => ok), checks, violations };
};

/** @param {string} name @param {() => unknown} act @returns {Promise<Check>} */
const attempted = async (name, act) => {
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE_MS, `no result after ${PATIENCE_MS / 1000} seconds`));
  try {
    const found = await Promise.race([(async () => act())(), late]);
    return { name, ok: true, detail: `${found ?? ""}` };
  } catch (error) {
    return { name, ok: false, detail: `${error}` };
  }
};

/** Loads a file of ours, without running it. @param {string} file @param {Parts["preload"]} preload */
const loaded = async (file, preload) => {
  await preload(new URL(file, import.meta.url).href, "");
  return new URL(".", import.meta.url).href;
};

/**
 * Deletes the data that a `reset` asks for, where nothing is loaded that could. Without a database there is none.
 * @param {() => Promise<any>} glue fetches the widget's module @param {Parts} parts
 */
export const finishReset = async (glue, parts) => {
  const kept = (await indexedDB.databases?.()) ?? [{ name: "deskbell" }];
  if (kept.some(({ name }) => name == "deskbell")) return (await glue()).finishReset(parts);
  for (const mark of Object.keys(localStorage))
    if (/^deskbell-(reset|discard):/.test(mark)) localStorage.removeItem(mark);
};

/** The options of `open`: the allowed values, or any string. @type {Record<string, string>} */
const OPENINGS = {
  screen: "home,ticket,tickets",
  kind: "question,bug,feedback",
  severity: "critical,high,medium,low",
  topic: "",
  message: "",
  via: "",
  question: "",
};

/** @param {unknown} name @param {string} what */
const error = (name, what) => new TypeError(`deskbell: ${String(name)}: ${what}`);

/** Throws what is wrong with the options of `open`, and what is allowed. @param {Record<string, unknown>} options */
export const check = (options) => {
  for (const [key, value] of Object.entries(options)) {
    const allowed = Object.hasOwn(OPENINGS, key) ? OPENINGS[key] : undefined;
    if (allowed == undefined) throw error("open", `has no "${key}"; it has ${Object.keys(OPENINGS)}`);
    if (typeof value != "string" || (allowed && !allowed.split(",").includes(value)))
      throw error("open", `${key} takes ${allowed ? "one of " + allowed : "a text"}`);
  }
};

/**
 * What is wrong with a command, and what is allowed.
 * @param {Parts} parts @param {boolean} doubt @param {string[]} commands all there are
 * @param {unknown} name @param {any[]} args
 */
export const wrong = ({ gateway, site }, doubt, commands, name, [first]) => {
  const command = /** @type {string} */ (name);
  if (!commands.includes(command)) return error(name, `unknown; there are ${commands}`);
  if (command == "suggest") return error(name, "takes a list");
  if (command == "provide") return error(name, "takes a name and a function");
  if (command == "identify" && first?.token) return error(name, "token takes a text or a function");
  if (["on", "once", "off"].includes(command))
    return EVENTS.includes(first)
      ? error(name, "takes a function")
      : error(name, `there is no event "${first}"; there are ${EVENTS}`);
  const isObject = first == undefined || (typeof first == "object" && !Array.isArray(first));
  if (["open", "toggle"].includes(command) && isObject)
    return error(name, doubt ? `${gateway} has no site "${site}"` : "the page hides the panel");
  return error(name, "takes an object");
};

/**
 * Whether the gateway knows a site; undefined if it does not say. If not, the host's developer is told.
 * @param {string} gateway @param {string} site
 */
export const isKnown = async (gateway, site) => {
  const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, { credentials: "omit" });
  if (answer.ok) return true;
  if ((await answer.json()).code != "unknown_site") return;
  console.error(
    `deskbell: ${gateway} has no site "${site}": name yours, by data-site="NAME" on the script tag or deskbell.js?site=NAME`,
  );
  return false;
};
