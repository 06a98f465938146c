// What was begun as a reply: on the device while it is written, as a draft is.

import { KEPT_MS, got, transact } from "./disk.js";
import { blank } from "./state.js";

/** @param {import("./widget-loader.js").Parts} parts */
export const replies = ({ site, state }) => {
  /** Where nothing can be kept, it lasts as long as the page. @type {Map<string, string>} */
  const unstored = new Map();
  const place = (/** @type {string} */ id) => `${site}\n${state.user?.id ?? ""}\n${id}`;

  return {
    /** What lasts as long as the page ends earlier. */
    clear: () => unstored.clear(),

    /** What was begun as a reply to the ticket of an id; empty where nothing was. @param {string} id */
    begun: async (id) => {
      const kept = await transact(["drafts"], (drafts) => got(drafts.get(place(id)))).catch(blank);
      return unstored.get(place(id)) ?? (kept && Date.now() - kept.at < KEPT_MS ? kept.text : "");
    },

    /** Keeps it; nothing where it is empty. @param {string} id @param {string} text */
    keep: (id, text) => {
      const at = place(id);
      unstored.set(at, text);
      transact(["drafts"], (drafts) => (text ? drafts.put({ text, at: Date.now() }, at) : drafts.delete(at))).catch(
        blank,
      );
    },
  };
};
