// What comes right after the form: it keeps what is written and sends it, gathers what goes along, and has modules beside the form,
// each fetched when somebody needs it and with its integrity. They share neither memory nor code with the form, so they ask it.

import { as, reporting } from "./asking.js";
import { assign } from "./assign.js";
import { gather } from "./collect/gather.js";
import { attachments } from "./attachments.js";
import { purge } from "./disk.js";
import { keep } from "./draft.js";
import { drops } from "./drops.js";
import { forget } from "./forget.js";
import { marks } from "./marks.js";
import { once } from "./once.js";
import { replies } from "./replies.js";
import { forgetSession, session as sessionOf } from "./session.js";
import { outbox } from "./outbox.js";
import { sized } from "./sizes.js";
import { blank } from "./state.js";
import { draw, explained, ladder, saved } from "./waiting.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {(what: string, about: string) => any} Form answers for the form */
/** @typedef {{module: any, line: ReturnType<typeof import("./follow.js").follow>}} Followed */

/** How long a module is kept waiting for the texts of its language. */
const PATIENCE_MS = 1000;
/** How long whoever sends waits for what the site asks for, where it is not there yet. */
const COMING_MS = 3000;
const base = new URL(".", import.meta.url).href;
/** The files that go along where no gateway says which. */
const FILES = { max_bytes: 10_000_000, max_count: 10, types: ["*/*"] };

/**
 * Makes ready. `said` tells what the configuration says under a name; `heard` is told how many tickets there are and how many
 * messages are unread, or with nothing that something else has changed.
 * @param {Parts} parts @param {Form} form @param {(name: string) => any} said @param {(...counts: number[]) => void} heard
 */
