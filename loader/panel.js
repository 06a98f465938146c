// The part of the panel that does not need the widget: the element, the dialog, the box. The widget builds around the
// same box and never replaces it, so that text, caret, undo history and composition are preserved.

import { assign } from "./assign.js";
import { announceOn, emit } from "./events.js";
import { check, doubt } from "./known.js";
import { BOX_LABEL, CLOSE, FAILED, HELP, language, launcher, mount, named, say, setting } from "./settings.js";
import { freeze } from "./snapshot.js";
import { blank, state } from "./state.js";
import { load, show } from "./widget-loader.js";

/** @type {HTMLElement | undefined} */
let element;
/** @type {ReturnType<typeof paint> | undefined} */
let panel;
/** @type {Element | null} */
let opener = null;
let opened = false;

export const isOpen = () => opened;

/**
 * Opens the panel; rejects if the gateway does not know the site, so that nobody writes into it.
 * @param {object} [options] those of the command `open`
 */
export const open = async (options) => {
  // A configured site is nearly always right, so nobody waits for the check.
  if (!named()) await check();
  if (!doubt()) {
    reveal(frame().dialog);
    focus();
    await lead(options);
    await check(false);
  }
  if (doubt()) throw new Error(doubt());
};

/** Closes the panel; the text is preserved. */
export const close = () => {
  if (!opened) return;
  opened = false;
  hide(frame().dialog);
  // Focus that the customer has moved elsewhere meanwhile stays there.
  const active = document.activeElement;
  if (!active || active == document.body || active == element) /** @type {any} */ (opener)?.focus?.();
  emit("close");
};

export const toggle = () => (opened ? close() : open());

/** @type {HTMLElement | undefined} */
let button;
/** Deskbell's own round button, for pages without a trigger. */
export const mountLauncher = () => {
  if (!launcher || button) return;
  const onclick = () => toggle()?.catch(blank);
  button = make("button", { className: "launcher", textContent: "?", "aria-label": say(HELP), onclick });
  shadow().append(button);
};

/** Removes what nobody should press or write into. */
export const withdraw = () => {
  close();
  button?.remove();
};

/** The parts of the panel, painted on first use. */
export const frame = () => (panel ??= paint());

/** Goes where the options lead, once the widget or the plain form has loaded. @param {object} [options] */
export const lead = async (options) => {
  if (await load(true)) return show(options ?? {});
  // Not even the plain form could be loaded: says so, and offers to send the text by e-mail.
  const { below, box, back } = frame();
  back.hidden = true;
  box.readOnly = /** @type {HTMLElement} */ (box.parentElement).hidden = false;
  below.replaceChildren(make("p", { role: "alert", textContent: say(FAILED) }));
  if (setting("email")) below.append(mail(box));
};

/** A link that writes the text as an e-mail. @param {HTMLTextAreaElement} box */
export const mail = (box) => {
  const email = setting("email");
  const link = make("a", { textContent: email });
  (box.oninput = () => {
    link.href = `mailto:${email}?body=${encodeURIComponent(`${box.value}\n\n${location.origin}${location.pathname}`)}`;
  })();
  return link;
};

const shadow = () => {
  if (!element) {
    element = make("deskbell-panel", { lang: language() });
    // Keyboard shortcuts of the host check whether the target is editable; the target that they see is this element.
    Object.defineProperty(element, "isContentEditable", { value: true });
    for (const type of ["keydown", "keyup", "keypress", "focusin"])
      element.addEventListener(type, (event) => event.stopPropagation());
    element.attachShadow({ mode: "open" });
    wear(FIRST_CSS);
    announceOn(element);
  }
  // Below the root element and not the body, which some frameworks replace.
  if (!element.isConnected) (mountPoint() ?? document.documentElement).append(element);
  return /** @type {ShadowRoot} */ (element.shadowRoot);
};

/** Adds a style sheet to the panel. @param {string} css */
export const wear = (css) => {
  const root = /** @type {ShadowRoot} */ (element?.shadowRoot);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
};

const mountPoint = () => (mount ? document.querySelector(mount) : null);

const paint = () => {
  const title = make("h2", { tabIndex: -1, textContent: say(HELP) });
  const back = make("button", { className: "icon back", textContent: "‹", hidden: true });
  const shut = make("button", {
    className: "icon",
    "aria-label": say(CLOSE),
    textContent: "✕",
    onclick: close,
  });
  const label = make("label", { htmlFor: "box", textContent: say(BOX_LABEL) });
  const box = make("textarea", { id: "box" });
  const below = make("div", { className: "below" });
  const live = make("div", { className: "live", role: "status" });
  const dialog = make(
    "dialog",
    {
      className: "panel",
      "aria-label": say(HELP),
      dir: RTL.includes(language()) ? "rtl" : "ltr",
      oncancel: (/** @type {Event} */ event) => {
        event.preventDefault();
        close();
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key == "Escape" && !event.isComposing && !event.defaultPrevented) close();
      },
    },
    make("div", { className: "head" }, back, title, shut),
    make("div", { className: "scroll" }, make("div", { className: "box" }, label, box), below),
    live,
  );
  box.addEventListener("input", () => {
    if (box.value) freeze();
    else state.frozen = null;
  });
  const root = shadow();
  root.append(dialog);
  return { root, dialog, title, back, label, box, below, live };
};

/** @param {HTMLDialogElement} dialog */
const hide = (dialog) => (dialog.open ? dialog.close() : dialog.hidePopover());

/**
 * Shows the dialog, also if it is shown already, because a modal dialog of the host may cover it.
 * @param {HTMLDialogElement} dialog
 */
const reveal = (dialog) => {
  shadow();
  if (opened) hide(dialog);
  else {
    opener = document.activeElement;
    opener = opener?.shadowRoot?.activeElement ?? opener;
    opened = true;
    emit("open");
  }
  if (mountPoint()) dialog.show();
  // A popover below a modal dialog of the host would be inert; on a phone the panel fills the screen.
  else if (!dialog.showPopover || matchMedia("(max-width:640px)").matches || document.querySelector("dialog:modal"))
    dialog.showModal();
  else {
    dialog.popover = "manual";
    dialog.showPopover();
  }
  if (dialog.open) dialog.removeAttribute("popover");
};

/** With touch input, focus in the box would open the keyboard unasked. */
const focus = () => {
  const { box, title } = frame();
  (matchMedia("(hover:none)").matches ? title : box).focus();
};

/**
 * Creates an element.
 * @template {string} Tag
 * @param {Tag} tag
 * @param {object} properties
 * @param {(Node | string)[]} children
 * @returns {Tag extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Tag] : HTMLElement}
 */
export const make = (tag, properties, ...children) => {
  // From the prototype, because a page's `<img name="createElement">` hides the document's own.
  const node = Document.prototype.createElement.call(document, tag);
  assign(node, properties).append(...children);
  return /** @type {any} */ (node);
};
