// Drafts of replies: stored on the device while they are written, like the draft of a ticket. What another text replaces
// without having been shown is put aside, and is the draft again once there is no other.

import { KEPT_MS, became, got, transact } from "./disk.js";
import { random } from "./session.js";
import { blank } from "./state.js";

/** How long to wait before the device is asked again to store what it could not. */
const RETRY_MS = 5000;

/** @param {import("./widget-loader.js").Parts} parts */
export const replies = ({ site, state, signal }) => {
  /**
   * What the device does not have, or not yet, by place; empty for what is being submitted. It lasts as long as the page.
   * @type {Map<string, string>}
   */
  const unstored = new Map();
  /**
   * The fields that were opened last, by place: what marks their drafts, what they have shown first, and the id of the draft,
   * which stays the same if another tab continues it.
   * @typedef {{tab: number, shown: string | undefined, replyDraft: string}} Field
   * @type {Map<string, Field>}
   */
  const fields = new Map();
  /** How often something was written. */
  let edits = 0;
  /** What stores again what could not be stored, by place. @type {Map<string, any>} */
  const retries = new Map();
  const place = (/** @type {string} */ id) => `${site}\n${state.user?.id ?? ""}\n${id}`;
  /** @returns {Field} */
  const field = () => ({ tab: Math.random(), shown: undefined, replyDraft: random(16) });

  /**
   * Puts a text of a field into a place, or removes the draft there if the text is empty.
   * @param {IDBObjectStore} drafts @param {string} at @param {string} text @param {Field} from
   */
  const write = async (drafts, at, text, { tab, shown, replyDraft }) => {
    const there = await got(drafts.get(at));
    const isOther = there && there.tab != tab && there.text != shown && there.text != text;
    if (isOther && text) drafts.put(there, `${at}\n${there.tab ?? there.at}`);
    // Of a field only what it has last is put aside.
    drafts.delete(`${at}\n${tab}`);
    if (text) drafts.put({ text, at: Date.now(), tab, replyDraft }, at);
    else if (!isOther) drafts.delete(at);
  };

  /**
   * Stores a draft, deletes it if it is empty, and resolves to whether the device did so. If not, it is tried again.
   * @param {string} at @param {string} text @param {Field} from @returns {Promise<boolean>}
   */
  const store = (at, text, from) => {
    edits += 1;
    unstored.set(at, text);
    clearTimeout(retries.get(at));
    return transact(["drafts"], (drafts) => write(drafts, at, text, from)).then(
      () => {
        if (unstored.get(at) == text) unstored.delete(at);
        return true;
      },
      () => {
        // Unless something else has taken its place meanwhile.
        const again = () => signal.aborted || unstored.get(at) != text || store(at, text, from);
        clearTimeout(retries.get(at));
        retries.set(at, setTimeout(again, RETRY_MS));
        return false;
      },
    );
  };

  return {
    /** Clears what lasts as long as the page. */
    clear: () => {
      unstored.clear();
      fields.clear();
    },

    /** The draft of the reply to the ticket with an id, for a field that was opened; empty if there is none. @param {string} id */
    begun: async (id) => {
      const [at, before, opened] = [place(id), edits, field()];
      fields.set(at, opened);
      const stores = ["drafts", "outbox", "receipts"];
      const kept = await transact(stores, (drafts, outbox, receipts) =>
        find(drafts, outbox, receipts, at, unstored.has(at)),
      ).catch(blank);
      const text = kept?.text ?? "";
      // Otherwise the field shows what was typed meanwhile, or could not be stored.
      if (before == edits && !unstored.has(at)) {
        opened.shown = text;
        opened.replyDraft = kept?.replyDraft ?? opened.replyDraft;
      }
      return unstored.get(at) ?? text;
    },

    /** Stores what is in the field. @param {string} id @param {string} text */
    keep: (id, text) => store(place(id), text, fields.get(place(id)) ?? field()),
    /**
     * The draft becomes a submission: until `end` it is not offered again, though it may be on the device. What is written
     * next is another draft. `giveBack` stores what was refused.
     * @param {string} id
     */
    submit: (id) => {
      const at = place(id);
      const from = fields.get(at) ?? field();
      unstored.set(at, "");
      const next = field();
      fields.set(at, next);
      const end = () => void (unstored.get(at) || unstored.delete(at));
      const giveBack = (/** @type {string} */ text) => {
        // Unless the conversation was opened again meanwhile.
        if (fields.get(at) == next) fields.set(at, from);
        return store(at, text, from);
      };
      return { place: at, replyDraft: from.replyDraft, end, giveBack };
    },
  };
};

/**
 * The draft in a place, unless another tab has submitted it. If there is none, the newest of those that were put aside takes
 * it, unless it `isTaken`.
 * @param {IDBObjectStore} drafts @param {IDBObjectStore} outbox @param {IDBObjectStore} receipts
 * @param {string} at @param {boolean} isTaken @returns {Promise<any>}
 */
const find = async (drafts, outbox, receipts, at, isTaken) => {
  const isFresh = (/** @type {any} */ draft) => Date.now() - draft?.at < KEPT_MS;
  const there = await got(drafts.get(at));
  const { replyDraft, text } = there ?? {};
  const sealed = replyDraft && (await became(replyDraft, text, outbox, receipts));
  if (sealed && !sealed.refused) drafts.delete(at);
  else if (isFresh(there)) return there;
  if (isTaken) return;
  const asides = IDBKeyRange.bound(`${at}\n`, `${at}\n\uffff`);
  const [keys, kept] = await Promise.all([got(drafts.getAllKeys(asides)), got(drafts.getAll(asides))]);
  const times = kept.map((/** @type {any} */ draft) => draft.at);
  const last = times.indexOf(Math.max(...times));
  if (!isFresh(kept[last])) return;
  drafts.delete(keys[last]);
  drafts.put(kept[last], at);
  return kept[last];
};
