// What the loader imports: the glue that Trunk makes, and the style that belongs to it.

export { initSync as init, mount, open, changed } from "trunk:glue";

export const css = PANEL_CSS;

export { describe } from "./collect/describe.js";
export { gather } from "./collect/gather.js";
