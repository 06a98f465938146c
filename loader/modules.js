// Loaded right after the form: it stores drafts, submits, collects the context, and fetches the scripts and the chunks
// of the program besides the form when they are needed, with their integrity.

import { as, reporting } from "./asking.js";
import { assign } from "./assign.js";
import { attachments } from "./attachments.js";
import { uncover } from "./covered.js";
import { got, purge, transact } from "./disk.js";
import { keep } from "./draft.js";
import { drops } from "./drops.js";
import { ask } from "./engines.js";
import { forget, forgottenUser } from "./forget.js";
import { marks } from "./marks.js";
import { once } from "./once.js";
import { explained } from "./outcome.js";
import { replies } from "./replies.js";
import { save } from "./save.js";
import { forgetSession, session as sessionOf } from "./session.js";
import { outbox } from "./outbox.js";
import { watchRoot } from "./root.js";
import { blank } from "./state.js";
import { SCRIPT_MS, within } from "./within.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */

/** How long a module waits for texts that it can do without. */
const PATIENCE_MS = 1000;
const base = new URL(".", import.meta.url).href;
/** How long a request may take. */
const REQUEST_MS = 10_000;
/** The default settings for attachments without a gateway. */
const FILES = { max_bytes: 10_000_000, max_count: 10, types: ["*/*"] };

/**
 * Initialises the module. `said` returns a field of the configuration; `heard` gets the number of tickets and of
 * unread messages, or nothing if something else has changed; `ticketsChanged` gets the id of a ticket that has changed,
 * empty if it may be any.
 * @param {Parts} parts @param {(name: string) => any} said
 * @param {(...counts: number[]) => void} heard @param {(id: string) => void} ticketsChanged
 */
