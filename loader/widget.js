// Imported by the loader: the program's glue, and what belongs to the form.

import {
  attachmentsChanged,
  changed as formChanged,
  contextLoaded,
  copyText,
  destroyed,
  draft,
  editTicket,
  filesAdded,
  find,
  findQuestion,
  findRest,
  follows,
  initSync,
  mount as mountForm,
  open as openForm,
  restoreDraft,
  ticketArrived,
  ticketsChanged,
} from "program:glue";

import { zendeskOf } from "./address.js";
import { begin, chunk } from "./chunks.js";
import { describe } from "./collect/describe.js";
import { claims, forgetToken, learn, token } from "./identity.js";
import { once } from "./once.js";
import { relabel } from "./relabel.js";
import { blank } from "./state.js";
import { counter } from "./visits.js";
import { SCRIPT_MS, within } from "./within.js";

/** What the modules beside the form call in the program. */
const program = {
  attachmentsChanged,
  copyText,
  draft,
  editTicket: (/** @type {any} */ ticket) => {
    isOpenToNext = false;
    editTicket(ticket);
  },
  filesAdded,
  restoreDraft: (/** @type {any} */ ticket) => {
    isOpenToNext = false;
    restoreDraft(ticket);
  },
  ticketArrived,
};
/** What the chunk `engines` exports; it works once the chunk is loaded. */
const engines = { find, findQuestion, findRest };
/** @typedef {typeof program} Program */
/** @typedef {typeof engines} Engines */

/** @param {{module: WebAssembly.Module}} options */
export const init = (options) => begin(initSync(options));

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {Awaited<ReturnType<typeof import("./modules.js").start>>} Modules */

/**
 * How long to wait before the host's function for tokens is called again after it has failed, at first and at most; scripts
 * wait no longer either.
 */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;
/** How long to wait before the scripts that store what is written are fetched again, at first. */
const STORE_MS = 5000;

/** @type {Parts["state"]} */
let state;
/** @type {AbortSignal | undefined} */
let life;
let mounted = false;
/** Draws everything in the page's language, if that is another one now. */
let turn = blank;
/** What has changed, for the program (`src/screens/host.rs`): a value of the host, the user, or what is published for them. */
const VALUE = 0;
const USER = 1;
const PUBLISHED = 2;
/** The last known user. */
let person = "";
/** Counts changes of the user. */
let hands = 0;
/** The state of the host's values that the form last got. @type {unknown[]} */
let shown = [];
/** Until this settles it is unknown whether the user has changed. @type {Promise<unknown>} */
let learning = Promise.resolve();
/** Until this settles it is unknown whether the user has open tickets. @type {Promise<unknown>} */
let looked = learning;
/**
 * Follows the user's tickets, once the form is drawn; with `late` if that may have started.
 * @type {(late?: boolean) => void}
 */
let look = blank;
/** The configuration as the gateway published it. @type {any} */
let published;

/** The token sources that were last read, and last requested. @type {unknown} */
let learned;
/** @type {unknown} */
let tried;
/** The claims of the user whose response targets were requested. */
let asked = "";
/** The panel and its box, once the form is drawn. @type {HTMLDialogElement | undefined} */
let dialog;
/** @type {HTMLTextAreaElement | undefined} */
let box;
/** How often the host's function has failed in a row. While that is not 0, nobody knows who uses the page. */
let failures = 0;
/** @type {any} */
let retry;
/** What was written before there was what stores it, and by whom, if the user has changed meanwhile. @type {[string, string][]} */
let parked = [];
/** Whether somebody has been writing since before the host declared a user who is not known yet: probably they are the same. */
let isStaying = false;
/** How many calls of the host's function have not answered. */
let calls = 0;
/** Whether the form was empty when the first of them began, and nothing was restored to it since: what is in it was written for the next user. */
let isOpenToNext = false;
/** What is loaded right after the form, once it is ready. @type {Modules | undefined} */
let modules;
/** @type {(() => Promise<Modules>) | undefined} */
let fetching;
/** How many tickets there are, and how many unread messages. */
let [total, unread] = [0, 0];

/** Tells the form the counts. */
const tell = () => mounted && follows(total, unread, state.queued, state.unsure ?? 0);

/** A user is identified by their id alone: a host may declare them repeatedly, with ever new tokens. */
const who = () => `${state.user?.id ?? ""}`;

/** The host's values that the form draws, as a string, because the host passes new objects with the same content. */
const drawnValues = () =>
  [state.user, effective(), state.suggested, state.values].map((value) => {
    try {
      return JSON.stringify(value);
    } catch {
      return value;
    }
  });

