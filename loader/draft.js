// The draft: what is written is on the device while it is written, and found again after a reload, a crash, a closed tab. Of several
// tabs the newest text wins, and the others can be shown again.

import { KEPT_MS, became, got, hasPlain, transact } from "./disk.js";
import { random } from "./session.js";
import { blank } from "./state.js";
import { button } from "./waiting.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/**
 * What is kept: the ticket as it stands in the form, when and in which tab it was written, and the context as it was frozen. Its
 * id stays the same where another tab goes on with it.
 * @typedef {{id: string, ticket: any, at: number, tab: number, frozen: any}} Draft
 * @typedef {Draft & {place: string}} Placed with where it lies
 */

/** How long the fingers rest before what they wrote is kept. */
const REST_MS = 250;

/**
 * Keeps the draft of whoever is here. `ticket` says how it stands in the form, and `fill` puts one there; `labels` are the texts
 * of the language.
 * @param {Parts} parts @param {() => any} ticket @param {(ticket: any, id: string) => void} fill @param {() => Promise<any>} labels
 * @param {() => Promise<typeof import("./recovery.js")>} recovery
 */
export const keep = ({ site, state, box, root }, ticket, fill, labels, recovery) => {
  const tab = Math.random();
  let id = random(16);
  const hint = document.createElement("p");
  /** Whose draft it is. */
  let key = "";
  /** When the draft was written that this tab has shown or kept last. */
  let known = 0;
  let timer = 0;
  let told = false;

  /** Does something with what is kept. @template T @param {(store: IDBObjectStore) => T | Promise<T>} act */
  const kept = (act) => transact(["drafts"], act);

  const here = () => `${site}\n${state.user?.id ?? ""}`;
  /** Where a draft lies that had to make room for a newer one. @param {number | string} at when it was written */
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

  /** Keeps it where that can be, and otherwise says so, once. */
  const save = () =>
    write().catch(() => {
      if (told || !box.value) return;
      told = true;
      say("draft_unkept");
    });

  /** Finds what was kept for whoever is here. */
  const find = async () => {
    key = here();
    const [own, ...others] = await fresh();
    if (own && !box.value) {
      take(own);
      // One that had made room is the draft again.
      if (own.place != key)
        await kept((store) => {
          store.delete(own.place);
          store.put(own, key);
        });
    } else if (box.value) {
      // What was written before this was here to see it.
      if (own) others.unshift({ ...own, place: aside(own.at) });
      await save();
    }
    offer(others);
    if (!box.value && hasPlain()) await (await recovery()).adoptDraft(key, box, save);
  };

  /** The drafts of whoever is here, the one that is not aside first and then the newest. @returns {Promise<Placed[]>} */
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
        // Another tab may have sent it while this one was still keeping it.
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
    state.frozen = frozen && { ...frozen, asked: Promise.resolve(), gathered: Promise.resolve() };
    fill(ticket, id);
  };

  /** Offers another text in the place of the one that is in the box. @param {Placed[]} others */
  const offer = (others) => {
    const found = others.find((draft) => draft.ticket.message != box.value);
    if (!found) return;
    say("draft_other", "draft_show", async () => {
      hint.remove();
      // On its way, it is not to be changed.
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

  /** Says something under the box. @param {string} text @param {string} [act] @param {() => void} [press] */
  const say = async (text, act, press) => {
    const words = await labels();
    // Without its words there is nothing to say; it is kept all the same.
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
  // The page may be gone the next moment.
  document.addEventListener("visibilitychange", () => timer && save());
  addEventListener("pagehide", () => timer && save());

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
    /** What it is known by and where it is kept, for what seals it: from then on nothing more is kept. */
    about: () => {
      clearTimeout(timer);
      timer = 0;
      return { id, place: key };
    },
    save,
    sent: forget,
    /** Another tab has sealed something: what this one shows may be that. */
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
    /** Somebody else is here. What was begun before anybody had said who is here is theirs; anything else stays with its writer. */
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

/** Without what cannot be kept. @param {any} frozen */
const plain = (frozen) => {
  if (!frozen) return null;
  const { asked, gathered, ...rest } = frozen;
  for (const copy of [structuredClone, (/** @type {any} */ value) => JSON.parse(JSON.stringify(value))])
    try {
      return copy(rest);
    } catch {}
  return null;
};
