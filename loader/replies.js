// Drafts of replies: stored on the device while they are written, like the draft of a ticket.

import { KEPT_MS, got, transact } from "./disk.js";
import { blank } from "./state.js";

/** @param {import("./widget-loader.js").Parts} parts */
export const replies = ({ site, state }) => {
  /**
   * What the device does not have, or not yet, by place; empty for what is being submitted. It lasts as long as the page.
   * @type {Map<string, string>}
   */
  const unstored = new Map();
  const place = (/** @type {string} */ id) => `${site}\n${state.user?.id ?? ""}\n${id}`;

  return {
    /** Clears what lasts as long as the page. */
    clear: () => unstored.clear(),

    /** The draft of the reply to the ticket with an id; empty if there is none. @param {string} id */
    begun: async (id) => {
      const kept = await transact(["drafts"], (drafts) => got(drafts.get(place(id)))).catch(blank);
      return unstored.get(place(id)) ?? (kept && Date.now() - kept.at < KEPT_MS ? kept.text : "");
    },

    /**
     * Stores a draft, deletes it if it is empty, and resolves to whether the device did so.
     * @param {string} id @param {string} text
     */
    keep: (id, text, at = place(id)) => {
      unstored.set(at, text);
      return transact(["drafts"], (drafts) =>
        text ? drafts.put({ text, at: Date.now() }, at) : drafts.delete(at),
      ).then(
        () => {
          if (unstored.get(at) == text) unstored.delete(at);
          return true;
        },
        () => false,
      );
    },

    /** The draft becomes a submission: until `over` it is not offered again, though it may be on the device. @param {string} id */
    submit: (id) => {
      const at = place(id);
      unstored.set(at, "");
      return at;
    },
    /** Its submission is on the device, has arrived or was refused. @param {string} at its place */
    over: (at) => {
      if (!unstored.get(at)) unstored.delete(at);
    },
  };
};
