// Imported by `modules.js` when somebody adds a screenshot: takes one of the page or opens a file, and lets the
// customer redact, mark and crop it before it is uploaded.

import { grab } from "./shot/capture.js";
import { edit } from "./shot/editor.js";
import { fit, png, read } from "./shot/picture.js";

/** @typedef {{root: ShadowRoot, dialog: HTMLDialogElement, wear: (css: string) => void, words: {[key: string]: string}, lang: string}} Panel */

export const css = SHOT_CSS;

let worn = false;

/** Whether the browser can capture the page at all; in a frame the surrounding page may forbid it. */
export const possible = () =>
  Boolean(navigator.mediaDevices?.getDisplayMedia) &&
  /** @type {any} */ (document).featurePolicy?.allowsFeature("display-capture") !== false;

/**
 * Captures what the customer chooses to share, or opens a file, and lets them edit it. The result is passed to `keep`
 * as a PNG, and nothing else can be pressed until it is stored: a picture that was not redacted must not be sent
 * meanwhile. Rejects with `refused`, `again` or `unreadable` if that is not possible.
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
