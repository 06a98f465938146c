// Reads pictures, and writes them as files.

import { paint, visiblePart } from "./steps.js";

/** @typedef {import("./steps.js").Step} Step */

/** The longest side and the most pixels that every browser can draw. */
const SIDE_MAX = 8192;
const AREA_MAX = 4096 * 4096;

/** @param {Blob} file */
export const read = async (file) => {
  try {
    return await fit(await createImageBitmap(file));
  } catch {
    throw "unreadable";
  }
};

/** Shrinks a picture that is too large. @param {ImageBitmap} picture */
export const fit = async (picture) => {
  const { width, height } = picture;
  const scale = Math.min(SIDE_MAX / Math.max(width, height), Math.sqrt(AREA_MAX / (width * height)));
  if (scale >= 1) return picture;
  const scaled = await createImageBitmap(picture, {
    resizeWidth: Math.max(1, Math.floor(width * scale)),
    resizeHeight: Math.max(1, Math.floor(height * scale)),
    resizeQuality: "high",
  });
  picture.close();
  return scaled;
};

/**
 * The picture with all edits applied to its own pixels: nothing that is redacted or cropped remains in it.
 * @param {ImageBitmap} picture @param {Step[]} steps @param {string} name
 */
export const png = async (picture, steps, name) => {
  const { x, y, width, height } = visiblePart(picture, steps);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context?.translate(-x, -y);
  if (context) paint(context, picture, steps);
  const blob = await new Promise((/** @type {BlobCallback} */ done) => canvas.toBlob(done));
  if (!blob) throw "refused";
  return new File([blob], name, { type: blob.type });
};