/** The options of the page, whatever their order and however often they were set. */
const effective = () => Object.entries(Object.assign({}, ...state.config)).sort();

/** Makes the form draw again if necessary: that takes the focus from its fields. With `reset` it is another user's. @param {boolean} [reset] */
const draw = (reset) => {
  if (!mounted) return;
  const now = drawnValues();
  if (!reset && now.every((value, at) => value == shown[at])) return;
  shown = now;
  formChanged(reset ? USER : VALUE);
};

/** Tells everything beyond the form who the user is. @param {boolean} [reset] @param {boolean} [discard] */
const meet = (reset, discard) => {
  const before = person;
  person = who();
  if (!reset && person == before) return modules?.met();
  // Written while the host's function was running, for whoever the host has identified by then.
  const theirs = !reset && before && isOpenToNext && box?.value;
  isOpenToNext = false;
  if (reset) parked = [];
  else if (before && !theirs && !modules && box?.value) parked.push([before, box.value]);
  if (theirs && box) {
    draw(true);
    box.value = theirs;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const done = modules?.other(before, reset, discard, !!theirs);
  // What was written before any user was declared belongs to the new user.
  if (reset || before) {
    hands += 1;
    // After the draft was stored for its author, with the author's name.
    if (!theirs) draw(true);
  }
  return done;
};

/** Whether somebody is looking at a text in the box. */
const isWriting = () => !!box?.value && !!dialog?.matches(":is([open],:popover-open)");

/** While nobody knows who uses the page, nothing of the previous user is shown, except what they are writing. */
const leave = () => {
  if (!failures || !person || isStaying) return;
  state.user = { ...state.given };
  meet();
  draw();
  const isPromised = !!asked;
  asked = "";
  if (isPromised) formChanged(PUBLISHED);
};

/** Asks the host's function again, after it has failed. */
const learnLater = () => {
  if (life?.aborted) return;
  learning = learnAnew().catch(blank);
  look(true);
};

/**
 * Reads who a token is about. The configuration with their response targets is requested again, also when there is no
 * token any more.
 */
const learnAnew = async () => {
  const { token: source, given } = state;
  tried = given;
  // No user was declared since, so the host need not be asked for another token.
  if (given && given == learned) return;
  const hasFailed = await learn(state, () => {
    meet();
    draw();
  });
  if (source != state.token || given != state.given) return;
  clearTimeout(retry);
  if (hasFailed) {
    retry = setTimeout(learnLater, Math.min(RETRY_MS * 2 ** failures++, RETRY_MAX_MS));
    return leave();
  }
  failures = 0;
  if (!mounted) return;
  const now = await claims(state);
  if (source != state.token) return;
  if (now) learned = given;
  if (asked == now) return;
  asked = now;
  formChanged(PUBLISHED);
};

/**
 * The host has set something.
 * @param {boolean} reset @param {boolean} discard whether to delete what was not sent yet as well
 */
export const changed = (reset, discard) => {
  if (!state) return;
  if (reset) forgetToken();
  const isAnother = state.given != tried;
  if (isAnother) isStaying = isWriting() && (isStaying || !(calls || failures));
  if (isAnother && !calls) isOpenToNext = box?.value == "" && !modules?.attached("").files.length;
  turn();
  const done = meet(reset, discard);
  // An id says at once for whom the rest is written.
  if (state.given?.id != null) isOpenToNext = false;
  draw();
  if (isAnother) {
    calls += 1;
    learning = learnAnew()
      .catch(blank)
      .finally(() => {
        calls -= 1;
        isOpenToNext &&= calls > 0;
      });
    look(true);
  }
  return done;
};

/** Deletes the data that a `reset` asks for. @param {Parts} parts */
export const finishReset = async (parts) => (await beside(parts)()).finishReset();

/** Goes where the options lead. @param {object} options */
export const open = (options) => {
  openForm(options);
};

/** Draws the widget into the panel. @param {Parts} parts */
export const mount = (parts) => {
  const { site } = parts;
  parts.state.leave?.();
  const fetched = beside(parts);
  shown = drawnValues();
  const load = once(async () => {
    const [modules] = await Promise.all([fetched(), context()]);
    parts.signal.throwIfAborted();
    modules.painted({ ...parts, countSent: counts.countSent });
    for (const [user, message] of parked.splice(0)) modules.park(user, message);
    return modules;
  });
  /**
   * Calls a module, unless the page has destroyed the widget meanwhile. A caller who does not wait need not handle a
   * failure.
   * @param {(modules: Modules) => any} act
   */
  const beyond = (act) => {
    const done = load().then((modules) => {
      parts.signal.throwIfAborted();
      return act(modules);
    });
    done.catch(blank);
    return done;
  };
  /** Drafts of replies that what stores them has not got yet, by ticket. @type {Map<string, {text: string, held: number}>} */
  const early = new Map();
  /**
   * Stores the draft of a reply. If what stores it cannot be loaded, that is tried again.
   * @param {string} id @param {string} text @returns {Promise<unknown>}
   */
  const keepReply = (id, text, held = hands) => {
    const reply = { text, held };
    early.set(id, reply);
    const isLast = () => early.get(id) == reply;
    const done = beyond((modules) => {
      if (isLast()) early.delete(id);
      return held == hands && modules.keepReplyDraft(id, text);
    });
    const again = () => isLast() && !parts.signal.aborted && keepReply(id, text, held);
    done.catch(() => setTimeout(again, STORE_MS));
    return done;
  };
  /** The draft of a reply. @param {string} id of its ticket @returns {Promise<string>} */
  const replyDraft = async (id) => {
    const reply = early.get(id);
    return reply?.held == hands ? reply.text : beyond((modules) => modules.replyDraft(id));
  };
  const way = access(parts);
  const { siteUrl } = way;
  parts.wear(PANEL_CSS);
  ({ dialog, box } = parts.frame());
  const closed = () => {
    isStaying &&= isWriting();
    leave();
  };
  // Which of them comes depends on how it was shown.
  for (const type of ["close", "toggle"]) dialog.addEventListener(type, closed);
  const own = {
    version: VERSION,
    // Lists beside the texts of earlier versions.
    emit: (/** @type {string} */ name, /** @type {any} */ detail) => {
      const { ids, source } = detail;
      if (ids) detail.questions = ids.split(",");
      if (source) detail.sources = source.split(",");
      parts.emit(name, detail);
    },
    describe: (/** @type {any} */ snapshot) => describe(snapshot, state.put ?? String),
    // The code that collects is part of the modules.
    complete: (/** @type {any} */ snapshot) =>
      load()
        .then(blank, blank)
        .then(() => state.complete?.(snapshot)),
    elsewhere: (/** @type {string} */ what) => {
      const sources = configured("sources");
      if (what == "config") return siteUrl && asked && beyond((modules) => modules.promised());
      if (sources) return beyond((modules) => modules.ask(sources, what));
    },
    configured: (/** @type {any} */ config) => {
      published = config;
      parts.confirm(config);
      beyond((modules) => modules.configured());
    },
    screens: () => beyond((modules) => modules.screens()),
    affected: (/** @type {string} */ id) => beyond((modules) => modules.affected(id)),
    attachments: () => beyond((modules) => modules.attachments()),
    attached: (/** @type {string} */ owner) => modules?.attached(owner),
    restoreAttached: (/** @type {string} */ owner) => beyond((modules) => modules.restoreAttached(owner)),
    // At once, because browsers open a dialog only right after a press.
    choose: (/** @type {string} */ owner, /** @type {string} */ accept) => modules?.choose(owner, accept),
    upload: (/** @type {string} */ id) => beyond((modules) => modules.upload(id)),
    detach: (/** @type {string} */ id) => beyond((modules) => modules.detach(id)),
    attachedBlob: (/** @type {string} */ id) => modules?.attachedBlob(id),
    shoot: (/** @type {string} */ owner, /** @type {string} */ id) => beyond((modules) => modules.shoot(owner, id)),
    labels: () => beyond((modules) => modules.labels()),
    outbox: () => beyond((modules) => modules.outbox()),
    sendAgain: (/** @type {string} */ key, /** @type {boolean} */ isUnsure) =>
      beyond((modules) => modules.sendAgain(key, isUnsure)),
    discard: (/** @type {string} */ key) => beyond((modules) => modules.discard(key)),
    edit: (/** @type {string} */ key) => beyond((modules) => modules.edit(key)),
    lastSent: () => modules?.lastSent() ?? {},
    save: (/** @type {string} */ text, /** @type {string} */ body) => beyond((modules) => modules.save(text, body)),
    extras: () => modules?.extras() ?? {},
    settled: async () => {
      await (learning = learnAnew().catch(blank));
      await Promise.race([looked.catch(blank), new Promise((late) => setTimeout(late, 3000))]);
    },
    openTickets: async () => modules?.openTickets(),
    request: (/** @type {string} */ method, /** @type {string} */ path, /** @type {string} */ body) =>
      beyond((modules) => modules.request(method, path, body)),
    reply: (/** @type {string} */ id, /** @type {string} */ body, /** @type {string} */ text) =>
      beyond((modules) => modules.reply(id, body, text)),
    addDraft: (/** @type {string} */ id, /** @type {string} */ body, /** @type {string} */ text) =>
      beyond((modules) => modules.addDraft(id, body, text)),
    replyDraft,
    keepReplyDraft: keepReply,
    touched: () => beyond((modules) => modules.touched()),
    send: (
      /** @type {string} */ body,
      /** @type {string} */ text,
      /** @type {boolean} */ signed,
      /** @type {string} */ visit,
    ) => {
      const held = hands;
      return beyond((modules) => (held == hands ? modules.send(body, text, signed, visit) : { word: "gone" }));
    },
    letGo: () => modules?.sealed(),
  };
  const counts = counter(site, parts.script.dataset["env"] == "test" ? "" : siteUrl, parts.signal);
  const all = { ...parts, ...way, ...counts, ...own };
  mountForm(all);
  mounted = true;
  parts.signal.addEventListener("abort", destroyed);
  let { lang } = parts;
  turn = async () => {
    const now = parts.language();
    if (now == lang) return;
    lang = now;
    const words = await table(now);
    if (lang != now) return;
    modules?.turn(now);
    relabel(parts);
    mountForm({ ...all, lang, words });
    shown = drawnValues();
    tell();
    open({});
    state.counted?.();
  };
  turn();
  context().catch(blank);
  // The modules that store drafts come with the form. One after the other, so that one token serves both.
  learning = learnAnew().catch(blank);
  /** Loads them, again until it succeeds: without them nothing of what is being written is stored. */
  const loadAll = (wait = STORE_MS) => {
    const again = () => parts.signal.aborted || loadAll(Math.min(wait * 2, RETRY_MAX_MS));
    load().catch(() => setTimeout(again, wait));
  };
  learning.then(() => loadAll());
  look = (late) => {
    looked = learning.then(() => beyond((modules) => siteUrl && modules.look(late)));
    looked.catch(blank);
  };
  look();
};

/**
 * The texts of a language as JSON; empty for English, which is also shown if they cannot be loaded.
 * @param {string} lang
 */
export const table = async (lang) => {
  if (lang == "en") return "";
  return fetch(new URL(`${lang}.json`, import.meta.url))
    .then((answer) => answer.text())
    .catch(() => "");
};

/** Follows the tickets that the device has stored. @param {Parts} parts */
export const resume = async (parts) => {
  if (!access(parts).siteUrl) return;
  const fetched = beside(parts);
  learning = learnAnew().catch(blank);
  const [modules] = await Promise.all([fetched(), learning]);
  (await modules.follow()).resume();
};

/** A field of the configuration: the page's value, or else the gateway's. @param {string} name */
const configured = (name) => {
  const values = [published, ...state.config].map((from) => from?.[name]);
  return values.filter((value) => value != undefined).pop();
};

/**
 * The address of the gateway, empty if there is none, or of the Zendesk in its place; and the identity for requests.
 * @param {Parts} parts
 */
const access = ({ site, script, gateway }) => {
  const zendesk = zendeskOf(script);
  return {
    zendesk,
    siteUrl: zendesk ? "" : `${gateway}v1/sites/${encodeURIComponent(site)}`,
    email: script.dataset["email"] ?? "",
    /** @param {string} [refused] @param {string} [wanted] */
    token: (refused, wanted) => token(state, refused, wanted),
    /** Settles once the user is known. */
    known: () => learning,
  };
};

/** Whether the program knows that the chunk could not be loaded. */
let isContextMissing = false;
/** Loads the chunk without which nothing can be redacted, so that nothing is searched for, stored or sent. */
const context = once(async () => {
  try {
    await chunk("context");
  } catch (error) {
    if (!isContextMissing) contextLoaded(false);
    isContextMissing = true;
    throw error;
  }
  contextLoaded(true);
});

/** Fetches the module that manages everything beyond the form. @param {Parts} parts */
const beside = (parts) => {
  // After `destroy` the page may have loaded the script again, and after `document.open()` it starts again.
  if (life != parts.signal) {
    ({ state, signal: life } = parts);
    person = who();
    fetching = modules = published = learned = tried = undefined;
    clearTimeout(retry);
    failures = 0;
    parked = [];
    [total, unread] = [0, 0];
  }
  fetching ??= once(async () => {
    const href = new URL("modules.js", import.meta.url).href;
    await within(SCRIPT_MS, parts.preload(href, MODULES_INTEGRITY));
    const { start } = await import(href);
    const heard = (/** @type {number[]} */ ...counts) => {
      [total, unread] = [counts[0] ?? total, counts[1] ?? unread];
      tell();
    };
    const changed = (/** @type {string} */ id) => mounted && ticketsChanged(id);
    return (modules = await start({ ...parts, ...access(parts), chunk, program, engines }, configured, heard, changed));
  });
  return fetching;
};
