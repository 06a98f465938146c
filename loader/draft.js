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
/** How long to wait before the device is asked again to store what it could not. */
const RETRY_MS = 5000;

/** Whether somebody has written something, or attached it. @param {any} ticket */
const hasContent = ({ message, attachments }) => message || attachments?.length;

/**
 * Whether a draft has something that another one lacks.
 * @param {Draft} one @param {Pick<Draft, "id" | "ticket">} other
 */
const hasMore = ({ id, ticket }, other) =>
  ticket.message != other.ticket.message || (id != other.id && ticket.attachments?.length);

/**
 * Stores the draft of the current user. `ticket` returns the content of the form, and `fill` sets it; `labels` are
 * the texts of the language.
 * @param {Parts} parts @param {() => any} ticket @param {(ticket: any, id: string) => void} fill
 * @param {() => Promise<any>} labels
 * @param {() => Promise<typeof import("./recovery.js")>} recovery
 */
export const keep = ({ site, state, box, root, signal }, ticket, fill, labels, recovery) => {
  let tab = Math.random();
  let id = random(16);
  const hint = document.createElement("p");
  /** The owner of the draft. */
  let key = "";
  /** Changes with the person: after an `await`, another number means that the answer is no longer wanted. */
  let person = 0;
  /** The time of the draft that this tab has last shown or stored. */
  let known = 0;
  let timer = 0;
  /** Whether the hint says that the draft is not stored. */
  let isUnkept = false;
  /**
   * What was put aside for other texts, until the device has it: stored in the transaction that stores another text in its
   * place, so that neither is lost. @type {Placed[]}
   */
  let apart = [];

  /** Runs a transaction on the drafts. @template T @param {(store: IDBObjectStore) => T | Promise<T>} act */
  const kept = (act) => transact(["drafts"], act);

  const here = () => `${site}\n${state.user?.id ?? ""}`;
  /**
   * The key of an owner's draft that was replaced by a newer one.
   * @param {string} owner @param {number | string} at when it was written
   */
  const aside = (owner, at) => `${owner}\n\n${at}`;

  /** @returns {Draft} */
  const draft = () => ({ id, ticket: ticket(), at: known, tab, frozen: plain(state.frozen) });

  /** @param {string} [left] the owner until now */
  const write = async (left) => {
    clearTimeout(timer);
    timer = 0;
    const now = draft();
    // Both as of now: the user may change or log out while it is being stored.
    const [owner, at] = [key, Date.now()];
    const isMine = (/** @type {Draft | undefined} */ there) => there && (there.tab == now.tab || there.at == now.at);
    const others = apart;
    await kept(async (store) => {
      for (const other of others) store.put(other, other.place);
      if (left != undefined && isMine(await got(store.get(left)))) store.delete(left);
      /** @type {Draft | undefined} */
      const there = await got(store.get(owner));
      const mine = isMine(there);
      if (!hasContent(now.ticket)) return mine && store.delete(owner);
      if (there && !mine && hasMore(there, now)) store.put(there, aside(owner, there.at));
      store.put({ ...now, at }, owner);
      if (owner == key) known = at;
    });
    apart = apart.filter((other) => !others.includes(other));
  };

  /**
   * Stores the draft; resolves to whether it did. If that fails, says so, and tries it again later.
   * @param {string} [left] the owner until now
   * @returns {Promise<boolean>}
   */
  const save = (left) => {
    const asked = person;
    return write(left).then(
      () => {
        if (isUnkept) hint.remove();
        isUnkept = false;
        return true;
      },
      () => {
        // What is being sent is in the outbox.
        if (asked == person && box.value && !box.readOnly && !signal.aborted) {
          timer ||= setTimeout(() => save(left), RETRY_MS);
          if (!isUnkept) say("draft_unkept");
        }
        return false;
      },
    );
  };

  /** Finds the stored drafts of the current user. */
  const find = async () => {
    const [owner, asked] = [(key = here()), person];
    const [own, ...others] = await fresh(owner);
    if (asked != person) return;
    const now = ticket();
    const isShown = hasContent(now) && own?.at == known;
    // The page may have been written anew after the draft was stored (`repaint` in `panel.js`).
    if (own && !isShown && !now.attachments?.length && (!now.message || own.ticket.message == now.message)) {
      take(own);
      // A draft that was replaced becomes the current one again, unless another tab has stored one meanwhile.
      if (own.place != owner)
        await kept(async (store) => {
          if (await got(store.get(owner))) return;
          store.delete(own.place);
          store.put(own, owner);
        });
    } else if (hasContent(now)) {
      // A draft that was written before this tab was opened.
      if (own && !isShown) others.unshift({ ...own, place: aside(owner, own.at) });
      await save();
    }
    if (asked != person) return;
    offer(others);
    if (!box.value && hasPlain()) await (await recovery()).adoptDraft(key, box, save);
  };

  /** The drafts of a user, the current one first and then the newest. @param {string} owner @returns {Promise<Placed[]>} */
  const fresh = (owner) =>
    transact(["drafts", "outbox", "receipts"], async (drafts, outbox, receipts) => {
      const asides = IDBKeyRange.bound(aside(owner, ""), aside(owner, "\uffff"));
      const [keys, rest] = await Promise.all([got(drafts.getAllKeys(asides)), got(drafts.getAll(asides))]);
      /** @type {Placed[]} */
      const found = rest.map((/** @type {Draft} */ draft, /** @type {number} */ nth) => ({
        ...draft,
        place: keys[nth],
      }));
      found.sort((one, other) => other.at - one.at);
      const own = await got(drafts.get(owner));
      if (own) found.unshift({ ...own, place: owner });
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
    const shown = { id, ticket: { message: box.value } };
    const found = others.find((other) => hasMore(other, shown));
    if (!found) return;
    const [owner, asked] = [key, person];
    say("draft_other", "draft_show", async () => {
      hint.remove();
      // It cannot be changed while it is being sent, and another person's is not shown.
      if (box.readOnly || asked != person) return;
      await save();
      if (asked != person) return;
      const now = draft();
      const mine = { ...now, place: aside(owner, now.at) };
      const left = others.filter((other) => other != found);
      const isAside = await kept(async (store) => {
        // Another tab may have stored one meanwhile.
        const there = await got(store.get(owner));
        if (there && hasMore(there, mine) && hasMore(there, found)) store.put(there, aside(owner, there.at));
        store.delete(found.place);
        store.put(found, owner);
        if (hasContent(mine.ticket)) store.put(mine, mine.place);
        return true;
      }).catch(blank);
      if (isAside) apart = apart.filter(({ place }) => place != found.place);
      if (asked != person) return;
      if (!isAside) return offer(others);
      // What was written meanwhile is newer than what was put aside.
      if (box.value != mine.ticket.message) return save();
      take(found);
      offer(hasContent(mine.ticket) ? [mine, ...left] : left);
    });
  };

  /** Shows a text below the box. @param {string} text @param {string} [act] @param {() => void} [press] */
  const say = async (text, act, press) => {
    const asked = person;
    isUnkept = !press;
    const words = await labels();
    // Without texts nothing can be shown; the draft is stored all the same.
    if (asked != person || !words?.[text]) return;
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

  find().catch(() => save());

  return {
    id: () => id,
    /** The id and key of the draft, for the outbox. From here on it is not stored any more. */
    about: () => {
      // So that the stored draft is the one that becomes a submission.
      hurry();
      return { id, place: key };
    },
    save,
    /** The draft was submitted, or is not needed any more. With `isUnkept` the device has it only as a draft. @param {boolean} [isUnkept] */
    sent: (isUnkept) => {
      const [owner, done, text] = [key, id, box.value];
      forget();
      if (isUnkept) {
        // The next draft does not take its place.
        tab = Math.random();
        known = 0;
        return;
      }
      kept(async (store) => {
        /** @type {Draft | undefined} */
        const there = await got(store.get(owner));
        // Another tab may have continued it.
        if (there?.id == done && (there.tab == tab || there.ticket.message == text)) store.delete(owner);
      }).catch(blank);
    },
    /** Puts aside what an earlier user has written. @param {string} user @param {string} message */
    park: (user, message) => {
      const at = Date.now();
      const parked = { id: random(16), ticket: { message }, at, tab: 0, frozen: null };
      kept((store) => store.put(parked, aside(`${site}\n${user}`, at))).catch(blank);
    },
    /**
     * Puts the draft aside for another one, with which it is stored; returns a function that offers it again, or nothing if
     * there is none.
     */
    putAside: () => {
      const [now, at, asked] = [draft(), Date.now(), person];
      if (!hasContent(now.ticket)) return;
      const mine = { ...now, at, place: aside(key, at) };
      apart = [...apart, mine];
      forget();
      return () => asked == person && offer([mine]);
    },
    /** Another tab has submitted something, which may be the draft that this tab shows. */
    check: async () => {
      const text = box.value;
      const sealed = await transact(["outbox", "receipts"], (outbox, receipts) => became(id, text, outbox, receipts));
      if (!sealed || sealed.refused || !text || box.readOnly || box.value != text) return;
      id = random(16);
      known = 0;
      fill({}, id);
    },
    reset: async () => {
      person += 1;
      apart = [];
      forget();
      await find().catch(blank);
    },
    /**
     * The user has changed. A draft from before any user was declared belongs to the new user, and so does one with
     * `isTheirs`; any other stays with its author.
     * @param {boolean} [isTheirs]
     */
    other: async (isTheirs) => {
      const [left, owner] = [key, here()];
      if (left == owner) return;
      const now = (person += 1);
      hint.remove();
      // Until the first `await` nobody can write; what is written later belongs to the new user.
      /** @type {Promise<any> | undefined} */
      let stored;
      if (left != `${site}\n` && !isTheirs) {
        stored = save();
        forget();
        tab = Math.random();
        known = 0;
        key = owner;
        fill({}, id);
      } else {
        key = owner;
        if (hasContent(ticket())) stored = save(left);
      }
      await stored;
      if (now == person) await find().catch(blank);
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
