// What `modules.js` imports when somebody may read an answer: the glue that Trunk makes for that module, and its style.

export { initSync as init, show } from "trunk:glue";

export const css = ANSWERS_CSS;
