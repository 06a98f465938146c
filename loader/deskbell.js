// The script tag's file. It runs on every page view of the host, so it does little: it queues commands, records
// errors, and waits. The panel is painted, and the widget fetched, when somebody wants help.

import { begun, finishReset, host, load, obstacle, parts, resume, tell, unload } from "./widget-loader.js";
import { global, launcher, named, preload, script, setting, settle, site } from "./settings.js";
import { check, doubt } from "./known.js";
import { watch } from "./triggers.js";
import { watchPerson } from "./breadcrumbs.js";
import { close, isOpen, open, repaint, shadow, toggle } from "./panel.js";
import { record, watchErrors } from "./errors.js";
import { emit, off, on } from "./events.js";
import { life, listen, renew } from "./record.js";
import { WRONG, blank, clear, restrict, soon, state } from "./state.js";
import { watchRoutes } from "./routes.js";
import { watchRequests } from "./requests.js";

/** @type {Record<string, (...args: any[]) => any>} */
const COMMANDS = {
  __proto__: null,
  configure: (options) => {
    const added = settle(object(options), begun());
    // Pages may call this on every render.
    const text = JSON.stringify(added);
    state.config = [...state.config.filter((earlier) => JSON.stringify(earlier) != text), added];
    mountLauncher();
    restrict(options.context);
    tell();
  },
  identify: (user) => {
    const { token, ...rest } = object(user);
    if (token && typeof token != "string" && typeof token != "function") throw WRONG;
    state.given = rest;
    // The user of a token is known once it was read (`identity.js`); until then it is the previous one.
    state.user = token && rest.id == null ? { ...state.user, ...rest } : rest;
    state.token = token;
    tell();
  },
  set: (values) => {
    for (const [key, value] of Object.entries(object(values))) {
      if (value == null) delete state.values[key];
      else state.values[key] = value;
    }
    tell();
  },
  suggest: (items) => {
    if (!Array.isArray(items)) throw WRONG;
    state.suggested = items;
    tell();
  },
  reset: (options = {}) => {
    const { discard } = object(options);
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
    return soon(finishReset(discard));
  },
  open: (options = {}) => {
    // The panel does not wait for the words about a wrong argument.
    const wrongs = Object.keys(object(options))[0] && host().then(({ check }) => check(options), blank);
    return Promise.all([open(options), wrongs]);
  },
  close,
  toggle,
  capture: (error, details) => record("captured", error, "", details && object(details)),
  provide: (name, provider) => {
    if (typeof name != "string" || (provider && typeof provider != "function")) throw WRONG;
    if (provider) state.providers[name] = provider;
    else delete state.providers[name];
  },
  on,
  once: (name, listener) => on(name, listener, true),
  off,
  diagnose: async () => (await host()).diagnose(parts()),
  destroy: () => {
    close();
    repaint();
    life.abort(new TypeError("deskbell: destroyed"));
    if (page.deskbell == deskbell) delete page.deskbell;
  },
  status: async () => {
    await check();
    const reason = obstacle() || (doubt() ? "site" : "");
    const { queued, unread, error } = state;
    return { available: !reason, reason, version: VERSION, queued, unread, error, open: !!isOpen() };
  },
};

/** @param {any} value */
const object = (value) => {
  if (typeof value != "object" || !value || Array.isArray(value)) throw WRONG;
  return value;
};

/** @param {string} name @param {any[]} args */
const run = async (name, args) => {
  try {
    if (!COMMANDS[name]) throw WRONG;
    if (name != "destroy") life.signal.throwIfAborted();
    return await COMMANDS[name](...args);
  } catch (error) {
    throw error || (await host()).wrong(parts(), doubt(), Object.keys(COMMANDS), name, args);
  }
};

/** @param {string} name @param {any[]} args */
const command = (name, ...args) => {
  const promise = run(name, args);
  // A caller who ignores the promise must not trigger the page's `unhandledrejection`.
  promise.catch(blank);
  return promise;
};

const page = /** @type {any} */ (window);
/** @type {any} */
const deskbell = Object.assign(command, { version: VERSION });
/** Runs something when the page is idle, or after two seconds if it never is. @param {() => unknown} act */
const idle = (act) => page.requestIdleCallback?.(() => act(), { timeout: 2000 }) ?? setTimeout(act, 2000);
/** Deskbell's own button, for pages without a trigger; after frameworks have found the page as the server wrote it. */
const mountLauncher = () => {
  if (launcher) idle(() => host().then(({ launch }) => launch(parts(), shadow(), toggle, on, doubt()), blank));
};
let lives = false;
/** Adds to the page what listens and what is shown. */
const start = () => {
  listen(window, "deskbell", () => (lives = true));
  watchErrors();
  watchRequests();
  watchPerson();
  watchRoutes();
  watch();
  mountLauncher();
};
/** Starts again after `document.open()`, which removes all listeners: those of the window and those in the panel. */
const revive = () => {
  lives = life.signal.aborted || !document.documentElement;
  dispatchEvent(new Event("deskbell"));
  if (lives) return;
  renew();
  unload();
  repaint();
  start();
};
const before = global("deskbell");
// If the script is embedded twice, the first one stays.
if (!before?.version) {
  page.deskbell = deskbell;
  for (const options of [global("deskbellSettings"), global(setting("config") ?? "")])
    if (options) deskbell("configure", options);
  for (const [args, resolve, reject] of before?.q ?? []) deskbell(...args).then(resolve, reject);
  start();
  new MutationObserver(() => idle(revive)).observe(document, { childList: true });
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
