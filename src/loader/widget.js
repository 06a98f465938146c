// What the loader imports: the glue that Trunk makes, and the style that belongs to it.

export { default, mount, open, changed } from "trunk:glue";

export const css = PANEL_CSS;