export const start = async (parts, said, heard, ticketsChanged) => {
  const token = reporting(parts, parts["token"]);
  const { wear, siteUrl, zendesk, state, emit, own, site: key, chunk } = parts;
  const program = /** @type {import("./widget.js").Program} */ (parts["program"]);
  let session = (/** @type {boolean} */ make = true) => sessionOf(key, make);
  const { cookieDomain, env } = parts.script.dataset;
  if (cookieDomain || env)
    // If it cannot be fetched, the origin's session is used.
    await script(parts.preload, "options", OPTIONS_INTEGRITY).then(
      (module) => (session = module.start(parts, session)),
      blank,
    );
  parts = { ...parts, token, session };
  // Before anything else reads the database.
  const forgotten = forget(key);
  /** With the panel once it is painted: on some pages tickets are followed before that. */
  let all = parts;
  let { lang } = parts;
  /** Runs a function once for each language. @template T @param {() => Promise<T>} act */
  const spoken = (act) => {
    /** @type {Record<string, () => Promise<T>>} */
    const done = {};
    return () => (done[lang] ??= once(act))();
  };
  const labels = spoken(() => texts(lang));
  /** For callers who can do without them, and do not wait long. */
  const labelled = () => Promise.race([labels(), new Promise((late) => setTimeout(late, PATIENCE_MS))]).catch(blank);
  /** The screens of the chunk `screens`, with their script and their style. */
  const screens = once(async () => {
    const [module] = await Promise.all([script(parts.preload, "screens", SCREENS_INTEGRITY), chunk("screens")]);
    wear(module.css);
    return module;
  });

  /** What follows tickets, once it has loaded. @type {ReturnType<typeof import("./follow.js").follow> | undefined} */
  let following;
  const follow = once(async () => {
    const module = await script(parts.preload, "tickets", TICKETS_INTEGRITY);
    /** @param {import("./follow.js").Change} change */
    const changed = ({ ticket, total, unread }) => {
      heard(total, unread);
      ticketsChanged(ticket?.id ?? "");
    };
    return (following = /** @type {ReturnType<typeof import("./follow.js").follow>} */ (
      module.follow({ ...parts, changed })
    ));
  });
  /**
   * Submits a reply to the ticket with an id, with the attachments of an owner.
   * @param {string} id @param {string} body @param {string} text what the customer wrote @param {string} of
   * @param {string} place the key of its draft @param {import("./outbox.js").Keep} keep
   * @param {string} [replyDraft] the id of its draft, if it was written as a reply
   */
  const reply = async (id, body, text, of, place, keep, replyDraft) => {
    const files = carried.ids(of);
    const whole = files.length ? JSON.stringify({ ...JSON.parse(body), attachments: files }) : body;
    const path = `/tickets/${id}/messages`;
    const ticket = { path, body: whole, text, signed: true, files, of, replyDraft };
    const outcome = await sealed?.send(ticket, { id: "", place }, keep, complete);
    return explained(outcome, await labelled());
  };

  const limits = () => (siteUrl ? said("attachments") : FILES);
  /** Stores whose token was read last: a `reset` before a token is read refers to this user (`deskbell.js`). */
  const remember = () => {
    try {
      if (state.token && state.user?.id) localStorage[`deskbell:${key}:user`] = state.user.id;
    } catch {}
  };
  remember();

  const written = replies(parts);
  const carried = attachments(siteUrl);
  /**
   * Adds to a submission, before it is stored, the attachments that other tabs have added to its draft, unless one of them
   * has continued it with another text.
   * @param {import("./outbox.js").Item} item
   */
  const complete = async (item) => {
    const { of = "", place = "", text, files } = item;
    const there = await transact(["drafts"], (drafts) => got(drafts.get(place))).catch(blank);
    if ((there?.ticket?.message ?? there?.text) == text) await carried.load(of);
    // Somebody may have signed in meanwhile, and has the draft now.
    if (draft?.id() == of) item.place = draft.about().place;
    const others = carried.ids(of).filter((id) => !files.includes(id));
    if (!others[0]) return;
    // Together they may be more than a message can have.
    const added = others.slice(0, Math.max(0, (limits()?.max_count ?? Infinity) - files.length));
    item.unaccepted = [...(item.unaccepted ?? []), ...carried.names(others.slice(added.length))];
    item.files = [...files, ...added];
    item.names = carried.names(item.files);
    item.body = JSON.stringify({ ...JSON.parse(item.body), attachments: item.files });
  };
  const camera = spoken(async () => {
    const { possible, shoot } = await script(parts.preload, "shot", SHOT_INTEGRITY);
    const { root, dialog } = all;
    const words = await labels();
    return { possible, shoot: shoot.bind(null, { root, dialog, wear, words, lang }) };
  });
  /** Whether the browser can take a picture of the page. */
  let captures = false;
  /** The owner of attachments: the draft, unless another one is named. @param {string} owner */
  const ownerOf = (owner) => owner || draft?.id() || "";
  const userId = () => `${state.user?.id ?? ""}`;
  /** Stores a text as the draft; resolves to whether the device has it, and to nothing if the form has another one. @param {string} text */
  const saveDraft = async (text) => (all["box"].value == text ? !!(await draft?.save()) : undefined);
  /** Uploads an attachment as its user. @param {string} id */
  const upload = (id, user = userId(), own = session()) =>
    carried.put(id, own, (refused) => all["token"](refused, user));
  /**
   * Adds files to an owner, and uploads them. Resolves once they are stored.
   * @param {string} owner @param {File[]} files @param {string} [replaced] the attachment in whose place the file comes
   * @returns {Promise<boolean>} whether one was added
   */
  const attach = async (owner, files, replaced = "") => {
    const [takes, whose] = [limits(), ownerOf(owner)];
    const unnamed = files.every(({ name }) => name) || (await labelled())?.shot_file;
    // What is being sent is complete, and the next draft is another one.
    if (!takes || (!owner && all["box"].readOnly) || whose != ownerOf(owner)) return false;
    const room = replaced ? { ...takes, max_count: takes.max_count + 1 } : takes;
    const { added, refused, stored } = carried.add(whose, files, room, unnamed || "file");
    const [user, own] = [userId(), siteUrl && added[0] ? session() : ""];
    await stored;
    // The original stays if the site does not accept what it became.
    if (replaced && added.length) await carried.drop([replaced]);
    if (added.length) draft?.save();
    const uploaded = siteUrl ? Promise.all(added.map((id) => upload(id, user, own))) : undefined;
    program.filesAdded({ owner: whose, added, refused, uploaded, limits: takes });
    return added.length > 0;
  };
  /** The field of the browser's dialog. It is held here and not in the panel, which may be drawn again before somebody has chosen. */
  const chooser = document.createElement("input");
  chooser.type = "file";
  chooser.multiple = true;
  /** @param {string} owner @param {string} accept the types that the dialog offers */
  const choose = (owner, accept) => {
    chooser.accept = accept;
    chooser.value = "";
    chooser.onchange = () => attach(owner, [.../** @type {FileList} */ (chooser.files)]);
    chooser.click();
  };
  /** Adds files to the message that is being written. @param {FileList | undefined} list */
  const bring = async (list) => {
    if (!list?.length || !limits()) return;
    const added = [...list];
    const place = all["root"].getElementById("reply-files");
    if (!place) all["freeze"]();
    await attach(place?.dataset.of ?? "", added);
  };
  /** @type {ReturnType<typeof keep> | undefined} */
  let draft;
  /** The outbox, once the panel is painted. @type {ReturnType<typeof outbox> | undefined} */
  let sealed;
  /** The last submission that has arrived. @type {Partial<import("./outbox.js").Item>} */
  let last = {};
  const queued = marks("data-deskbell-queued", parts.triggers, parts.signal);
  const turned = () => {
    heard();
    queued(state.queued);
  };
  /** A submission by its key. @param {string} key */
  const submission = async (key) => (await sealed?.items())?.find((item) => item.key == key);

  const trap = document.createElement("input");
  // Only robots fill in a field that nobody can see. Password managers go by the name, and some leave it alone if told.
  assign(trap, { name: "db-more", tabIndex: -1, autocomplete: "off", className: "live", "aria-hidden": "true" });
  for (const name of ["1p-ignore", "lpignore", "bwignore", "protonpass-ignore"])
    trap.setAttribute(`data-${name}`, "true");
  trap.setAttribute("data-form-type", "other");

  /** The content of the form as a ticket. */
  const ticket = () => JSON.parse(program.draft());
  /** Fills the form with a ticket. @param {any} ticket @param {string} id of its draft */
  const fill = (ticket, id) => {
    program.restoreDraft(ticket);
    carried.load(id);
  };
  /** Something has arrived. */
  const touched = async () => {
    if (!siteUrl) return;
    (await follow()).touched();
    ticketsChanged("");
  };

  const known = once(() => script(parts.preload, "tools", TOOLS_INTEGRITY));
  /** The module for links to other tools, if the page has such tools. */
  const tools = () => ("posthog" in window || "__SENTRY__" in window ? known() : undefined);
  const collecting = once(async () => {
    const module = await script(parts.preload, "collect", COLLECT_INTEGRITY);
    state.put = module.shown;
    return module;
  });
  const recovery = once(() => script(parts.preload, "recovery", RECOVERY_INTEGRITY));
  const sender = once(() => script(parts.preload, "zendesk", ZENDESK_INTEGRITY));
  /**
   * Sends a submission without a gateway.
   * @param {import("./outbox.js").Item} item @param {() => Promise<boolean>} begin
   */
  const straight = async (item, begin) => {
    for (const what of ["requests", "uploads"]) own.add(`${zendesk}/api/v2/${what}.json`);
    try {
      return await (await sender()).deliver(zendesk, item, carried.find, begin, await labelled());
    } catch {
      return { status: 0 };
    }
  };

  return {
    /** Speaks another language from here on. @param {string} now */
    turn: (now) => (lang = now),
    /** The panel was painted. @param {Parts} parts */
    painted: (parts) => {
      all = { ...all, ...parts };
      parts["live"].after(trap);
      state.complete = (snapshot) =>
        collecting()
          .then((module) => module.complete(snapshot, state, tools))
          .catch(blank);
      tools()?.catch(blank);
      collecting().catch(blank);
      if (state.frozen) state.complete(state.frozen);
      // Where tickets are followed without the panel, the program does not run.
      carried.listen(() => program.attachmentsChanged());
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
          // Every tab counts it, and the gateway counts a visit once.
          const { visit } = /** @type {any} */ (item);
          if (visit) parts["countSent"](visit, item.body);
          // Nobody learns what an earlier user of the page has sent.
          if (item.user ? item.user != userId() : item.session != session(false)) return;
          touched().catch(blank);
          last = item;
          if (item.draft) program.ticketArrived(text);
        },
      });
      watchRoot(all["root"].host, all, all.restore);
      uncover(/** @type {any} */ (all));
      drops(all["dialog"], (files) => bring(files).catch(blank));
      purge().catch(blank);
      // Fetched early, because without a network they could not be.
      labelled();
    },
    follow,
    /**
     * Follows the tickets of a customer who may have some; with `late` only if nothing follows them yet.
     * @param {boolean} [late]
     */
    look: async (late) => (state.token || session(false)) && ((late && following) || (await follow()).look()),
    /** The configuration with the response targets of a signed customer; without a valid token the public one. */
    promised: () =>
      as("", token, async (headers) => {
        const signal = AbortSignal.timeout(REQUEST_MS);
        const answer = await fetch(`${siteUrl}/config`, { headers, credentials: "omit", cache: "no-store", signal });
        return { status: answer.status, text: await answer.text() };
      }).then(({ status, text }) => status == 200 && JSON.parse(text)),
    /** Searches the engines. @param {any} sources @param {string} what */
    ask: async (sources, what) => {
      await chunk("engines");
      return ask(parts["engines"], sources, siteUrl, what, own);
    },

    /** Loads what shows attachments; resolves to their texts. */
    attachments: async () => {
      const [named] = await Promise.all([labels(), chunk("attachments")]);
      // Loaded before somebody presses the button, because the browser allows a capture only right after that.
      camera().then(({ possible }) => {
        captures = possible();
        program.attachmentsChanged();
      }, blank);
      return named;
    },
    /** The attachments of an owner, and what the site accepts. @param {string} owner empty for the draft */
    attached: (owner) => {
      const whose = ownerOf(owner);
      return { ...limits(), uploads: !!siteUrl, captures, owner: whose, files: carried.list(whose) };
    },
    /** Reads the stored attachments of an owner. @param {string} owner */
    restoreAttached: (owner) => carried.load(ownerOf(owner)),
    choose,
    upload,
    /** Removes an attachment. @param {string} id */
    detach: (id) => {
      const done = carried.drop([id]);
      draft?.save();
      return done;
    },
    /** The bytes of an attachment. @param {string} id */
    attachedBlob: (id) => carried.get(id)?.blob,
    /**
     * Takes a picture of the page, or edits one and replaces it. Resolves to whether one was replaced; rejects with the
     * code of what went wrong.
     * @param {string} owner @param {string} id of the picture; empty to take one
     */
    shoot: async (owner, id) => {
      const whose = ownerOf(owner);
      const file = carried.get(id);
      let isReplaced = false;
      const { shoot } = await camera();
      await shoot(async (/** @type {File} */ picture) => {
        const named = file ? new File([picture], file.name.replace(/(\.\w+)?$/, ".png")) : picture;
        const isAdded = await attach(whose, [named], id);
        isReplaced = !!file && isAdded;
      }, file?.blob);
      return isReplaced;
    },

    /** The texts beyond those of the form; rejects if they do not load. */
    labels,

    /** The outbox: its submissions, and whether some could not be stored. */
    outbox: async () => ({ items: await sealed?.items(), unkept: sealed?.unkept() }),
    /** Sends a submission at once. @param {string} key @param {boolean} isUnsure whether it was shown as such */
    sendAgain: (key, isUnsure) => sealed?.again(key, isUnsure),
    /** Discards a submission. @param {string} key */
    discard: async (key) => {
      const item = await submission(key);
      if (item) await sealed?.discard(item);
    },
    /** Puts a submission that was refused back into the form. @param {string} key */
    edit: async (key) => {
      const item = await submission(key);
      // Another tab may be sending it again.
      if (!item?.refused || all["box"].readOnly) return;
      const offer = draft?.putAside();
      const ticket = JSON.parse(item.body);
      program.editTicket(ticket);
      const filesRestored = carried.give(item.files, draft?.id() ?? "");
      await sealed?.giveBack(key, () => saveDraft(ticket.message));
      offer?.();
      await filesRestored;
    },
    /** What was last sent, and the names of the attachments that it lacks. */
    lastSent: () => last,
    save,

    /** Loads the screens beyond the form; resolves to their texts, or to nothing if only these do not load. */
    screens: async () => {
      const [named] = await Promise.all([labelled(), screens()]);
      return named;
    },

    /** Reports that the user is affected by an incident; resolves to the incident, and rejects if that failed. @param {string} id */
    affected: async (id) => {
      const { status, text } = await as(session(), all["token"], async (headers) => {
        const answer = await fetch(`${siteUrl}/incidents`, {
          method: "POST",
          headers: { ...headers, "Content-Type": "application/json" },
          body: JSON.stringify({ id }),
          credentials: "omit",
          signal: AbortSignal.timeout(REQUEST_MS),
        });
        return { status: answer.status, text: await answer.text() };
      });
      if (status >= 400) throw status;
      return JSON.parse(text);
    },

    /** The parts of a ticket that do not come from the form. */
    extras: () => ({ website: trap.value, attachments: carried.ids(draft?.id() ?? "") }),

    /** The configuration was loaded. */
    configured: () => program.attachmentsChanged(),

    /** How many tickets are open, as far as known. */
    openTickets: async () => following?.open(),
    /** Sends a request below `…/tickets`. @param {string} method @param {string} path @param {string} body */
    request: async (method, path, body) => (await follow()).request(method, path, body),
    /** A ticket was changed from the panel. */
    touched: async () => (await follow()).touched(),
    /** Submits a reply. @param {string} id of its ticket @param {string} body @param {string} text */
    reply: async (id, body, text) => {
      const { place, replyDraft, end, giveBack } = written.submit(id);
      const outcome = await reply(id, body, text, `reply:${id}`, place, () => giveBack(text), replyDraft);
      if (!sealed?.unkept(`reply:${id}`)) end();
      return outcome;
    },
    /** Submits the draft of a ticket as a reply. @param {string} id of the ticket @param {string} body @param {string} text */
    addDraft: async (id, body, text) => {
      const { id: of, place } = draft?.about() ?? { id: "", place: "" };
      return reply(id, body, text, of, place, () => saveDraft(text));
    },
    /** The draft of a reply. @param {string} id of its ticket */
    replyDraft: (id) => written.begun(id),
    /** Stores the draft of a reply. @param {string} id of its ticket @param {string} text */
    keepReplyDraft: (id, text) => written.keep(id, text),

    /**
     * Submits the ticket; resolves to the outcome of the first attempt.
     * @param {string} body @param {string} text what the customer wrote @param {boolean} signed
     * @param {string} visit the visit to which it is counted once it has arrived; may be empty
     */
    send: async (body, text, signed, visit) => {
      // In the body, because the body is fixed: every attempt has it, and nothing else can be sent under its key.
      if (env == "test") body = `{"test":true,${body.slice(1)}`;
      const files = JSON.parse(body).attachments ?? [];
      const of = draft?.id() ?? "";
      const unaccepted = carried.unaccepted(of);
      const ticket = { path: "/tickets", body, text, signed, files, of, visit, unaccepted };
      const outcome = await sealed?.send(ticket, draft?.about(), () => saveDraft(text), complete);
      return explained(outcome, await labelled());
    },

    /** Stores what an earlier user has written. @param {string} user @param {string} message */
    park: (user, message) => draft?.park(user, message),

    /** The draft was submitted. */
    sealed: () => {
      draft?.sent(sealed?.unkept(draft.id()));
      program.attachmentsChanged();
    },

    /**
     * The user has changed, or with `reset` has logged out.
     * @param {string} user the id of the previous user @param {boolean} [reset] @param {boolean} [discard]
     * @param {boolean} [isTheirs] whether the text in the box is the new user's
     */
    other: (user, reset = false, discard = false, isTheirs = false) => {
      remember();
      if (reset) user = forgottenUser(key) ?? user;
      // First of all, so that nothing of it is found again.
      const gone = reset && forget(key, { user, discard, at: Date.now() });
      const done = Promise.allSettled([gone, sealed?.other(reset, discard, user)]);
      if (reset) {
        forgetSession();
        written.clear();
        // Those of what is being sent go with it.
        if (!all["box"]?.readOnly) carried.drop(carried.of(draft?.id() ?? "").map(({ id }) => id));
        draft?.reset();
        following?.forget();
      } else {
        draft?.other(isTheirs);
        following?.meet();
      }
      return done;
    },

    /** The user may be signed now, or not any more. */
    met: () => {
      remember();
      following?.meet();
    },

    /** Resolves once the data that `reset` asked for is deleted, or cannot be deleted now. */
    finishReset: () => forgotten,
  };
};

/** The texts of a language for the modules; rejects if they do not arrive in time. @param {string} lang */
const texts = (lang) => {
  const signal = AbortSignal.timeout(REQUEST_MS);
  return fetch(`${base}${lang}.labels.json`, { signal }).then((answer) => answer.json());
};

/** @param {Parts["preload"]} preload @param {string} name @param {string} integrity */
const script = async (preload, name, integrity) => {
  const href = `${base}${name}.js`;
  await within(SCRIPT_MS, preload(href, integrity));
  return import(href);
};
