// The outbox. What is sent is on the device before the network is asked, goes as those bytes with that key, from one tab at
// a time, and leaves the device when support has said that it has it, or the person that it may go.

import { as } from "./asking.js";
import { became, got, hasPlain, transact } from "./disk.js";
import { outcome, parsed, pause } from "./outcome.js";
import { random } from "./session.js";
import { blank } from "./state.js";

/**
 * @typedef {object} Item what was sealed
 * @property {string} key the `Idempotency-Key`
 * @property {string} site
 * @property {string} user the id of whose it is; empty where nobody has said who they are
 * @property {boolean} signed whether it goes as who they are
 * @property {string} session the anonymous session that it belongs to
 * @property {string} path where it goes, below the gateway's address for the site
 * @property {string} body
 * @property {string[]} files the ids of the files that go along
 * @property {string[]} [names] what they are called
 * @property {string[]} [lost] what those are called that are neither at the gateway nor on the device any more
 * @property {string[]} [stopped] what those are called that something on the way to the gateway does not let through
 * @property {string} draft the id of the draft that it was; empty for a reply
 * @property {string} text what the person wrote
 * @property {number} at when it was sealed
 * @property {number} said when the person has said last that it shall go
 * @property {number} tries
 * @property {number} wait how long it waits after its last try
 * @property {number} next when it is tried next
 * @property {string} cause why it has not gone yet; empty before the first try
 * @property {any} [refused] what the gateway does not like about it: a problem document
 *
 * @typedef {{word: string, text?: string}} Outcome `sent`, `refused`, or why it is not known; and what was answered
 * @typedef {{status: number, text?: string, after?: number, late?: boolean, sealed?: string}} Answer
 * @typedef {object} Given
 * @property {string} site
 * @property {string} siteUrl
 * @property {any} state
 * @property {(name: string, detail: object) => void} emit
 * @property {() => string} session
 * @property {import("./asking.js").Token} token
 * @property {() => Promise<Record<string, string> | void>} words the texts of the modules
 * @property {() => Promise<typeof import("./recovery.js")>} recovery
 * @property {ReturnType<typeof import("./attachments.js").attachments>} attachments
 * @property {"" | ((item: Item, begin: () => Promise<boolean>) => Promise<Answer>)} straight sends without a gateway (`zendesk.js`);
 *   `begin` notes that it may arrive from now on, and gives whether nobody has before
 * @property {() => void} changed hears that something is sealed, goes, waits or is gone
 * @property {() => void} moved hears that another tab has done something
 * @property {(item: Item, text: string) => void} arrived hears what was answered
 */

