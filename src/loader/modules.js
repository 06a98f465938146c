// What `widget.js` imports to have modules beside the form, each fetched when somebody needs it and with its integrity: they
// share neither memory nor code with the form, so they ask it.

import { once } from "./once.js";
import { blank } from "./state.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {(what: string, about: string) => any} Form answers for the form */
/** @typedef {{module: any, line: ReturnType<typeof import("./follow.js").follow>}} Followed */

/** How long a module is kept waiting for the texts of its language. */
const PATIENCE_MS = 1000;
/** How long whoever sends waits for what the site asks for, where it is not there yet. */
const COMING_MS = 3000;
const base = new URL(".", import.meta.url).href;

/**
 * Makes ready. `heard` is told how many tickets there are, and how many messages are unread.
 * @param {Parts} parts @param {Form} form @param {(total: number, unread: number) => void} heard
 */
export const start = (parts, form, heard) => {
  const { wear, lang, gateway, siteUrl } = parts;
  /** With the panel, once it is painted: on some pages tickets are followed before. */
  let all = parts;
  const labels = once(() => texts(lang));
  const styled = (/** @type {string} */ name, /** @type {string[]} */ ...integrity) =>
    once(async () => {
      const module = await fetched(parts.preload, name, integrity);
      if (module.css) wear(module.css);
      return module;
    });
  const answers = styled("answers", ANSWERS_INTEGRITY, ANSWERS_WASM_INTEGRITY);
  const engines = styled("engines", ENGINES_INTEGRITY, ENGINES_WASM_INTEGRITY);
  const sends = styled("sends", SENDS_INTEGRITY, SENDS_WASM_INTEGRITY);
  const site = styled("site", SITE_INTEGRITY, SITE_WASM_INTEGRITY);

  /** What the site adds, once it is there. @type {any} */
  let added;
  /** That it is on its way. @type {Promise<unknown> | undefined} */
  let coming;
  const additions = once(async () => (added = (await site()).start(all, form, await labels())));

  /** What follows the tickets, once it is there. @type {Followed | undefined} */
  let following;
  const follow = once(async () => {
    const module = await script(parts.preload, "tickets", TICKETS_INTEGRITY);
    /** @param {import("./follow.js").Change} change */
    const changed = ({ ticket, total, unread }) => {
      heard(total, unread);
      module.refresh(ticket?.id);
    };
    return (following = { module, line: module.follow({ ...parts, changed }) });
  });
  const conversations = once(async () => {
    const wasm = compiled("tickets", TICKETS_WASM_INTEGRITY);
    const { module, line } = await follow();
    module.init({ module: await wasm });
    wear(module.css);
    return (/** @type {"show" | "showAlike"} */ shows, /** @type {Element} */ place, /** @type {any} */ about) =>
      labels().then((named) => module[shows](place, all["live"], line, form, lang, named, about));
  });

  const trap = document.createElement("input");
  // What nobody can see only robots fill in.
  Object.assign(trap, { name: "website", tabIndex: -1, autocomplete: "off", className: "live", ariaHidden: true });

  return {
    /** The panel is there. @param {Parts} parts */
    painted: (parts) => {
      all = { ...all, ...parts };
      parts["live"].after(trap);
    },
    follow,
    answers,
    /** Asks the engines. @param {any} sources @param {string} what */
    ask: async (sources, what) => (await engines()).ask(sources, siteUrl, what),

    /**
     * Draws into a place what it is named after; `fields` and `consent` are what the site asks for beside the form.
     * @param {Element} place @param {string} about @param {any} fields @param {boolean} consent
     */
    show: async (place, about, fields, consent) => {
      if (place.id == "sends") (await sends()).look(place, form, lang, await labels(), new URL(gateway).host);
      else if (place.id == "tickets") await (await conversations())("show", place, about);
      else if (consent || fields?.length) {
        const drawn = additions().then((site) => site.ask(place, fields, consent));
        coming = drawn.catch(blank);
        await drawn;
      }
    },

    /** Shows what is broken. */
    notices: async () => (await additions()).notices(),

    /** What stands on a ticket beside what the form asks for. */
    extras: () => ({ website: trap.value, ...added?.values() }),

    /** Whether nothing is in the way of sending; what is has been said. */
    ready: async () => {
      await Promise.race([coming, new Promise((late) => setTimeout(late, COMING_MS))]);
      if (added && !added.complete()) return false;
      const { module, line } = following ?? {};
      return !(await module?.alike(all["root"].getElementById("site"), line, form, conversations));
    },

    /** A ticket was sent. */
    sent: async () => {
      added?.forget();
      (await follow()).line.touched();
    },

    /** Somebody else is here, or with `reset` nobody any more. @param {boolean} reset */
    other: (reset) => {
      if (reset) added?.forget();
      if (reset) following?.line.forget();
      else following?.line.look();
    },

    /** What was read is read only when it is seen. */
    seen: () => following?.module.refresh(),
  };
};

/** The texts of a language for the modules; undefined where they do not come in time. @param {string} lang */
const texts = (lang) => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const texts = fetch(`${base}${lang}.labels.json`, { signal }).then((answer) => answer.json());
  return texts.catch(blank);
};

/** @param {Parts["preload"]} preload @param {string} name @param {string[]} integrity */
const fetched = async (preload, name, [integrity = "", wasmIntegrity = ""]) => {
  const wasm = compiled(name, wasmIntegrity);
  const module = await script(preload, name, integrity);
  module.init({ module: await wasm });
  return module;
};

/** @param {string} name @param {string} integrity */
const compiled = (name, integrity) => {
  const wasm = WebAssembly.compileStreaming(fetch(`${base}${name}.wasm`, { integrity }));
  wasm.catch(blank);
  return wasm;
};

/** @param {Parts["preload"]} preload @param {string} name @param {string} integrity */
const script = async (preload, name, integrity) => {
  const href = `${base}${name}.js`;
  await preload(href, integrity);
  return import(href);
};
