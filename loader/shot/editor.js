// The image editor: a dialog above the panel, for pointer, touch and keyboard.

import { assign } from "../assign.js";
import { box, draw, moved, paint, visible } from "./steps.js";

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
  let view = visible(picture, steps);
  /** The frame that the keyboard moves. @type {Box} */
  let frame;
  let framed = false;
  /**
   * The pointer's current drag, and where it began on the screen.
   * @type {{from: PointerEvent, to: PointerEvent} | undefined}
   */
  let drag;

  const number = new Intl.NumberFormat(lang);
  const say = (/** @type {string} */ key) => words[`shot_${key}`] ?? "";
  const place = (/** @type {Box} */ box) =>
    say("place").replace(/\{(\w+)\}/g, (_, side) => number.format(/** @type {any} */ (box)[side]));
  const said = (/** @type {Step} */ step) => `${say(`did_${step.tool}`)}: ${place(step)}`;

  const canvas = element("canvas", { tabIndex: 0, role: "application", "aria-label": say("picture") });
  const stage = element("div", { className: "stage" }, canvas);
  const status = element("p", { className: "hint", role: "status" });
  const hint = element("p", { className: "hint", id: "shot-hint" }, say("hint"), " ");
  hint.append(element("span", { className: "keys" }, say("keys")));
  // Where the frame is that the keyboard moves, for whoever does not see it.
  const value = element("span", { id: "shot-value", hidden: true });
  canvas.setAttribute("aria-describedby", `${value.id} ${hint.id}`);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

  const show = () => {
    const [x, y] = [canvas.width / view.width, canvas.height / view.height];
    context.setTransform(x, 0, 0, y, -view.x * x, -view.y * y);
    paint(context, picture, steps);
    value.textContent = place(frame);
    const drawn = drag ? dragged() : framed && frame;
    if (drawn) preview(drawn);
  };

  /** The steps have changed. @param {boolean} [cut] and the visible part of the picture as well */
  const change = (cut) => {
    view = visible(picture, steps);
    const { x, y, width, height } = view;
    const scale = Math.min(1, SCREEN_MAX / Math.max(width, height));
    canvas.width = Math.ceil(width * scale);
    canvas.height = Math.ceil(height * scale);
    const [left, top] = [x + (width * 3) / 8, y + (height * 3) / 8];
    if (cut) frame = box({ x: left, y: top }, { x: left + width / 4, y: top + height / 4 }, view);
    show();
  };

  /** @param {Box} area */
  const apply = (area) => {
    const step = { tool, ...area };
    steps.push(step);
    status.textContent = said(step);
    change(tool == "crop");
  };

  const undo = () => {
    const step = steps.pop();
    status.textContent = step ? `${say("undone")}: ${said(step)}` : say("nothing");
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

  const dragged = () => {
    if (!drag) return;
    const { from, to } = drag;
    const far = Math.max(Math.abs(from.clientX - to.clientX), Math.abs(from.clientY - to.clientY));
    return far < SLIP ? undefined : box(point(from), point(to), view);
  };

  /** A preview of what the tool would do there. @param {Box} area */
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
    framed = false;
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
    const area = dragged();
    drag = undefined;
    if (area) apply(area);
    else show();
  };
  const drop = () => {
    drag = undefined;
    show();
  };
  stage.onpointercancel = drop;

  canvas.onfocus = () => {
    framed = canvas.matches(":focus-visible");
    show();
  };
  canvas.onblur = () => {
    framed = false;
    show();
  };
  canvas.onkeydown = (event) => {
    const arrow = ARROWS[event.key];
    if ((!arrow && event.key != "Enter") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!arrow) return framed && !event.repeat && apply(frame);
    // A key that is held moves faster.
    const step = Math.ceil(Math.max(view.width, view.height) / (event.repeat ? 50 : 200));
    frame = moved(frame, arrow[0] * step, arrow[1] * step, event.shiftKey, view);
    framed = true;
    status.textContent = place(frame);
    show();
  };

  const tools = TOOLS.map((name, at) => {
    const choose = () => {
      tool = name;
      show();
    };
    const input = element("input", {
      type: "radio",
      name: "shot-tool",
      checked: !at,
      autofocus: !at,
      onchange: choose,
    });
    return element("label", { className: "choice" }, input, element("span", {}, say(name)));
  });
  const choices = element("div", { className: "choices", role: "radiogroup", "aria-label": say("tools") }, ...tools);
  const use = element("button", { className: "button main" }, say("use"));
  const cancel = element("button", { className: "button" }, say("cancel"));
  const title = element("h2", {}, say("title"));
  const back = element("button", { className: "button", onclick: undo }, say("undo"));
  const editor = element(
    "dialog",
    { className: "shot", dir: dialog.dir, "aria-label": say("title") },
    element("div", { className: "row" }, title, back),
    choices,
    hint,
    stage,
    value,
    status,
    element("div", { className: "row" }, use, cancel),
  );
  editor.onkeydown = (event) => {
    const undoes = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() == "z";
    // Escape cancels the innermost action.
    const drops = drag && event.key == "Escape";
    if (undoes) undo();
    if (drops) drop();
    if (undoes || drops) event.preventDefault();
  };

  // The panel was closed while the picture was taken.
  if (!dialog.getClientRects().length) return Promise.resolve();
  root.append(editor);
  editor.showModal();
  change(true);
  const over = new AbortController();
  return new Promise((/** @type {(result: unknown) => void} */ done) => {
    use.onclick = () => {
      editor.inert = true;
      done(keep(steps));
    };
    const giveUp = () => done(null);
    cancel.onclick = giveUp;
    editor.oncancel = (event) => {
      event.preventDefault();
      giveUp();
    };
    for (const type of ["close", "toggle"]) dialog.addEventListener(type, giveUp, over);
  }).finally(() => {
    over.abort();
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