/** Why what may have arrived does not go again by itself (`domain/outbox`). */
export const UNSURE = "unsure";
/** Why a file of it has not gone: there is no room for it. */
const FULL = "full";
const REQUEST_MS = 20_000;
/** What waits for longer is not sent before the person has said so once more. */
const ASK_AFTER_MS = 86_400_000;
/** @param {Given} given */
export const outbox = (given) => {
  const { site, siteUrl, state, emit, session, token, words, recovery, attachments } = given;
  const { straight, changed, moved, arrived } = given;
  const name = `deskbell:${site}:outbox`;
  /** What could not be stored lives as long as the page. @type {Map<string, Item>} */
  const unstored = new Map();
  /** Who waits for the first outcome, by key. @type {Map<string, (outcome: Outcome) => void>} */
  const waiting = new Map();
  const channel = window.BroadcastChannel && new BroadcastChannel(name);
  let timer = 0;
  /** The key of what is on its way from here. */
  let going = "";
  /** @type {Promise<void> | undefined} */
  let running;
  let again = false;

  const user = () => `${state.user?.id ?? ""}`;
  /** Who was here when somebody was looked for last. */
  let last = user();

  /** Everything of the site that is sealed, oldest first. @returns {Promise<Item[]>} */
  const all = async () => {
    const stored = await transact(["outbox"], (outbox) => got(outbox.getAll())).catch(() => []);
    const items = [...stored, ...unstored.values()].filter((/** @type {Item} */ item) => item.site == site);
    return items.sort((one, other) => one.at - other.at);
  };

  /** Whether it goes without being asked for. @param {Item} item */
  const goes = (item) => {
    const age = Date.now() - Math.max(item.at, item.said);
    // A reply belongs to a ticket that only its owner may open.
    const theirs = !item.signed || !!item.draft || item.user == user();
    return !item.refused && item.cause != UNSURE && age < ASK_AFTER_MS && theirs;
  };

  /** How long until it is tried; a clock that was put back does not keep it waiting. @param {Item} item */
  const until = (item) => {
    const left = item.next - Date.now();
    return left > item.wait ? 0 : left;
  };

  /** Changes what is sealed, where it still is. @param {string} key @param {(item: Item) => void} change */
  const edit = async (key, change) => {
    const kept = unstored.get(key);
    if (kept) return change(kept);
    await transact(["outbox"], async (outbox) => {
      const item = await got(outbox.get(key));
      if (!item) return;
      change(item);
      outbox.put(item, key);
    });
  };

  /** @param {string} key */
  const remove = async (key) => {
    unstored.delete(key);
    await transact(["outbox"], (outbox) => outbox.delete(key));
  };

  /** Something has changed, here or, with `elsewhere`, in another tab. @param {boolean} [elsewhere] */
  const turn = async (elsewhere) => {
    if (!elsewhere) channel?.postMessage(0);
    const items = await all();
    const mine = items.filter((item) => item.user == user());
    state.queued = mine.length;
    state.unsure = mine.filter((item) => item.cause == UNSURE).length;
    try {
      const place = `deskbell-queued:${site}`;
      if (items.length) localStorage.setItem(place, `${items.length}`);
      else localStorage.removeItem(place);
    } catch {}
    changed();
  };

  /**
   * The token of whose it is, where they are here. A ticket goes without where they are not, and a reply waits for them.
   * @param {Item} item @returns {import("./attachments.js").Token}
   */
  const tokenOf =
    ({ signed, user: theirs, draft }) =>
    async (refused) => {
      if (signed && theirs == user())
        try {
          return await token(refused, theirs);
        } catch {}
      if (signed && !draft) throw 0;
      return "";
    };

  /**
   * Brings the files that go along; gives what was answered where one has to be waited for. One that does not get through is left out and
   * named: it must not hold back the text.
   * @param {Item} item @returns {Promise<Answer | void>}
   */
  const bring = async (item) => {
    for (const id of [...item.files]) {
      const put = () => attachments.put(id, item.session, tokenOf(item));
      const first = await put();
      if (first.status == 201) continue;
      // Where not even that can be fetched it is the way.
      const module = await recovery().catch(blank);
      const answer = module ? await module.bring(item, id, first, put, siteUrl, words) : first;
      if (answer) return answer;
      await edit(item.key, (kept) => void (kept == item || Object.assign(kept, item))).catch(blank);
      await attachments.drop([id]);
    }
  };

  /** Sends it, to the end of the exchange; never rejects. @param {Item} item */
  const post = async (item) => {
    const ends = new AbortController();
    let late = false;
    /** @type {any} */
    let timer;
    // A page's own `fetch` may not hear of the end.
    const end = new Promise((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        ends.abort();
        reject();
      }, REQUEST_MS);
    });
    try {
      return await Promise.race([exchange(item, ends.signal), end]);
    } catch {
      return { status: 0, late };
    } finally {
      clearTimeout(timer);
    }
  };

  /** @param {Item} item @param {AbortSignal} signal */
  const exchange = (item, signal) =>
    as(item.session, tokenOf(item), async (asking) => {
      const { path, body, key } = item;
      const headers = { ...asking, "Content-Type": "application/json", "Idempotency-Key": key };
      const answer = await fetch(siteUrl + path, { method: "POST", headers, body, signal, credentials: "omit" });
      const text = await answer.text();
      return { status: answer.status, text, after: Number(answer.headers.get("Retry-After")) };
    });

  /** Notes that it may arrive from now on, because whoever takes it knows no keys; gives whether that is new. @param {string} key */
  const begin = async (key) => {
    let first = false;
    await edit(key, (item) => {
      first = item.cause != UNSURE;
      item.cause = UNSURE;
    });
    return first;
  };

  /** Tries what is due, alone: what another tab has done about it meanwhile counts. @param {string} key */
  const attempt = async (key) => {
    const item = (await all()).find((item) => item.key == key);
    if (!item) return conclude(key, await earlier(key));
    if (!goes(item) || until(item) > 0) return conclude(key, { word: item.cause });
    going = key;
    changed();
    /** @type {Answer} */
    const answer = straight ? await straight(item, () => begin(key)) : ((await bring(item)) ?? (await post(item)));
    const { draft, tries } = item;
    // Whoever looks at the form is asked whether it goes without the file; what waits goes with it later.
    const full = !waiting.has(key) && attachments.ends(parsed(answer.text).code);
    const told = full ? { ...answer, status: 429, text: "" } : answer;
    const tried = { sealed: draft ? "" : "reply", ...told, online: navigator.onLine, tries };
    let word = outcome(tried);
    // It may be this that something on the way stops, and not everything.
    if (siteUrl && word == "unreachable" && (told.status || tries))
      word = await recovery().then(
        (module) => module.reconsider(tried, siteUrl),
        () => word,
      );
    const wait = pause(word, tried, Math.random());
    const result = { word, text: answer.text };
    going = "";
    await settle(item, result, wait, full).catch(blank);
    conclude(key, result);
    if (word == "sent") {
      const { id, reference } = parsed(result.text);
      if (draft) emit("sent", { id, reference });
      channel?.postMessage({ item, answer: result.text });
      arrived(item, result.text ?? "");
    } else if (draft) emit("failed", { cause: word });
    if (wait && !tries) emit("queued", { count: state.queued });
  };

  /** What became of something that is not here any more. @param {string} key @returns {Promise<Outcome>} */
  const earlier = async (key) => {
    const receipt = await transact(["receipts"], (receipts) => got(receipts.get(key))).catch(blank);
    return receipt ? { word: "sent", text: receipt.answer } : { word: "gone" };
  };

  /** @param {string} key @param {Outcome} outcome */
  const conclude = (key, outcome) => {
    waiting.get(key)?.(outcome);
    waiting.delete(key);
  };

  /** Keeps what is known now; `full` is that a file is not taken for lack of room. @param {Item} item @param {Outcome} outcome @param {number} wait @param {boolean} full */
  const settle = async ({ key, draft, text, user, files }, { word, text: answer }, wait, full) => {
    if (word == "sent") {
      unstored.delete(key);
      await transact(["outbox", "receipts"], (outbox, receipts) => {
        outbox.delete(key);
        receipts.put({ key, site, user, draft, text, answer, at: Date.now() }, key);
      });
      await attachments.drop(files);
    } else if (word == "refused" && waiting.has(key)) await remove(key);
    else {
      const gone = word == "missing" ? await attachments.lost(files) : [];
      const { leaveOut } = (gone[0] && (await recovery().catch(blank))) || {};
      await edit(key, (item) => {
        if (word == "refused") item.refused = parsed(answer);
        if (leaveOut) item.lost = [...(item.lost ?? []), ...leaveOut(item, gone)];
        item.cause = full ? FULL : word;
        item.tries += 1;
        item.wait = wait;
        item.next = Date.now() + wait;
      });
    }
    await turn();
  };

  /** Sends what is due, one after the other, and comes back when the next is. */
  const run = () => {
    again = true;
    running ??= (async () => {
      clearTimeout(timer);
      while (again) {
        again = false;
        for (const item of await all())
          if (waiting.has(item.key) || (goes(item) && until(item) <= 0)) await alone(() => attempt(item.key));
      }
      const left = await all();
      // Another tab may have sent what is not here any more.
      if (left.filter((item) => item.user == user()).length != state.queued) await turn(true);
      const waits = left.filter(goes).map(until);
      if (waits.length) timer = setTimeout(run, Math.max(1000, Math.min(...waits)));
    })()
      .catch(blank)
      .finally(() => {
        running = undefined;
        if (again) run();
      });
    return running;
  };

  /** Does something in one tab at a time. @param {() => Promise<void>} act */
  const alone = async (act) => {
    if (!navigator.locks) return recovery().then((module) => module.leased(name, act), act);
    // Pages in a sandbox are refused locks, as they are refused storage.
    let begun = false;
    await navigator.locks.request(name, () => ((begun = true), act())).catch(() => (begun ? blank() : act()));
  };

  /** What is told to wait only because nobody answered need not. */
  const hurry = async () => {
    for (const item of await all())
      if (!["busy", FULL].includes(item.cause) && item.wait)
        await edit(item.key, (item) => (item.next = 0)).catch(blank);
    return run();
  };

  // What another tab has sealed or seen go may be what somebody waits for here.
  if (channel)
    channel.onmessage = async ({ data }) => {
      await turn(true);
      moved();
      if (data && data.item.user == user()) arrived(data.item, data.answer);
      if (waiting.size) run();
    };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => document.visibilityState == "visible" && run());
  addEventListener("pageshow", ({ persisted }) => persisted && run());
  Promise.resolve(state.left || hasPlain() ? recovery().then(({ adopt }) => adopt(site, state, unstored)) : 0)
    .catch(blank)
    .then(() => turn(true))
    .then(hurry);

  return {
    /** Whose tickets wait, and which of them is on its way. */
    items: async () => (await all()).filter((item) => item.user == user()),
    going: () => going,
    /** Whether something waits that is not kept for later. */
    unkept: () => unstored.size > 0,

    /**
     * Seals something and sends it; gives what its first try came to. Sealed already by another tab, it is not sealed again.
     * @param {{path: string, body: string, text: string, signed: boolean, files: string[], of: string}} what with `of`, what its
     *   files have gone along with until now
     * @param {{id: string, place: string}} [draft] what it was, which is gone with it
     * @returns {Promise<Outcome>}
     */
    send: async ({ of, ...what }, draft) => {
      const at = Date.now();
      const who = { key: random(16), site, user: user(), session: session() };
      const start = { at, said: at, tries: 0, wait: 0, next: 0, cause: "" };
      /** @type {Item} */
      const item = { ...who, ...what, names: attachments.names(what.files), draft: draft?.id ?? "", ...start };
      const stopped = (item.stopped = attachments.stopped(of));
      if (stopped[0])
        await recovery()
          .then((module) => module.name(item, stopped, words))
          .catch(blank);
      let { key } = item;
      try {
        key = await transact(["drafts", "outbox", "receipts"], async (drafts, outbox, receipts) => {
          const earlier = draft && (await became(draft.id, what.text, outbox, receipts));
          // Another tab's text may have taken its place.
          const kept = draft && (await got(drafts.get(draft.place)));
          if (draft && kept?.id == draft.id && kept.ticket.message == what.text) drafts.delete(draft.place);
          if (!earlier) outbox.put(item, item.key);
          return (earlier ?? item).key;
        });
      } catch {
        unstored.set(key, item);
      }
      await attachments.give(item.files, key);
      const outcome = new Promise((resolve) => waiting.set(key, resolve));
      await turn();
      await run();
      // What has arrived before is not in the outbox, so nothing has tried it.
      if (waiting.has(key)) await alone(() => attempt(key));
      const known = await outcome;
      // It can be mended.
      if (known.word == "refused") await attachments.give(item.files, of);
      return known;
    },

    /** The person wants it to go now. @param {string} key */
    again: async (key) => {
      if (going == key) return;
      const now = (/** @type {Item} */ item) => {
        item.said = Date.now();
        item.next = 0;
        item.cause = "";
        delete item.refused;
      };
      await edit(key, now).catch(blank);
      await run();
    },

    /** The person takes it back; its files stay, where it is mended. @param {Item} item @param {boolean} mended */
    discard: async ({ key, files }, mended) => {
      await remove(key).catch(blank);
      if (!mended) await attachments.drop(files);
      conclude(key, { word: "gone" });
      await turn();
    },

    /**
     * Somebody else is here, or with `reset` nobody any more: what is sealed stays with whose it is, and goes on.
     * @param {boolean} reset @param {boolean} discard what they have sealed goes as well; everybody's, where nobody was named
     */
    other: async (reset, discard) => {
      const before = last;
      last = user();
      // Who has said only now who they are waits for the same as before.
      if (reset || before) for (const key of waiting.keys()) conclude(key, { word: "gone" });
      if (discard)
        for (const { key, user, files } of await all())
          if (!before || user == before) await Promise.allSettled([remove(key), attachments.drop(files)]);
      await turn();
      run();
    },
  };
};
