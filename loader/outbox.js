// The outbox. A submission is stored on the device before the network is used. It is sent with fixed bytes under one
// idempotency key, by one tab at a time, and is deleted from the device when support has acknowledged it, or when the
// customer discards it. What a customer waits for is sent at once, beside those that are sent again.

import { as } from "./asking.js";
import { became, got, hasPlain, transact } from "./disk.js";
import { outcome, parsed, pause } from "./outcome.js";
import { random } from "./session.js";
import { blank } from "./state.js";

/**
 * @typedef {object} Item a submission
 * @property {string} key the `Idempotency-Key`
 * @property {string} site
 * @property {string} user the id of its user; empty if none was declared
 * @property {string} [heir] the id of the user who was declared afterwards, and is shown what was sent before they were
 * @property {boolean} signed whether it is sent with the user's token
 * @property {string} session the anonymous session that it belongs to
 * @property {string} path below the site's address at the gateway
 * @property {string} body
 * @property {string[]} files the ids of its attachments
 * @property {string} [of] the owner of its attachments until it was submitted: its draft, or its reply
 * @property {string[]} [names] their names
 * @property {string[]} [lost] the names of those that are neither at the gateway nor on the device any more
 * @property {string[]} [unaccepted] the names of those that support does not accept, or that are too many
 * @property {string[]} [stopped] the names of those that something on the way to the gateway blocks
 * @property {string} draft the id of its draft; empty for a reply
 * @property {string} [replyDraft] the id of the draft of a reply that was written as one
 * @property {string} [place] the key of its draft, also that of a reply
 * @property {string} text what the customer wrote
 * @property {number} at when it was submitted
 * @property {number} said when the customer last wanted it to be sent
 * @property {number} tries
 * @property {number} wait the pause after its last attempt
 * @property {number} next when its next attempt is due
 * @property {string} cause why it was not sent yet; empty before the first attempt
 * @property {any} [refused] why the gateway refused it: a problem document
 *
 * @typedef {{word: string, text?: string}} Outcome `sent`, `refused`, or why it is unknown; and the response
 * @typedef {{status: number, text?: string, after?: number, late?: boolean, sealed?: string}} Answer
 * @typedef {() => Promise<boolean | undefined>} Keep stores what was refused as a draft again; resolves to whether it did, and
 *   to nothing if the form has another text
 * @typedef {object} Given
 * @property {string} site
 * @property {string} siteUrl
 * @property {any} state
 * @property {(name: string, detail: object) => void} emit
 * @property {AbortSignal} signal ends it
 * @property {(make?: boolean) => string} session
 * @property {import("./asking.js").Token} token
 * @property {() => Promise<Record<string, string> | void>} words the texts of the modules
 * @property {() => Promise<typeof import("./recovery.js")>} recovery
 * @property {ReturnType<typeof import("./attachments.js").attachments>} attachments
 * @property {"" | ((item: Item, begin: () => Promise<boolean>) => Promise<Answer>)} straight sends without a gateway (`zendesk.js`);
 *   `begin` records that it may arrive from now on, and resolves to whether this is the first time
 * @property {() => void} changed called when a submission is created, sent, delayed or removed
 * @property {() => void} moved called when another tab has changed something
 * @property {(item: Item, text: string) => void} arrived called with the response
 */

