// The language of the parts of the panel that the loader has painted (`panel.js`), when it changes.

import { BOX_LABEL, CLOSE, HELP } from "./names.js";

/** @param {import("./widget-loader.js").Parts} parts */
export const relabel = ({ frame, language, say }) => {
  const { root, dialog, title, label } = frame();
  const lang = language();
  /** @type {HTMLElement} */ (root.host).lang = lang;
  dialog.dir = RTL.includes(lang) ? "rtl" : "ltr";
  dialog.setAttribute("aria-label", say(HELP));
  dialog.querySelector(".icon:not(.back)")?.setAttribute("aria-label", say(CLOSE));
  title.textContent = say(HELP);
  label.textContent = say(BOX_LABEL);
};
