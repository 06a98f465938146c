// The panel without what draws it: the box, and the elements that the loader's scripts listen to.

import { freeze } from "../../../../loader/snapshot.js";
import { blank, state } from "../../../../loader/state.js";
import { load, show } from "../../../../loader/widget-loader.js";

let panel;

export const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
export const wear = blank;
export const mail = blank;
export const restore = blank;
export const toggle = blank;
export const shadow = () => frame().root;
export const isOpen = () => panel?.dialog.isShown;
export const close = () => {
  if (!isOpen()) return;
  panel.dialog.isShown = false;
  panel.dialog.dispatchEvent(new Event("close"));
};

const paint = () => {
  const parts = {};
  for (const name of ["root", "dialog", "title", "back", "label", "box", "below", "live"])
    parts[name] = document.createElement("div");
  parts.box.value = "";
  parts.root.append(parts.dialog);
  parts.dialog.append(parts.box);
  parts.box.addEventListener("input", () => {
    if (parts.box.value) freeze();
    else state.frozen = null;
  });
  return parts;
};

export const frame = () => (panel ??= paint());
export const repaint = () => (panel = undefined);
export const lead = async (options) => {
  if (await load(true)) return show(options ?? {});
};
export const open = async (options) => {
  frame().dialog.isShown = true;
  await lead(options);
};
