// The image editor: a dialog above the panel, for pointer, touch and keyboard.

import { assign } from "../assign.js";
import { box, draw, moveBox, paint, visiblePart } from "./steps.js";

/** @typedef {import("./steps.js").Box} Box */
/** @typedef {import("./steps.js").Step} Step */
/** @typedef {import("./steps.js").Tool} Tool */

/** The longest side of the canvas on the screen, in pixels; the file has the full size. */
const SCREEN_MAX = 2400;
/** How far a pointer moves before it draws. */
const SLIP = 4;
/** @type {Tool[]} */
const TOOLS = ["black", "mark", "crop"];
/** @type {{[key: string]: [number, number]}} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Lets the customer edit a picture, and stays open until `keep` has finished with the steps. Resolves without calling
 * it if they cancel, or if the panel was closed meanwhile.
 * @param {ImageBitmap} picture @param {import("../shot.js").Panel} panel
 * @param {(steps: Step[]) => Promise<unknown>} keep
 * @returns {Promise<unknown>}
 */
export const edit = (picture, { root, dialog, words, lang }, keep) => {
  /** @type {Step[]} */
  const steps = [];
  /** @type {Tool} */
  let tool = "black";
  let view = visiblePart(picture, steps);
  /** The frame that the keyboard moves. @type {Box} */
  let frame;
  let isFrameShown = false;
  /**
   * The pointer's current drag, and where it began on the screen.
   * @type {{from: PointerEvent, to: PointerEvent} | undefined}
   */
  let drag;

  const number = new Intl.NumberFormat(lang);
  const say = (/** @type {string} */ key) => words[`shot_${key}`] ?? "";
  const describeBox = (/** @type {Box} */ box) =>
    say("place").replace(/\{(\w+)\}/g, (_, side) => number.format(/** @type {any} */ (box)[side]));
  const describeStep = (/** @type {Step} */ step) => `${say(`did_${step.tool}`)}: ${describeBox(step)}`;

  const canvas = element("canvas", { tabIndex: 0, role: "application", "aria-label": say("picture") });
  const stage = element("div", { className: "stage" }, canvas);
  const status = element("p", { className: "hint", role: "status" });
  const hint = element("p", { className: "hint", id: "shot-hint" }, say("hint"), " ");
  hint.append(element("span", { className: "keys" }, say("keys")));
  // The position of the frame that the keyboard moves, for screen readers.
  const value = element("span", { id: "shot-value", hidden: true });
  canvas.setAttribute("aria-describedby", `${value.id} ${hint.id}`);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

  const show = () => {
    const [x, y] = [canvas.width / view.width, canvas.height / view.height];
    context.setTransform(x, 0, 0, y, -view.x * x, -view.y * y);
    paint(context, picture, steps);
    value.textContent = describeBox(frame);
    const area = drag ? draggedBox() : isFrameShown && frame;
    if (area) preview(area);
  };

  /** Draws changed steps. @param {boolean} [isCropped] whether the visible part of the picture has changed as well */
  const change = (isCropped) => {
    view = visiblePart(picture, steps);
    const { x, y, width, height } = view;
    const scale = Math.min(1, SCREEN_MAX / Math.max(width, height));
    canvas.width = Math.ceil(width * scale);
    canvas.height = Math.ceil(height * scale);
    const [left, top] = [x + (width * 3) / 8, y + (height * 3) / 8];
    if (isCropped) frame = box({ x: left, y: top }, { x: left + width / 4, y: top + height / 4 }, view);
    show();
  };

  /** @param {Box} area */
  const apply = (area) => {
    const step = { tool, ...area };
    steps.push(step);
    status.textContent = describeStep(step);
    change(tool == "crop");
  };

  const undo = () => {
    const step = steps.pop();
    status.textContent = step ? `${say("undone")}: ${describeStep(step)}` : say("nothing");
    change(step?.tool == "crop");
  };

  /** A point of the picture. @param {PointerEvent} event */
  const point = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return {
      x: view.x + ((clientX - left) * view.width) / width,
      y: view.y + ((clientY - top) * view.height) / height,
    };
  };

  const draggedBox = () => {
    if (!drag) return;
    const { from, to } = drag;
    const distance = Math.max(Math.abs(from.clientX - to.clientX), Math.abs(from.clientY - to.clientY));
    return distance < SLIP ? undefined : box(point(from), point(to), view);
  };

  /** Draws a preview of the tool's effect on an area. @param {Box} area */
  const preview = (area) => {
    const { x, y, width, height } = area;
    const line = (2 * view.width) / canvas.getBoundingClientRect().width;
    context.save();
    context.globalAlpha = 0.6;
    if (tool == "crop") {
      context.beginPath();
      context.rect(view.x, view.y, view.width, view.height);
      context.rect(x, y, width, height);
      context.fill("evenodd");
    } else draw(context, picture, { tool, ...area });
    context.globalAlpha = 1;
    context.lineWidth = line;
    for (const colour of ["#fff", "#000"]) {
      context.strokeStyle = colour;
      context.strokeRect(x, y, width, height);
      context.setLineDash([3 * line]);
    }
    context.restore();
  };

  stage.onpointerdown = (event) => {
    if (!event.isPrimary || event.button) return;
    stage.setPointerCapture(event.pointerId);
    isFrameShown = false;
    drag = { from: event, to: event };
  };
  stage.onpointermove = (event) => {
    if (!drag || event.pointerId != drag.from.pointerId) return;
    drag.to = event;
    show();
  };
  stage.onpointerup = (event) => {
    if (!drag || event.pointerId != drag.from.pointerId) return;
    drag.to = event;
    const area = draggedBox();
    drag = undefined;
    if (area) apply(area);
    else show();
  };
  const cancelDrag = () => {
    drag = undefined;
    show();
  };
  stage.onpointercancel = cancelDrag;

  canvas.onfocus = () => {
    isFrameShown = canvas.matches(":focus-visible");
    show();
  };
  canvas.onblur = () => {
    isFrameShown = false;
    show();
  };
  canvas.onkeydown = (event) => {
    const arrow = ARROWS[event.key];
    if ((!arrow && event.key != "Enter") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!arrow) return isFrameShown && !event.repeat && apply(frame);
    // A key that is held moves faster.
    const step = Math.ceil(Math.max(view.width, view.height) / (event.repeat ? 50 : 200));
    frame = moveBox(frame, arrow[0] * step, arrow[1] * step, event.shiftKey, view);
    isFrameShown = true;
    status.textContent = describeBox(frame);
    show();
  };

  const tools = TOOLS.map((name, index) => {
    const choose = () => {
      tool = name;
      show();
    };
    const input = element("input", {
      type: "radio",
      name: "shot-tool",
      checked: !index,
      autofocus: !index,
      onchange: choose,
    });
    return element("label", { className: "choice" }, input, element("span", {}, say(name)));
  });
  const choices = element("div", { className: "choices", role: "radiogroup", "aria-label": say("tools") }, ...tools);
  const use = element("button", { className: "button main" }, say("use"));
  const cancel = element("button", { className: "button" }, say("cancel"));
  const title = element("h2", {}, say("title"));
  const undoButton = element("button", { className: "button", onclick: undo }, say("undo"));
  const editor = element(
    "dialog",
    { className: "shot", dir: dialog.dir, "aria-label": say("title") },
    element("div", { className: "row" }, title, undoButton),
    choices,
    hint,
    stage,
    value,
    status,
    element("div", { className: "row" }, use, cancel),
  );
  editor.onkeydown = (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() == "z";
    // Escape cancels the innermost action.
    const isCancel = drag && event.key == "Escape";
    if (isUndo) undo();
    if (isCancel) cancelDrag();
    if (isUndo || isCancel) event.preventDefault();
  };

  // The panel was closed while the picture was taken.
  if (!dialog.getClientRects().length) return Promise.resolve();
  root.append(editor);
  editor.showModal();
  change(true);
  const lifetime = new AbortController();
  return new Promise((/** @type {(result: unknown) => void} */ done) => {
    use.onclick = () => {
      editor.inert = true;
      done(keep(steps));
    };
    const cancelEdit = () => done(null);
    cancel.onclick = cancelEdit;
    editor.oncancel = (event) => {
      event.preventDefault();
      cancelEdit();
    };
    for (const type of ["close", "toggle"]) dialog.addEventListener(type, cancelEdit, lifetime);
  }).finally(() => {
    lifetime.abort();
    editor.close();
    editor.remove();
  });
};

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {object} properties @param {(Node | string)[]} children @returns {HTMLElementTagNameMap[Tag]}
 */
const element = (tag, properties, ...children) => {
  const node = Document.prototype.createElement.call(document, tag);
  assign(node, properties).append(...children);
  return /** @type {any} */ (node);
};
