// Imported by `modules.js` when somebody opens a question: the glue that Trunk creates for that module, and its
// style.

export { initSync as init, show } from "trunk:glue";

export const css = ANSWERS_CSS;
