// What `widget.js` imports where somebody has tickets: what follows them, the glue that Trunk makes for the module that
// shows them, and its style.

import { initSync, refresh as refreshScreen, show } from "trunk:glue";

export { follow } from "./follow.js";
export { show };

export const css = TICKETS_CSS;

let ready = false;

/** Starts the module, which only those fetch who look. @param {{module: WebAssembly.Module}} options */
export const init = (options) => {
  initSync(options);
  ready = true;
};

/** Brings what is shown up to date: all of it, or one ticket. @param {string} [id] */
export const refresh = (id = "") => {
  if (ready) refreshScreen(id);
};
