// Imported by `modules.js` when somebody opens "What we send": the glue that Trunk creates for that module, and its
// style.

export { initSync as init, look } from "trunk:glue";

export const css = SENDS_CSS;
