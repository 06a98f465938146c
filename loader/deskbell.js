// The script tag's file. It runs on every page view of the host, so it does little: it queues commands, records
// errors, and waits. The panel is painted, and the widget fetched, when somebody wants help.

import { watchPerson } from "./breadcrumbs.js";
import { record, watchErrors } from "./errors.js";
import { emit, off, on } from "./events.js";
import { watchRequests } from "./requests.js";
import { watchRoutes } from "./routes.js";
import { blank, clear, restrict, state } from "./state.js";
import { close, isOpen, mountLauncher, open, toggle } from "./panel.js";
import { check, doubt } from "./known.js";
import { global, launcher, named, preload, setting, settle, site } from "./settings.js";
import { begun, finishReset, load, obstacle, resume, tell } from "./widget-loader.js";
import { watch } from "./triggers.js";

/** The options of `open`: the allowed values, or any string. */
const OPENINGS = {
  screen: "home,ticket,tickets",
  kind: "question,bug,feedback",
  severity: "critical,high,medium,low",
  topic: "",
  message: "",
  via: "",
  question: "",
};

/** @type {Record<string, (...args: any[]) => any>} */
const COMMANDS = {
  configure: (options) => {
    state.config.push(settle(object("configure", options), begun()));
    mountLauncher();
    restrict(options.context);
    tell();
  },
  identify: (user) => {
    const { token, ...rest } = object("identify", user);
    if (token && typeof token != "string" && typeof token != "function")
      throw wrong("identify", "token takes a text or a function");
    state.given = rest;
    // The user of a token is known once it was read (`identity.js`); until then it is the previous one.
    state.user = token && rest.id == null ? { ...state.user, ...rest } : rest;
    state.token = token;
    tell();
  },
  set: (values) => {
    for (const [key, value] of Object.entries(object("set", values))) {
      if (value == null) delete state.values[key];
      else state.values[key] = value;
    }
    tell();
  },
  suggest: (items) => {
    if (!Array.isArray(items)) throw wrong("suggest", "takes a list");
    state.suggested = items;
    tell();
  },
  reset: (options = {}) => {
    const { discard } = object("reset", options);
    const sealed = `deskbell-plain:${site}:`;
    const { token, user } = state;
    clear();
    try {
      // The session that subdomains share (`cookie.js`).
      const domain = setting("cookieDomain");
      if (domain) document.cookie = `deskbell-${site}=;Domain=${domain};Path=/;Max-Age=0`;
      // If the token was not read, the user is the last one on the device (`widget.js`). If no user was declared, it
      // is everybody.
      const id = `${user?.id ?? ((token && localStorage[`deskbell:${site}:user`]) || "")}`;
      for (const name of Object.keys(localStorage))
        if (
          name.startsWith(`deskbell:${site}:`) ||
          (discard && name.startsWith(sealed) && (!id || name == sealed + id))
        )
          delete localStorage[name];
      // The database is cleared by the module that is fetched for it (`forget.js`), on a later page if necessary,
      // before anything else.
      localStorage[`deskbell-${discard ? "discard" : "reset"}:${site}:${id}`] = Date.now();
    } catch {}
    // The mark makes a later page delete the rest.
    return Promise.race([finishReset(discard), new Promise((late) => setTimeout(late, 2000))]);
  },
  open: (options = {}) => {
    for (const [key, value] of Object.entries(object("open", options))) {
      if (!Object.hasOwn(OPENINGS, key)) throw wrong("open", `has no "${key}"; it has ${Object.keys(OPENINGS)}`);
      const allowed = OPENINGS[/** @type {keyof OPENINGS} */ (key)];
      if (typeof value != "string" || (allowed && !allowed.split(",").includes(value)))
        throw wrong("open", `${key} takes ${allowed ? "one of " + allowed : "a text"}`);
    }
    return open(options);
  },
  close,
  toggle,
  capture: (error, details) => record("captured", error, "", details && object("capture", details)),
  provide: (name, provider) => {
    if (typeof name != "string" || (provider && typeof provider != "function"))
      throw wrong("provide", "takes a name and a function");
    if (provider) state.providers[name] = provider;
    else delete state.providers[name];
  },
  on,
  off,
  status: async () => {
    await check();
    const reason = obstacle() || (doubt() && "site");
    const { queued, unread, error } = state;
    return { available: !reason, reason, version: VERSION, queued, unread, error, open: isOpen() };
  },
};

/** @param {string} command @param {string} what */
const wrong = (command, what) => new TypeError(`deskbell: ${command}: ${what}`);

/** @param {string} command @param {any} value */
const object = (command, value) => {
  if (typeof value != "object" || !value || Array.isArray(value)) throw wrong(command, "takes an object");
  return value;
};

/** @param {string} name @param {any[]} args */
const run = async (name, args) => {
  if (!Object.hasOwn(COMMANDS, name)) throw wrong(String(name), `unknown; there are ${Object.keys(COMMANDS)}`);
  return /** @type {(...args: any[]) => any} */ (COMMANDS[name])(...args);
};

/** @param {string} name @param {any[]} args */
const deskbell = (name, ...args) => {
  const promise = run(name, args);
  // A caller who ignores the promise must not trigger the page's `unhandledrejection`.
  promise.catch(blank);
  return promise;
};

const page = /** @type {any} */ (window);
/** Runs something when the page is idle, or after two seconds if it never is. @param {() => unknown} act */
const idle = (act) => page.requestIdleCallback?.(() => act(), { timeout: 2000 }) ?? setTimeout(act, 2000);
const before = global("deskbell");
// If the script is embedded twice, the first one stays.
if (!before?.version) {
  watchErrors();
  watchRequests();
  watchPerson();
  watchRoutes();
  page.deskbell = Object.assign(deskbell, { version: VERSION });
  for (const options of [global("deskbellSettings"), global(setting("config") ?? "")])
    if (options) deskbell("configure", options);
  for (const [args, resolve, reject] of before?.q ?? []) deskbell(...args).then(resolve, reject);
  watch();
  mountLauncher();
  if (preload == "idle") idle(load);
  // A page without settings may set them later, so it gets some time.
  if (launcher || !named()) setTimeout(check, 3000);
  try {
    if (localStorage[`deskbell-queued:${site}`]) idle(load);
    if (localStorage[`deskbell:${site}:tickets`]) idle(resume);
  } catch {}
  // After the queue, so that listeners in it get the event.
  queueMicrotask(() => emit("ready"));
}
