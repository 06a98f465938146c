// What `modules.js` imports when somebody looks at what is sent: the glue that Trunk makes for that module, and its style.

export { initSync as init, look } from "trunk:glue";

export const css = SENDS_CSS;
