// The draft: what is written is on the device while it is written, and found again after a reload, a crash, a closed tab. Of two
// tabs the newer text wins, and the other can be shown again.

import { KEPT_MS, got, transact } from "./disk.js";
import { random } from "./session.js";
import { blank } from "./state.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/**
 * What is kept: the ticket as it stands in the form, when and in which tab it was written, and the context as it was frozen. Its
 * id stays the same where another tab goes on with it.
 * @typedef {{id: string, ticket: any, at: number, tab: number, frozen: any}} Draft
 */

/** How long the fingers rest before what they wrote is kept. */
const REST_MS = 250;

/**
 * Keeps the draft of whoever is here. `ticket` says how it stands in the form, and `fill` puts one there; `labels` are the texts
 * of the language.
 * @param {Parts} parts @param {() => any} ticket @param {(ticket: any, id: string) => void} fill @param {() => Promise<any>} labels
 */
export const keep = ({ site, state, box, root }, ticket, fill, labels) => {
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
  const other = () => `${key}\n`;

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
      if (there && !mine && there.ticket.message != message) store.put(there, other());
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
    const old = (/** @type {Draft | undefined} */ kept) => kept && Date.now() - kept.at > KEPT_MS;
    /** @type {(Draft | undefined)[]} */
    const found = await kept(async (store) => {
      const found = await Promise.all([key, other()].map((at) => got(store.get(at))));
      [key, other()].forEach((at, nth) => old(found[nth]) && store.delete(at));
      return found;
    });
    const fresh = found.flatMap((kept) => (kept && !old(kept) ? [kept] : []));
    if (fresh[0] && !box.value) {
      take(fresh[0]);
      fresh.shift();
    }
    // What was written before this was here to see it.
    else if (box.value) save();
    if (fresh[0] && fresh[0].ticket.message != box.value) offer(fresh[0]);
  };

  /** @param {Draft} draft */
  const take = ({ id: same, ticket, at, frozen }) => {
    id = same;
    known = at;
    state.frozen = frozen && { ...frozen, asked: Promise.resolve(), gathered: Promise.resolve() };
    fill(ticket, id);
  };

  /** Offers another text in the place of the one that is in the box. @param {Draft} found */
  const offer = (found) =>
    say("draft_other", "draft_show", async () => {
      hint.remove();
      // On its way, it is not to be changed.
      if (box.readOnly) return;
      await save();
      const mine = draft();
      const { message } = mine.ticket;
      await kept((store) => {
        if (message) store.put(mine, other());
        else store.delete(other());
      }).catch(blank);
      take(found);
      save();
      if (message) offer(mine);
    });

  /** Says something under the box. @param {string} text @param {string} [act] @param {() => void} [press] */
  const say = async (text, act, press) => {
    const words = await labels();
    // Without its words there is nothing to say; it is kept all the same.
    if (!words?.[text]) return;
    hint.className = "hint";
    hint.textContent = `${words[text]} `;
    if (act) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "link", textContent: words[act], onclick: press });
      hint.append(button);
    }
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

  /** The draft is gone: it was sent, or whoever wrote it has logged out. */
  const forget = async () => {
    clearTimeout(timer);
    timer = 0;
    id = random(16);
    hint.remove();
    await kept((store) => store.delete(key)).catch(blank);
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
    reset: async () => {
      await forget();
      // The other text, and what was begun as replies.
      await kept((store) => store.delete(IDBKeyRange.bound(other(), `${other()}\uffff`))).catch(blank);
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
