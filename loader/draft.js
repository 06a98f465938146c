// The draft: stored on the device while it is written, and restored after a reload, a crash or a closed tab. Of
// several tabs the newest text is shown, and the others can be shown again.

import { KEPT_MS, became, got, hasPlain, transact } from "./disk.js";
import { random } from "./session.js";
import { blank } from "./state.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/**
 * A stored draft: the content of the form, when and in which tab it was written, and the snapshot. Its id stays the
 * same if another tab continues it.
 * @typedef {{id: string, ticket: any, at: number, tab: number, frozen: any}} Draft
 * @typedef {Draft & {place: string}} Placed with its key
 */

/** How long typing has to pause before the draft is stored. */
const REST_MS = 250;

/**
 * Stores the draft of the current user. `ticket` returns the content of the form, and `fill` sets it; `labels` are
 * the texts of the language.
 * @param {Parts} parts @param {() => any} ticket @param {(ticket: any, id: string) => void} fill
 * @param {() => Promise<any>} labels
 * @param {() => Promise<typeof import("./recovery.js")>} recovery
 */
export const keep = ({ site, state, box, root, signal }, ticket, fill, labels, recovery) => {
  const tab = Math.random();
  let id = random(16);
  const hint = document.createElement("p");
  /** The owner of the draft. */
  let key = "";
  /** The time of the draft that this tab has last shown or stored. */
  let known = 0;
  let timer = 0;
  let told = false;

  /** Runs a transaction on the drafts. @template T @param {(store: IDBObjectStore) => T | Promise<T>} act */
  const kept = (act) => transact(["drafts"], act);

  const here = () => `${site}\n${state.user?.id ?? ""}`;
  /** The key of a draft that was replaced by a newer one. @param {number | string} at when it was written */
  const aside = (at) => `${key}\n\n${at}`;

  /** @returns {Draft} */
  const draft = () => ({ id, ticket: ticket(), at: known, tab, frozen: plain(state.frozen) });

  const write = async () => {
    clearTimeout(timer);
    timer = 0;
    const now = draft();
    const { message, attachments } = now.ticket;
    await kept(async (store) => {
      /** @type {Draft | undefined} */
      const there = await got(store.get(key));
      const mine = there && (there.tab == tab || there.at == known);
      if (!message && !attachments?.length) return mine && store.delete(key);
      if (there && !mine && there.ticket.message != message) store.put(there, aside(there.at));
      now.at = known = Date.now();
      store.put(now, key);
    });
  };

  /** Stores the draft. If that fails, says so, once. */
  const save = () =>
    write().catch(() => {
      if (told || !box.value) return;
      told = true;
      say("draft_unkept");
    });

  /** Finds the stored drafts of the current user. */
  const find = async () => {
    key = here();
    const [own, ...others] = await fresh();
    if (own && !box.value) {
      take(own);
      // A draft that was replaced becomes the current one again.
      if (own.place != key)
        await kept((store) => {
          store.delete(own.place);
          store.put(own, key);
        });
    } else if (box.value) {
      // A draft that was written before this tab was opened.
      if (own) others.unshift({ ...own, place: aside(own.at) });
      await save();
    }
    offer(others);
    if (!box.value && hasPlain()) await (await recovery()).adoptDraft(key, box, save);
  };

  /** The drafts of the current user, the current one first and then the newest. @returns {Promise<Placed[]>} */
  const fresh = () =>
    transact(["drafts", "outbox", "receipts"], async (drafts, outbox, receipts) => {
      const asides = IDBKeyRange.bound(aside(""), aside("\uffff"));
      const [keys, rest] = await Promise.all([got(drafts.getAllKeys(asides)), got(drafts.getAll(asides))]);
      /** @type {Placed[]} */
      const found = rest.map((/** @type {Draft} */ draft, /** @type {number} */ nth) => ({
        ...draft,
        place: keys[nth],
      }));
      found.sort((one, other) => other.at - one.at);
      const own = await got(drafts.get(key));
      if (own) found.unshift({ ...own, place: key });
      const fresh = [];
      for (const draft of found) {
        // Another tab may have sent it while this one was still storing it.
        const over =
          Date.now() - draft.at > KEPT_MS || (await became(draft.id, draft.ticket.message, outbox, receipts));
        if (over) drafts.delete(draft.place);
        else fresh.push(draft);
      }
      return fresh;
    });

  /** @param {Draft} draft */
  const take = ({ id: same, ticket, at, frozen }) => {
    id = same;
    known = at;
    state.frozen = frozen && { ...frozen, answers: Promise.resolve(), gathered: Promise.resolve() };
    fill(ticket, id);
  };

  /** Offers another text in place of the one in the box. @param {Placed[]} others */
  const offer = (others) => {
    const found = others.find((draft) => draft.ticket.message != box.value);
    if (!found) return;
    say("draft_other", "draft_show", async () => {
      hint.remove();
      // It cannot be changed while it is being sent.
      if (box.readOnly) return;
      await save();
      const now = draft();
      const mine = { ...now, place: aside(now.at) };
      const left = others.filter((other) => other != found);
      await kept((store) => {
        store.delete(found.place);
        store.put(found, key);
        if (mine.ticket.message) store.put(mine, mine.place);
      }).catch(blank);
      take(found);
      offer(mine.ticket.message ? [mine, ...left] : left);
    });
  };

  /** Shows a text below the box. @param {string} text @param {string} [act] @param {() => void} [press] */
  const say = async (text, act, press) => {
    const words = await labels();
    // Without texts nothing can be shown; the draft is stored all the same.
    if (!words?.[text]) return;
    hint.className = "hint";
    hint.textContent = `${words[text]} `;
    if (act && press) hint.append(button("link", words[act], press));
    box.after(hint);
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, REST_MS);
  };
  for (const type of ["input", "change"]) root.addEventListener(type, later);
  // The page may be closed the next moment.
  const hurry = () => void (timer && save());
  document.addEventListener("visibilitychange", hurry, { signal });
  addEventListener("pagehide", hurry, { signal });
  signal.addEventListener("abort", hurry);

  /** What is written next is another draft. */
  const forget = () => {
    clearTimeout(timer);
    timer = 0;
    id = random(16);
    hint.remove();
  };

  find().catch(save);

  return {
    id: () => id,
    /** The id and key of the draft, for the outbox. From here on it is not stored any more. */
    about: () => {
      clearTimeout(timer);
      timer = 0;
      return { id, place: key };
    },
    save,
    sent: forget,
    /** Another tab has submitted something, which may be the draft that this tab shows. */
    check: async () => {
      const text = box.value;
      const sealed = await transact(["outbox", "receipts"], (outbox, receipts) => became(id, text, outbox, receipts));
      if (!sealed || !text || box.readOnly || box.value != text) return;
      id = random(16);
      known = 0;
      fill({}, id);
    },
    reset: async () => {
      forget();
      await find().catch(blank);
    },
    /**
     * The user has changed. A draft from before any user was declared belongs to the new user; any other stays with
     * its author.
     */
    other: async () => {
      if (key == here()) return;
      if (key != `${site}\n`) {
        await save();
        id = random(16);
        fill({}, id);
      } else if (box.value) await kept((store) => store.delete(key)).catch(blank);
      await find().catch(blank);
      if (box.value) save();
    },
  };
};

/** The snapshot without what cannot be stored. @param {any} frozen */
const plain = (frozen) => {
  if (!frozen) return null;
  const { answers, gathered, ...rest } = frozen;
  for (const copy of [structuredClone, (/** @type {any} */ value) => JSON.parse(JSON.stringify(value))])
    try {
      return copy(rest);
    } catch {}
  return null;
};

/** @param {string} className @param {string} textContent @param {() => void} onclick @returns {HTMLElement} */
const button = (className, textContent, onclick) =>
  Object.assign(document.createElement("button"), { type: "button", className, textContent, onclick });
