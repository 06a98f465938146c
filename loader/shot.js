// What `modules.js` imports when somebody wants a picture in their ticket: takes one of the page or opens a file, and lets them
// black out, mark and crop before it goes anywhere.

import { grab } from "./shot/capture.js";
import { edit } from "./shot/editor.js";
import { fit, png, read } from "./shot/picture.js";

/** @typedef {{root: ShadowRoot, dialog: HTMLDialogElement, wear: (css: string) => void, words: {[key: string]: string}, lang: string}} Panel */

export const css = SHOT_CSS;

let worn = false;

/** Whether the browser can take a picture of the page at all; in a frame the page around it may forbid it. */
export const possible = () =>
  Boolean(navigator.mediaDevices?.getDisplayMedia) &&
  /** @type {any} */ (document).featurePolicy?.allowsFeature("display-capture") !== false;

/**
 * Takes a picture of what the person chooses to share, or opens a file, and lets them edit it. The result goes to `keep` as a PNG,
 * and nothing else can be pressed until it is kept: what was not blacked out must not be sent meanwhile. Rejects with a word where
 * it cannot be done, `refused` or `unreadable`.
 * @param {Panel} panel @param {(picture: File) => Promise<unknown>} keep @param {Blob} [file]
 */
export const shoot = async (panel, keep, file) => {
  const { root, dialog, wear, words } = panel;
  if (!worn) wear(css);
  worn = true;
  const opener = /** @type {HTMLElement | null} */ (root.activeElement);
  const picture = file ? await read(file) : await grab(dialog).then((taken) => taken && fit(taken));
  try {
    if (picture) await edit(picture, panel, async (steps) => keep(await png(picture, steps, words["shot_file"] ?? "")));
  } finally {
    opener?.focus();
    picture?.close();
  }
};
