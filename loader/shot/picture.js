// A picture comes in, and goes out as a file.

import { paint, visible } from "./steps.js";

/** @typedef {import("./steps.js").Step} Step */

/** Pixels a side, and in all: what every browser can draw on. */
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

/** Makes a picture smaller where it is too large. @param {ImageBitmap} picture */
export const fit = async (picture) => {
  const { width, height } = picture;
  const scale = Math.min(SIDE_MAX / Math.max(width, height), Math.sqrt(AREA_MAX / (width * height)));
  if (scale >= 1) return picture;
  const fitted = await createImageBitmap(picture, {
    resizeWidth: Math.max(1, Math.floor(width * scale)),
    resizeHeight: Math.max(1, Math.floor(height * scale)),
    resizeQuality: "high",
  });
  picture.close();
  return fitted;
};

/**
 * The picture with all that was done to it, in pixels of its own: nothing of what is blacked out or cut off goes along.
 * @param {ImageBitmap} picture @param {Step[]} steps @param {string} name
 */
export const png = async (picture, steps, name) => {
  const { x, y, width, height } = visible(picture, steps);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context?.translate(-x, -y);
  if (context) paint(context, picture, steps);
  const blob = await new Promise((/** @type {BlobCallback} */ done) => canvas.toBlob(done));
  if (!blob) throw "refused";
  return new File([blob], name, { type: blob.type });
};
