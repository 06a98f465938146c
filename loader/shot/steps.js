// The edits of a picture: plain data in the picture's pixels, always drawn on the original, so that every step can be
// undone.

/** @typedef {{x: number, y: number}} Point */
/** @typedef {Point & {width: number, height: number}} Box */
/** @typedef {"black" | "mark" | "crop"} Tool */
/** @typedef {Box & {tool: Tool}} Step */

/** The visible part of the picture. @param {ImageBitmap} picture @param {Step[]} steps @returns {Box} */
export const visiblePart = ({ width, height }, steps) =>
  steps.filter(({ tool }) => tool == "crop").at(-1) ?? { x: 0, y: 0, width, height };

/**
 * The box between two points, within bounds. It grows to whole pixels, because a half-covered pixel would show what is
 * below it.
 * @param {Point} from @param {Point} to @param {Box} bounds @returns {Box}
 */
export const box = (from, to, bounds) => {
  const [x, width] = span(from.x, to.x, bounds.x, bounds.width);
  const [y, height] = span(from.y, to.y, bounds.y, bounds.height);
  return { x, y, width, height };
};

/**
 * Moves or resizes a box within bounds.
 * @param {Box} box @param {number} right @param {number} down @param {boolean} isResize @param {Box} bounds
 * @returns {Box}
 */
export const moveBox = ({ x, y, width, height }, right, down, isResize, bounds) => {
  const [endX, endY] = [bounds.x + bounds.width, bounds.y + bounds.height];
  return isResize
    ? { x, y, width: clamp(width + right, 1, endX - x), height: clamp(height + down, 1, endY - y) }
    : { x: clamp(x + right, bounds.x, endX - width), y: clamp(y + down, bounds.y, endY - height), width, height };
};

/** @param {CanvasRenderingContext2D} context @param {ImageBitmap} picture @param {Step[]} steps */
export const paint = (context, picture, steps) => {
  context.drawImage(picture, 0, 0);
  for (const step of steps) draw(context, picture, step);
};

/** @param {CanvasRenderingContext2D} context @param {ImageBitmap} picture @param {Step} step */
export const draw = (context, picture, { tool, x, y, width, height }) => {
  if (tool == "black") {
    context.fillStyle = "#000";
    context.fillRect(x, y, width, height);
  } else if (tool == "mark") {
    const line = Math.ceil(Math.max(picture.width, picture.height) / 400) + 1;
    // Visible on red as well.
    for (const [style, lineWidth] of /** @type {[string, number][]} */ ([
      ["#fff", 2 * line],
      ["#e0002d", line],
    ])) {
      context.strokeStyle = style;
      context.lineWidth = lineWidth;
      context.strokeRect(x, y, width, height);
    }
  }
};

/** @param {number} from @param {number} to @param {number} start @param {number} length */
const span = (from, to, start, length) => {
  const end = start + length;
  const low = clamp(Math.floor(Math.min(from, to)), start, end - 1);
  return /** @type {const} */ ([low, clamp(Math.ceil(Math.max(from, to)), low + 1, end) - low]);
};

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
