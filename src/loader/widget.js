// What the loader imports: the glue that Trunk makes, and what belongs to the form.

import {
  answer,
  changed as formChanged,
  initSync as init,
  mount as mountForm,
  open as openForm,
  follows,
} from "trunk:glue";

import { describe } from "./collect/describe.js";
import { gather } from "./collect/gather.js";
import { learn, token } from "./identity.js";
import { forgetSession, session } from "./session.js";
import { blank } from "./state.js";
import { counter } from "./visits.js";

export { init, gather };

const PATIENCE_MS = 1000;

/** @type {import("./widget-loader.js").Parts["state"]} */
let state;
let mounted = false;
/** Who was here when they were last heard of. @type {unknown[]} */
let person = [];
/** What follows the person's tickets, once it is fetched. @type {(() => Promise<Followed>) | undefined} */
let tickets;

const who = () => [state.token, state.user?.id];

/** The token has said who is here. */
const learned = () => {
  person = who();
  formChanged(false);
};

/** The host has said something new. @param {boolean} reset */
export const changed = async (reset) => {
  if (reset) forgetSession();
  if (mounted) formChanged(reset);
  if (!state) return;
  const before = person;
  person = who();
  if (mounted) learn(state, learned);
  if (!tickets || (!reset && before.every((said, at) => said == person[at]))) return;
  const { line } = await tickets();
  if (reset) line.forget();
  else line.look();
};

/** Leads where the options say. @param {object} options */
export const open = async (options) => {
  openForm(options);
  // What was read is read only when it is seen.
  if (tickets) (await tickets()).module.refresh();
};

/** Draws the widget into the panel. @param {Parts} parts */
export const mount = (parts) => {
  const { site, state: told } = parts;
  state = told;
  person = who();
  const follow = followed(parts);
  const { siteUrl } = access(parts);
  parts.wear(PANEL_CSS);
  const own = {
    ...access(parts),
    version: VERSION,
    describe,
    sends: sends(parts),
    answers: once(() => answers(parts)),
    elsewhere: elsewhere(parts, siteUrl),
    follow: () => follow().then(({ line }) => line.touched()),
    conversations: conversations(parts, follow),
  };
  mountForm({ ...parts, ...counter(site, siteUrl), ...own });
  mounted = true;
  // One after the other, so that one token serves both.
  learn(state, learned).then(async () => {
    if (state.token || session(site, false)) (await follow()).line.look();
  });
};

/** Follows the tickets that the device remembers. @param {Parts} parts */
export const resume = async (parts) => {
  state = parts.state;
  person = who();
  const { line } = await followed(parts)();
  line.resume();
};

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {{module: any, line: ReturnType<typeof import("./follow.js").follow>}} Followed */

/** The way to the gateway, and who asks. @param {Parts} parts */
const access = ({ site, gateway }) => ({
  siteUrl: `${gateway.replace(/\/+$/, "")}/v1/sites/${encodeURIComponent(site)}`,
  session: () => session(site),
  token: (/** @type {boolean} */ refused) => token(state, refused),
});

/** Follows the person's tickets. @param {Parts} parts */
const followed = (parts) =>
  (tickets ??= once(async () => {
    const module = await script(parts.preload, "tickets", TICKETS_INTEGRITY);
    const line = module.follow({
      ...parts,
      ...access(parts),
      changed: (/** @type {import("./follow.js").Change} */ { ticket, total, unread }) => {
        if (mounted) follows(total, unread);
        module.refresh(ticket?.id);
      },
    });
    return { module, line };
  }));

/** Shows the person's tickets, or one of them. @param {Parts} parts @param {() => Promise<Followed>} follow */
const conversations = (parts, follow) => {
  const draws = once(async () => {
    const wasm = WebAssembly.compileStreaming(fetch(`${base}tickets.wasm`, { integrity: TICKETS_WASM_INTEGRITY }));
    wasm.catch(blank);
    const [{ module, line }, named] = await Promise.all([follow(), labels(parts)]);
    module.init({ module: await wasm });
    parts.wear(module.css);
    return { module, line, named };
  });
  return async (/** @type {HTMLElement} */ place, /** @type {string} */ id) => {
    const { module, line, named } = await draws();
    module.show(place, parts["live"], line, answer, parts.lang, named, id);
  };
};

const base = new URL(".", import.meta.url).href;

/** Shows what is sent. What its parts are called comes in a second, or not at all. @param {Parts} parts */
const sends = (parts) => {
  const { preload, wear, lang, gateway } = parts;
  const fetchModule = once(async () => {
    const module = await fetched(preload, "sends", SENDS_INTEGRITY, SENDS_WASM_INTEGRITY);
    wear(module.css);
    return module;
  });
  return async (/** @type {Element} */ place) => {
    const named = labels(parts);
    const module = await fetchModule();
    module.look(place, answer, lang, await named, new URL(gateway).host);
  };
};

/** The texts of the modules; undefined where they do not come in a second. @param {Parts} parts */
const labels = ({ lang }) => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const texts = fetch(`${base}${lang}.labels.json`, { signal }).then((answer) => answer.json());
  return texts.catch(blank);
};

/**
 * Does something once; a failure is forgotten, so that the next one may have better luck.
 * @template T @param {() => Promise<T>} act
 */
const once = (act) => {
  /** @type {Promise<T> | undefined} */
  let done;
  return () => {
    done ??= act();
    done.catch(() => (done = undefined));
    return done;
  };
};

/** Fetches the module that shows answers. @param {Parts} parts */
const answers = async ({ preload, wear }) => {
  const module = await fetched(preload, "answers", ANSWERS_INTEGRITY, ANSWERS_WASM_INTEGRITY);
  wear(module.css);
  return module;
};

/**
 * Lets the module of the engines answer in the gateway's place, where the page or its gateway names some.
 * @param {Parts} parts @param {string} siteUrl
 */
const elsewhere = ({ preload, state }, siteUrl) => {
  const module = once(() => fetched(preload, "engines", ENGINES_INTEGRITY, ENGINES_WASM_INTEGRITY));
  return (/** @type {any} */ published, /** @type {string} */ what) => {
    const named = [published, ...state.config].map((from) => from?.sources);
    const sources = named.filter(Boolean).pop();
    if (sources && what != "config") return module().then((engines) => engines.ask(sources, siteUrl, what));
  };
};

/**
 * @param {Parts["preload"]} preload @param {string} name @param {string} integrity
 * @param {string} wasmIntegrity
 */
const fetched = async (preload, name, integrity, wasmIntegrity) => {
  const wasm = WebAssembly.compileStreaming(fetch(`${base}${name}.wasm`, { integrity: wasmIntegrity }));
  wasm.catch(blank);
  const module = await script(preload, name, integrity);
  module.init({ module: await wasm });
  return module;
};

/** @param {Parts["preload"]} preload @param {string} name @param {string} integrity */
const script = async (preload, name, integrity) => {
  const href = `${base}${name}.js`;
  await preload(href, integrity);
  return import(href);
};