/** The cause of a submission that may have arrived and is therefore not retried automatically (`outcome.js`). */
export const UNSURE = "unsure";
/** The cause of an attachment that is not uploaded because a quota is used up. */
const FULL = "full";
const REQUEST_MS = 20_000;
/** How long to wait for the lock of another tab, which may be suspended and never release it. */
const LOCK_MS = 30_000;
/** A submission that has waited longer is sent only after the customer has confirmed it. */
const ASK_AFTER_MS = 86_400_000;
/** @param {Given} given */
export const outbox = (given) => {
  const { site, siteUrl, state, emit, session, token, words, recovery, attachments, signal } = given;
  const { straight, changed, moved, arrived } = given;
  const name = `deskbell:${site}:outbox`;
  /** Submissions that could not be stored; they last as long as the page. @type {Map<string, Item>} */
  const unstored = new Map();
  /** The keys of those that this page has sent or removed. @type {Set<string>} */
  const over = new Set();
  /** Callers that wait for the first outcome, by key, with the submission. @type {Map<string, {item: Item, end: (outcome: Outcome) => void}>} */
  const waiting = new Map();
  /** Tells the other tabs. @type {BroadcastChannel | undefined} */
  let channel;
  try {
    channel = new BroadcastChannel(name);
  } catch {
    // Old browsers have none, and sandboxed pages are refused one, like storage.
  }
  let timer = 0;
  /** The keys of the submissions that this tab is sending. @type {Set<string>} */
  const going = new Set();
  /** @type {Promise<void> | undefined} */
  let running;
  let again = false;

  const user = () => `${state.user?.id ?? ""}`;
  /** Whether the current user is shown it. @param {Item} item */
  const isMine = (item) => (item.user || item.heir || "") == user();
  /** The user at the last check. */
  let last = user();

  /** All submissions on the device. @returns {Promise<Item[]>} */
  const stored = () => transact(["outbox"], (outbox) => got(outbox.getAll()));

  /** The submissions of the site, oldest first: those among the stored, and the others. @param {Item[]} stored */
  const sorted = (stored) => {
    const items = [...stored, ...unstored.values()].filter((item) => item.site == site);
    return items.sort((one, other) => one.at - other.at);
  };

  /** All submissions of the site, oldest first; without those on the device if it does not answer. */
  const all = async () => sorted(await stored().catch(() => []));

  /** Whether it is sent without asking the customer. @param {Item} item */
  const goes = (item) => {
    const age = Date.now() - Math.max(item.at, item.said);
    // A reply belongs to a ticket that only its owner can open; and a ticket without a token to whoever signs in with its
    // session, so that it does not go while that is another user.
    const isFree = !!item.draft && (!user() || item.session != session(false));
    const theirs = !item.signed || !item.user || item.user == user() || isFree;
    return !over.has(item.key) && !item.refused && item.cause != UNSURE && age < ASK_AFTER_MS && theirs;
  };

  /** The time until its next attempt; a clock that was set back does not prolong it. @param {Item} item */
  const until = (item) => {
    const left = item.next - Date.now();
    return left > item.wait ? 0 : left;
  };

  /**
   * Stores a submission in place of its draft, or in memory if the device cannot; never rejects. Resolves to the key
   * of the submission that the draft has become: another tab may have submitted it.
   * @param {Item} item
   */
  const store = (item) =>
    transact(["drafts", "outbox", "receipts"], async (drafts, outbox, receipts) => {
      const { key, draft, replyDraft, of, text } = item;
      // The attachments of all replies to a ticket have the same owner.
      const id = draft || replyDraft || (of?.startsWith("reply:") ? "" : of);
      let earlier = id && (await became(id, text, outbox, receipts));
      // What was refused became a draft again.
      if (earlier?.refused) {
        outbox.delete(earlier.key);
        earlier = undefined;
      }
      // Its outcome came while it waited for the device.
      if (over.has(key)) return key;
      // What was refused is about to be a draft again, or is one.
      if (!item.refused) await dropDraft(drafts, item);
      if (!earlier) outbox.put(item, key);
      // From here on the device has it, and changes are made there.
      unstored.delete(key);
      return /** @type {string} */ ((earlier || item).key);
    }).catch(() => {
      if (!over.has(item.key)) unstored.set(item.key, item);
      return item.key;
    });

  /**
   * Deletes the draft of a submission, unless another tab's text has replaced it. A reply was put aside then
   * (`replies.js`); a ticket is recognised later (`draft.js`).
   * @param {IDBObjectStore} drafts @param {Item} item
   */
  const dropDraft = async (drafts, { place, draft, of, text }) => {
    if (!place) return;
    const there = await got(drafts.get(place));
    if (there && (there.ticket?.message ?? there.text) == text && (!draft || there.id == draft)) drafts.delete(place);
    if (!of?.startsWith("reply:")) return;
    const asides = IDBKeyRange.bound(`${place}\n`, `${place}\n\uffff`);
    const [keys, kept] = await Promise.all([got(drafts.getAllKeys(asides)), got(drafts.getAll(asides))]);
    for (const [nth, aside] of kept.entries()) if (aside.text == text) drafts.delete(keys[nth]);
  };

  /** Changes a submission, if it still exists. @param {string} key @param {(item: Item) => void} change */
  const edit = async (key, change) => {
    const inMemory = () => {
      const item = unstored.get(key);
      if (item) change(item);
      return item;
    };
    if (inMemory()) return;
    await transact(["outbox"], async (outbox) => {
      const item = await got(outbox.get(key));
      // Storing it may have failed meanwhile.
      if (!item) return void inMemory();
      change(item);
      outbox.put(item, key);
    });
  };

  /** @param {string} key */
  const remove = async (key) => {
    over.add(key);
    unstored.delete(key);
    await transact(["outbox"], (outbox) => outbox.delete(key));
  };

  /** Handles a change of the outbox, here or, with `elsewhere`, in another tab. @param {boolean} [elsewhere] */
  const turn = async (elsewhere) => {
    if (!elsewhere) channel?.postMessage(0);
    let found = await stored().catch(blank);
    // The device answers again: only what it has survives this page.
    if (found && unstored.size) {
      const before = unstored.size;
      for (const item of [...unstored.values()]) await store(item);
      // Only what has changed: tabs whose device stores nothing would tell each other for ever.
      if (unstored.size < before) channel?.postMessage(0);
      found = await stored().catch(blank);
    }
    const items = sorted(found ?? []);
    for (const item of items) {
      if (!user() || item.user || item.heir || item.session != session(false)) continue;
      // Whoever is declared has written it, like a draft.
      const inherit = (/** @type {Item} */ kept) => void (kept.heir ??= user());
      await edit(item.key, inherit).then(() => {
        inherit(item);
        channel?.postMessage(0);
      }, blank);
    }
    const mine = items.filter(isMine);
    state.queued = mine.length;
    state.counted?.();
    state.unsure = mine.filter(({ cause, key }) => cause == UNSURE && !going.has(key)).length;
    try {
      const place = `deskbell-queued:${site}`;
      if (items.length) localStorage.setItem(place, `${items.length}`);
      else if (found) localStorage.removeItem(place);
    } catch {}
    changed();
  };

  /**
   * The token of the submission's user, if they are the current one. Without them a ticket is sent without a token,
   * and a reply waits.
   * @param {Item} item @returns {import("./attachments.js").Token}
   */
  const tokenOf =
    ({ signed, user: theirs, draft }) =>
    async (refused) => {
      let jwt = "";
      if (signed && theirs == user())
        try {
          jwt = await token(refused, theirs);
          // The user has no token; otherwise it could not be had, or was refused.
          if (!state.token || (!refused && !state.gave)) return jwt;
        } catch {}
      // What was sent before anybody had signed in needs no token.
      if (signed && theirs && !draft && !jwt) throw 0;
      return jwt;
    };

  /**
   * Uploads the attachments; resolves to a response if one of them has to wait. An attachment that cannot get through
   * is left out and named, because it must not hold back the text.
   * @param {Item} item @returns {Promise<Answer | void>}
   */
  const bring = async (item) => {
    for (const id of [...item.files]) {
      const put = () => attachments.put(id, item.session, tokenOf(item));
      const first = await put();
      if (first.status == 201) continue;
      // If not even that module can be fetched, the network is the cause.
      const module = await recovery().catch(blank);
      const answer = module ? await module.bring(item, id, first, put, siteUrl, words) : first;
      if (answer) return answer;
      await edit(item.key, (kept) => void (kept == item || Object.assign(kept, item))).catch(blank);
      // What has got through stays until the message has: the gateway may lose it.
      if (!item.files.includes(id)) await attachments.drop([id]);
    }
  };

  /** Sends a submission and waits for the response; never rejects. @param {Item} item */
  const post = async (item) => {
    const ends = new AbortController();
    let late = false;
    /** @type {any} */
    let timer;
    // A page's own `fetch` may ignore the signal.
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

  /**
   * Records that it may arrive from now on, for a destination without idempotency keys; resolves to whether this is
   * the first time.
   * @param {string} key
   */
  const begin = async (key) => {
    let first = false;
    await edit(key, (item) => {
      first = item.cause != UNSURE;
      item.cause = UNSURE;
    });
    return first;
  };

  /**
   * Attempts a due submission while holding the lock, with changes of other tabs taken into account.
   * @param {string} key
   */
  const attempt = async (key) => {
    // A later page sends it.
    if (signal.aborted) return;
    // If the device does not answer, what somebody waits for goes from memory.
    const found = await stored().catch(() => [...waiting.values()].map(({ item }) => item));
    const item = unstored.get(key) ?? found.find((item) => item.key == key);
    if (!item) return conclude(key, await earlier(key));
    if (!goes(item) || until(item) > 0)
      return conclude(
        key,
        item.refused ? { word: "refused", text: JSON.stringify(item.refused) } : { word: item.cause },
      );
    going.add(key);
    changed();
    /** @type {Answer} */
    let answer;
    try {
      answer = straight ? await straight(item, () => begin(key)) : ((await bring(item)) ?? (await post(item)));
    } finally {
      going.delete(key);
    }
    const { draft, tries } = item;
    // A customer who is looking at the form is asked whether to send it without the attachment; otherwise it is
    // retried with the attachment.
    const full = !waiting.has(key) && attachments.ends(parsed(answer.text).code);
    const told = full ? { ...answer, status: 429, text: "" } : answer;
    const tried = { sealed: draft ? "" : "reply", ...told, online: navigator.onLine, tries };
    let word = outcome(tried);
    // Something on the way may block only this request.
    if (siteUrl && word == "unreachable" && (told.status || tries))
      word = await recovery().then(
        (module) => module.reconsider(tried, siteUrl),
        () => word,
      );
    const wait = pause(word, tried, Math.random());
    const result = { word, text: answer.text };
    // What the device cannot note is not sent again from here.
    await settle(item, result, wait, full).catch(() => word == "refused" && over.add(key));
    conclude(key, result);
    if (word == "sent") {
      const { id, reference } = parsed(result.text);
      if (draft) emit("sent", { id, reference });
      channel?.postMessage({ item, answer: result.text });
      arrived(item, result.text ?? "");
    } else if (draft) emit("failed", { cause: word });
    if (wait && !tries) emit("queued", { count: state.queued });
  };

  /**
   * The outcome of a submission that is not in the outbox any more.
   * @param {string} key @returns {Promise<Outcome>}
   */
  const earlier = async (key) => {
    const receipt = await transact(["receipts"], (receipts) => got(receipts.get(key))).catch(blank);
    return receipt ? { word: "sent", text: receipt.answer } : { word: "gone" };
  };

  /** @param {string} key @param {Outcome} outcome */
  const conclude = (key, outcome) => {
    waiting.get(key)?.end(outcome);
    waiting.delete(key);
  };

  /**
   * Records an outcome; `full` if an attachment was refused because a quota is used up.
   * @param {Item} item @param {Outcome} outcome @param {number} wait @param {boolean} full
   */
  const settle = async (item, { word, text: answer }, wait, full) => {
    const { key, draft, replyDraft, of, text, user, files } = item;
    if (word == "sent") {
      over.add(key);
      unstored.delete(key);
      await transact(["drafts", "outbox", "receipts"], (drafts, outbox, receipts) => {
        outbox.delete(key);
        receipts.put({ key, site, user, draft, replyDraft, of, text, answer, at: Date.now() }, key);
        // It is still there if the submission could not be stored in its place.
        return dropDraft(drafts, item);
      });
      await attachments.drop(files);
    } else {
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

  /** Sends all due submissions that nobody waits for, one after the other, and schedules the next run. */
  const run = () => {
    again = true;
    running ??= (async () => {
      clearTimeout(timer);
      while (again) {
        again = false;
        for (const item of await all())
          if (!waiting.has(item.key) && !going.has(item.key) && goes(item) && until(item) <= 0) await alone(item.key);
      }
      const left = await all();
      // Another tab may have sent those that are missing.
      if (left.filter(isMine).length != state.queued) await turn(true);
      const waits = left.filter(goes).map(until);
      if (waits.length && !signal.aborted) timer = setTimeout(run, Math.max(1000, Math.min(...waits)));
    })()
      .catch(blank)
      .finally(() => {
        running = undefined;
        if (again) run();
      });
    return running;
  };

  /** Attempts a submission in one tab at a time; never rejects. @param {string} key */
  const alone = async (key) => {
    const act = () => attempt(key).catch(blank);
    const { locks } = navigator;
    if (!locks) return recovery().then((module) => module.leased(name, act), act);
    const ends = new AbortController();
    const { signal } = ends;
    const timer = setTimeout(() => ends.abort(), LOCK_MS);
    let begun = false;
    const enter = () => {
      begun = true;
      return act();
    };
    try {
      // Tabs with an earlier version lock the whole outbox. Sharing that lock keeps them out.
      await locks.request(`${name}:${key}`, { signal }, () => locks.request(name, { signal, mode: "shared" }, enter));
    } catch {
      // Sandboxed pages are refused locks, like storage. Two tabs that send at once send the same bytes under the same
      // key; where no key prevents a second ticket, it waits.
      if (!begun && !(straight && signal.aborted)) await act();
    } finally {
      clearTimeout(timer);
    }
  };

  /** Skips the pause of submissions that had no response. */
  const hurry = async () => {
    for (const item of await all())
      if (!["busy", FULL].includes(item.cause) && item.wait)
        await edit(item.key, (item) => (item.next = 0)).catch(blank);
    return run();
  };

  /**
   * The customer edits what was refused. It stays in the outbox until `keep` has stored it as a draft, unless only this
   * page has it. It stays if the form is another user's by now.
   * @param {string} key @param {Keep} keep
   */
  const giveBack = async (key, keep) => {
    const isKept = await keep();
    if (isKept || (isKept == false && unstored.has(key))) await remove(key).catch(blank);
    await turn();
  };

  // Another tab may have submitted or sent what somebody waits for here.
  if (channel)
    channel.onmessage = async ({ data }) => {
      await turn(true);
      moved();
      if (data && (data.item.user == user() || isMine(data.item))) arrived(data.item, data.answer);
    };
  addEventListener("online", hurry, { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState == "visible" && run(), { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && run(), { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    channel?.close();
    channel = undefined;
  });
  Promise.resolve(state.left || hasPlain() ? recovery().then(({ adopt }) => adopt(site, state, unstored)) : 0)
    .catch(blank)
    .then(() => turn(true))
    .then(hurry);

  return {
    /** The submissions of the current user; `going` if this tab is sending it. */
    items: async () => (await all()).filter(isMine).map((item) => ({ ...item, going: going.has(item.key) })),
    /** Whether there are submissions that could not be stored, of one owner or any. @param {string} [of] */
    unkept: (of) => [...unstored.values()].some((item) => !of || item.of == of),

    /**
     * Creates a submission and sends it; resolves to the outcome of the first attempt. If another tab has submitted
     * the same draft, no second submission is created.
     * @param {{path: string, body: string, text: string, signed: boolean, files: string[], of: string, replyDraft?: string}} what
     * @param {{id: string, place: string} | undefined} draft its draft, which is deleted with it; a reply's has no id
     * @param {Keep} keep @param {(item: Item) => Promise<void>} complete adds what other tabs have of it
     * @returns {Promise<Outcome>}
     */
    send: async (what, draft, keep, complete) => {
      const at = Date.now();
      const who = { key: random(16), site, user: user(), session: session() };
      const start = { at, said: at, tries: 0, wait: 0, next: 0, cause: "" };
      /** @type {Item} */
      const item = {
        ...who,
        ...what,
        names: attachments.names(what.files),
        draft: draft?.id ?? "",
        place: draft?.place,
        ...start,
      };
      await complete(item);
      const stopped = (item.stopped = attachments.stopped(what.of));
      if (stopped[0])
        await recovery()
          .then((module) => module.name(item, stopped, words))
          .catch(blank);
      const key = await store(item);
      attachments.give(item.files, key);
      const outcome = new Promise((end) => waiting.set(key, { item, end }));
      await turn();
      await alone(key);
      // Another tab is sending it, or nothing came of it: it is in the outbox.
      conclude(key, { word: "busy" });
      run();
      const known = await outcome;
      // The customer can edit it.
      if (known.word == "refused") {
        attachments.give(item.files, what.of);
        giveBack(key, keep);
      }
      return known;
    },

    /**
     * The customer wants to send it now. What may have arrived is sent only by a customer who has seen that.
     * @param {string} key @param {boolean} isUnsure whether the customer saw that it may have arrived
     */
    again: async (key, isUnsure) => {
      if (going.has(key)) return;
      const now = (/** @type {Item} */ item) => {
        if (item.cause == UNSURE && !isUnsure) return;
        item.said = Date.now();
        item.next = 0;
        item.cause = "";
        delete item.refused;
      };
      await edit(key, now).catch(blank);
      // Shows what became of it meanwhile in another tab.
      await turn(true);
      await alone(key);
      run();
    },

    giveBack,
    /** The customer discards it. @param {Item} item */
    discard: async ({ key, files }) => {
      await remove(key).catch(blank);
      await attachments.drop(files);
      conclude(key, { word: "gone" });
      await turn();
    },

    /**
     * The user has changed, or with `reset` has logged out. Submissions stay with their user, and are still sent.
     * @param {boolean} reset
     * @param {boolean} discard deletes the submissions of `id` as well; everybody's if it is empty
     * @param {string} id of the previous user
     */
    other: async (reset, discard, id) => {
      const before = last;
      last = user();
      // A user who was declared only now waits for the same outcomes as before.
      if (reset || before) for (const key of waiting.keys()) conclude(key, { word: "gone" });
      if (discard)
        for (const { key, user, heir, files } of await all())
          if (!id || (user || heir) == id) await Promise.allSettled([remove(key), attachments.drop(files)]);
      await turn();
      run();
    },
  };
};