export const start = async (parts, form, said, heard) => {
  const token = reporting(parts, parts["token"]);
  const { wear, lang, gateway, siteUrl, zendesk, state, emit, own, site: key } = parts;
  let session = (/** @type {boolean} */ make = true) => sessionOf(key, make);
  const { cookieDomain, env } = parts.script.dataset;
  if (cookieDomain || env)
    // Where it cannot be fetched the session is the origin's.
    await script(parts.preload, "options", OPTIONS_INTEGRITY).then(
      (module) => (session = module.start(parts, session)),
      blank,
    );
  parts = { ...parts, token, session };
  // Before anything else asks the database.
  const forgotten = forget(key);
  /** With the panel, once it is painted: on some pages tickets are followed before. */
  let all = parts;
  const labels = once(() => texts(lang));
  /** For whoever can do without them. */
  const labelled = () => labels().catch(blank);
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
  /** What was answered to its fields before they were there. @type {any} */
  let answered;
  const additions = once(async () => {
    added = (await site()).start(all, form, await labelled());
    if (answered) added.restore(answered);
    return added;
  });

  /** What follows the tickets, once it is there. @type {Followed | undefined} */
  let following;
  const follow = once(async () => {
    const module = await script(parts.preload, "tickets", TICKETS_INTEGRITY);
    /** @param {import("./follow.js").Change} change */
    const changed = ({ ticket, total, unread }) => {
      heard(total, unread);
      module.refresh(ticket?.id);
    };
    const line = module.follow({ ...parts, changed });
    /**
     * Sends a reply with the files that go along with something.
     * @param {string} path @param {string} body @param {string} text @param {string} of
     */
    const reply = async (path, body, text, of) => {
      const files = carried.ids(of);
      const whole = files.length ? JSON.stringify({ ...JSON.parse(body), attachments: files }) : body;
      const outcome = await sealed?.send({
        path: `/tickets${path}`,
        body: whole,
        text,
        signed: true,
        files,
        of,
      });
      return explained(outcome, await labelled());
    };
    Object.assign(line, written, {
      base: gateway.slice(0, -1),
      sized: (/** @type {number} */ bytes) => sized(bytes, lang),
      /** @param {string} path @param {string} body @param {string} text */
      send: (path, body, text) => reply(path, body, text, `reply:${path.split("/")[1]}`),
      /** What was to be a ticket becomes a reply. @param {string} path @param {string} body @param {string} text */
      add: (path, body, text) => reply(path, body, text, draft?.id() ?? ""),
      /** Shows the files of a reply. @param {Element} place @param {string} id */
      files: (place, id) =>
        files()
          .then((files) => files.show(place, `reply:${id}`))
          .catch(blank),
    });
    return (following = { module, line });
  });
  const conversations = once(async () => {
    const wasm = compiled("tickets", TICKETS_WASM_INTEGRITY);
    const { module, line } = await follow();
    module.init({ module: await wasm });
    wear(module.css);
    return (/** @type {"show" | "showAlike"} */ shows, /** @type {Element} */ place, /** @type {any} */ about) =>
      labelled().then((named) => module[shows](place, all["live"], line, form, lang, named, about));
  });

  const limits = () => (siteUrl ? said("attachments") : FILES);
  /** Keeps whose token was read last: a `reset` where nobody has read it yet is theirs (`deskbell.js`). */
  const remember = () => {
    try {
      if (state.token && state.user?.id) localStorage[`deskbell:${key}:user`] = state.user.id;
    } catch {}
  };
  remember();

  const written = replies(parts);
  const carried = attachments(siteUrl);
  const camera = once(async () => {
    const { possible, shoot } = await script(parts.preload, "shot", SHOT_INTEGRITY);
    const { root, dialog } = all;
    const words = await labels();
    return { possible, shoot: shoot.bind(null, { root, dialog, wear, words, lang }) };
  });
  const files = once(async () => {
    const module = await script(parts.preload, "files", FILES_INTEGRITY);
    wear(module.css);
    return module.start({
      attachments: carried,
      limits,
      put:
        siteUrl &&
        ((/** @type {string} */ id) => {
          const user = `${state.user?.id ?? ""}`;
          return carried.put(id, session(), (refused) => all["token"](refused, user));
        }),
      changed: () => draft?.save(),
      announce: (/** @type {string} */ text) => (all["live"].textContent = text),
      words: await labels(),
      lang,
      camera,
    });
  });
  /** Adds files to what is being written. @param {FileList | undefined} list */
  const bring = async (list) => {
    if (!list?.length || !limits()) return;
    const added = [...list];
    const place = all["root"].getElementById("reply-files");
    if (!place) all["freeze"]();
    await (await files()).add(place ? `reply:${place.dataset.of}` : draft?.id(), added);
  };
  /** @type {ReturnType<typeof keep> | undefined} */
  let draft;
  /** What is sealed, once the panel is there. @type {ReturnType<typeof outbox> | undefined} */
  let sealed;
  /** What was sealed last: what the person wrote, all of what was sent, and the files that could not be. @type {[string, string, string[]?, string[]?]} */
  let last = ["", ""];
  const queued = marks("data-deskbell-queued", parts.triggers);
  const copy = (/** @type {string} */ text) => form("copy", text);

  /** Draws what waits to be sent. @param {Element} place */
  const waits = async (place) => {
    /** @param {import("./outbox.js").Item} item */
    const edit = async (item) => {
      form("mend", item.body);
      await carried.give(item.files, draft?.id() ?? "");
      await draft?.save();
      await sealed?.discard(item, true);
    };
    if (sealed)
      await draw(place, sealed, await labels(), lang, all["email"], copy, edit, siteUrl ? "unreachable" : "unsent");
  };
  const turned = () => {
    heard();
    queued(state.queued);
    const place = all["root"].getElementById("waiting");
    if (place) waits(place).catch(blank);
  };

  /** Where words go that are searched for; empty where they stay on the page. */
  const searched = () => {
    if (siteUrl) return new URL(gateway).host;
    return said("sources")?.some((/** @type {any} */ { engine }) => engine == "github") ? "api.github.com" : "";
  };

  const trap = document.createElement("input");
  // What nobody can see only robots fill in.
  assign(trap, { name: "website", tabIndex: -1, autocomplete: "off", className: "live", "aria-hidden": "true" });

  /** How the ticket stands in the form. */
  const ticket = () => JSON.parse(form("form", ""));
  /** Puts one there. @param {any} ticket @param {string} id of the draft that it is */
  const fill = (ticket, id) => {
    form("restore", JSON.stringify(ticket));
    answered = ticket;
    added?.restore(ticket);
    carried.load(id).then(shown).catch(blank);
  };
  /** Draws the files of the form, where it is open. */
  const shown = async () => {
    const place = all["root"]?.getElementById("files");
    // Without it the form is whole.
    if (place && draft) await (await files()).show(place, draft.id());
  };
  /** Something has arrived. */
  const touched = async () => {
    if (!siteUrl) return;
    const { module, line } = await follow();
    line.touched();
    module.refresh();
  };

  const known = once(() => script(parts.preload, "tools", TOOLS_INTEGRITY));
  /** What knows other tools, where there are some. */
  const tools = () => ("posthog" in window || "__SENTRY__" in window ? known() : undefined);
  const recovery = once(() => script(parts.preload, "recovery", RECOVERY_INTEGRITY));
  const sender = once(() => script(parts.preload, "zendesk", ZENDESK_INTEGRITY));
  /** Sends what is sealed without a gateway. @param {import("./outbox.js").Item} item @param {() => Promise<boolean>} begin */
  const straight = async (item, begin) => {
    for (const what of ["requests", "uploads"]) own.add(`${zendesk}/api/v2/${what}.json`);
    try {
      return (await sender()).deliver(zendesk, item, carried.find, begin, await labelled());
    } catch {
      return { status: 0 };
    }
  };

  return {
    /** The panel is there. @param {Parts} parts */
    painted: (parts) => {
      all = { ...all, ...parts };
      parts["live"].after(trap);
      state.gather = (snapshot) => gather(snapshot, tools);
      tools()?.catch(blank);
      if (state.frozen) parts.complete(state.frozen);
      draft ??= keep(all, ticket, fill, labelled, recovery);
      sealed ??= outbox({
        .../** @type {any} */ (parts),
        siteUrl,
        session,
        token: all["token"],
        emit,
        words: labelled,
        recovery,
        attachments: carried,
        straight: zendesk && straight,
        changed: turned,
        moved: () => draft?.check().catch(blank),
        arrived: (item, text) => {
          touched().catch(blank);
          last = [item.text, item.body, item.lost, item.stopped];
          form("arrived", item.draft && text);
        },
      });
      drops(all["dialog"], (files) => bring(files).catch(blank));
      purge().catch(blank);
      // Where the network is gone they could not be fetched any more.
      labelled();
    },
    follow,
    /** Follows the tickets of whoever may have some, or with `late` only where nothing does yet. @param {boolean} [late] */
    look: async (late) => (state.token || session(false)) && ((late && following) || (await follow()).line.look()),
    answers,
    /** The configuration with what is promised to whom the host has signed; without a good token it is that which everybody reads. */
    promised: () =>
      as("", token, async (headers) => {
        const answer = await fetch(`${siteUrl}/config`, { headers, credentials: "omit", cache: "no-store" });
        return { status: answer.status, text: await answer.text() };
      }).then(({ status, text }) => status == 200 && JSON.parse(text)),
    /** Asks the engines. @param {any} sources @param {string} what */
    ask: async (sources, what) => (await engines()).ask(sources, siteUrl, what, own),

    /** Draws into a place what it is named after. @param {Element} place @param {string} about */
    show: async (place, about) => {
      const [fields, consent] = [said("fields"), !!said("consent")];
      if (place.id == "sends") (await sends()).look(place, form, lang, await labelled(), searched());
      else if (place.id == "tickets") await (await conversations())("show", place, about);
      else if (place.id == "waiting") await waits(place);
      else if (place.id == "files") await shown();
      else if (place.id == "ladder") {
        const words = await labels();
        place.className = "row";
        const text = all["box"].value;
        place.replaceChildren(...ladder(text, (key) => words[key], all["email"], copy, JSON.stringify(ticket())));
      } else if (place.id == "copy") place.replaceChildren(...saved(await labels(), last, !siteUrl));
      else if (consent || fields?.length) {
        const drawn = additions().then((site) => site.ask(place, fields, consent));
        coming = drawn.catch(blank);
        await drawn;
      }
    },

    /** Shows what is broken. */
    notices: async () => (await additions()).notices(),

    /** What stands on a ticket beside what the form asks for. */
    extras: () => {
      const { fields, consent } = added?.values() ?? answered ?? {};
      return { website: trap.value, fields, consent, attachments: carried.ids(draft?.id() ?? "") };
    },

    /** The configuration is there. */
    configured: () => shown().catch(blank),

    /** Whether nothing is in the way of sending; what is has been said. */
    ready: async () => {
      await Promise.race([coming, new Promise((late) => setTimeout(late, COMING_MS))]);
      if (added && !added.complete()) return false;
      const { module, line } = following ?? {};
      return !(await module?.alike(all["root"].getElementById("site"), line, form, conversations));
    },

    /**
     * Seals the ticket and sends it; gives what its first try came to.
     * @param {string} body @param {string} text what the person wrote @param {boolean} signed
     */
    send: async (body, text, signed) => {
      // In the body, because that is what is sealed: every try says it, and nothing else can be sent under its key.
      if (env == "test") body = `{"test":true,${body.slice(1)}`;
      const files = JSON.parse(body).attachments ?? [];
      const of = draft?.id() ?? "";
      const outcome = await sealed?.send({ path: "/tickets", body, text, signed, files, of }, draft?.about());
      // What was refused is a draft again.
      if (outcome?.word == "refused") draft?.save();
      return explained(outcome, await labelled());
    },

    /** The draft was sent off. */
    sealed: () => {
      added?.forget();
      answered = undefined;
      draft?.sent();
      shown().catch(blank);
    },

    /**
     * Somebody else is here, or with `reset` nobody any more.
     * @param {string} user the id of who was here @param {boolean} [reset] @param {boolean} [discard]
     */
    other: (user, reset = false, discard = false) => {
      remember();
      // First of all, so that nothing of it is found again.
      const gone = reset && forget(key, { user, discard, at: Date.now() });
      const done = Promise.allSettled([gone, sealed?.other(reset, discard)]);
      if (reset || user) following?.module.leave();
      if (reset) {
        forgetSession();
        added?.forget();
        answered = undefined;
        written.clear();
        carried.drop(carried.of(draft?.id() ?? "").map(({ id }) => id));
        draft?.reset();
        following?.line.forget();
      } else {
        draft?.other();
        following?.line.meet();
      }
      return done;
    },

    /** Who is here may be signed now, or not any more. */
    met: () => {
      remember();
      following?.line.meet();
    },

    /** Settles once what `reset` lets go of is gone, or cannot be deleted now. */
    finishReset: () => forgotten,

    /** What was read is read only when it is seen. */
    seen: () => following?.module.refresh(),
  };
};

/** The texts of a language for the modules; rejects where they do not come in time. @param {string} lang */
const texts = (lang) => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return fetch(`${base}${lang}.labels.json`, { signal }).then((answer) => answer.json());
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
