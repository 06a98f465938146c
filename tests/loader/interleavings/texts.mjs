// What is known of each text that somebody wrote, and where it is.

/**
 * @typedef {object} Text
 * @property {Set<string>} owners who wrote it, or was declared while it was in the box; empty for an anonymous one
 * @property {boolean} isAnonymous whether it was written while nobody was declared
 * @property {boolean} isRequired whether it has to be somewhere
 * @property {boolean} wasStored whether it was on the device, from where only the customer may take it
 * @property {boolean} wasSealed whether it was in the outbox on the device: then it has to arrive, unless it is refused
 * @property {boolean} isPressed whether Send was pressed
 * @property {boolean} isDiscarded whether the customer has deleted its submission
 * @property {boolean} isForgotten whether a reset has to leave nothing of it on the device
 * @property {boolean} isDone whether the customer does not need it any more, so that it must not come back
 * @property {boolean} [isForgettable] whether a reset has deleted its draft while it was being sent off
 * @property {boolean} [isOpen] whether it was written for whomever the host was about to declare
 * @property {number} [tab] the tab that last showed it to somebody who writes
 * @property {number} [sender] the tab in which Send was pressed last
 * @property {string[]} files the names of the files that were sent with it
 */

/** @param {any} draft a record of the store `drafts` */
export const draftText = (draft) => draft.ticket?.message ?? draft.text ?? "";

export class Texts {
  /** @type {Map<string, Text>} */
  known = new Map();
  /** The owners of files by name. @type {Map<string, Set<string>>} */
  files = new Map();
  count = 0;

  /** @param {string[]} owners @param {string} [start] `bad` if the gateway refuses it */
  write(owners, start = "text") {
    const text = `${start}${++this.count}`;
    this.known.set(text, {
      owners: new Set(owners.filter(Boolean)),
      isAnonymous: owners.includes(""),
      isRequired: true,
      wasStored: false,
      wasSealed: false,
      isPressed: false,
      isDiscarded: false,
      isForgotten: false,
      isDone: false,
      files: [],
    });
    return text;
  }

  /** @param {string} text @param {(text: Text) => void} change */
  change(text, change) {
    const known = this.known.get(text);
    if (known) change(known);
  }

  /**
   * The customer has replaced or deleted a draft. What was sent off is another thing, unless it was refused.
   * @param {string} text @param {boolean} isSending whether another tab is about to send it
   */
  release(text, isSending = false) {
    this.change(text, (known) => {
      if ((!known.wasSealed && !isSending) || text.startsWith("bad")) known.isRequired = false;
    });
  }

  /** A text in the box is also that of whoever is declared while it is there. @param {string} text @param {string} user */
  claim(text, user) {
    if (user) this.change(text, (known) => known.owners.add(user));
  }

  /** Whether a user may see it. @param {string} text @param {string} user */
  isTheirs(text, user) {
    const known = this.known.get(text);
    return !known || (user ? known.owners.has(user) : known.isAnonymous);
  }
}

/** The texts on the device, as drafts and in the outbox. @param {import("./database.mjs").Device} device */
export const onDevice = (device) => ({
  drafts: new Set(device.all("drafts").map(draftText)),
  outbox: new Set(device.all("outbox").map(({ text }) => text)),
});
