// The part of the panel that does not need the widget: the element, the dialog, the box. The widget builds around the
// same box and never replaces it, so that text, caret, undo history and composition are preserved.

import { assign } from "./assign.js";
import { announceOn, emit } from "./events.js";
import { check, doubt } from "./known.js";
import { BOX_LABEL, CLOSE, FAILED, HELP } from "./names.js";
import { quietly } from "./record.js";
import { language, mount, named, say, setting } from "./settings.js";
import { freeze } from "./snapshot.js";
import { WRONG, blank, state } from "./state.js";
import { load, show } from "./widget-loader.js";

/** @type {HTMLElement | undefined} */
let element;
/** @type {ReturnType<typeof paint> | undefined} */
let panel;
/** @type {Element | null} */
let opener = null;
let shouldBeOpen = false;
/** Whether the page was inert when the panel was last shown. */
let isModal = false;

/** Whether the panel is shown; a page may have removed it without closing it. @returns {boolean | undefined} */
export const isOpen = () =>
  // Where there are no popovers, the list without their selector is matched.
  shouldBeOpen && element?.isConnected && panel?.dialog.matches(":is([open],:popover-open)");

/**
 * Opens the panel. Rejects if nothing can be shown, or if the gateway does not know the site, so that nobody writes
 * in vain.
 * @param {object | null} [options] those of the command `open`
 */
export const open = async (options) => {
  // A configured site is nearly always right, so nobody waits for the check.
  if (!named()) await check();
  if (!doubt()) {
    reveal();
    focus();
    await lead(options);
    await check(false);
  }
  if (doubt()) throw WRONG;
};

/** Closes the panel; the text is preserved. */
export const close = () => {
  if (!shouldBeOpen) return;
  shouldBeOpen = false;
  hide(frame().dialog);
  // Focus that the customer has moved elsewhere meanwhile stays there.
  const active = document.activeElement;
  if (!active || active == document.body || active == element) /** @type {any} */ (opener)?.focus?.();
  emit("close");
};

export const toggle = () => (isOpen() ? close() : open());

/** The parts of the panel, painted on first use. */
export const frame = () => (panel ??= paint());

/** Goes where the options lead, once the widget or the plain form has loaded. @param {object | null} [options] */
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
  // Whenever the text changes, because a link can be copied or opened elsewhere without a click.
  (box.oninput = () => {
    link.href = `mailto:${email}?body=${encodeURIComponent(`${box.value}\n\n${location.origin}${location.pathname}`)}`;
  })();
  return link;
};

/** The shadow root of Deskbell's element, which is not on the page before something is shown. */
export const shadow = () => {
  if (!element) {
    element = make("deskbell-panel", { lang: language() });
    // Keyboard shortcuts of the host check whether the target is editable; the target that they see is this element.
    Object.defineProperty(element, "isContentEditable", { value: true });
    for (const type of "keydown,keyup,keypress,focusin,pointerdown,mousedown,click".split(","))
      element.addEventListener(type, (event) => {
        // Dialogs of the host close on a press outside them, and take the focus back.
        if (/^[fk]/.test(type) || isModal) event.stopPropagation();
      });
    element.attachShadow({ mode: "open" });
    wear(FIRST_CSS);
    announceOn(element);
  }
  return /** @type {ShadowRoot} */ (element.shadowRoot);
};

/** Shows the panel again after the page has removed it, or what it is in. */
export const restore = () => shouldBeOpen && quietly(reveal);

/** Removes the element; another one is painted when it is needed, or at once, with the same text, if the panel is open. */
export const repaint = () => {
  // What is being sent is in the outbox already.
  const text = !panel?.box.readOnly && panel?.box.value;
  element?.remove();
  element = panel = undefined;
  if (!shouldBeOpen) return;
  // The draft may not be stored yet.
  if (text) frame().box.value = text;
  open().catch(blank);
};

/** Adds a style sheet to the panel. @param {string} css */
export const wear = (css) => {
  const root = /** @type {ShadowRoot} */ (element?.shadowRoot);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
};

/** Closes the panel without closing a dialog of the host. @param {Event} event */
const closeByEvent = (event) => {
  event.preventDefault();
  close();
};

const paint = () => {
  const title = make("h2", { tabIndex: -1, textContent: say(HELP) });
  const back = make("button", { className: "icon back", textContent: "‹", hidden: true });
  const closeButton = make("button", {
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
      popover: "manual",
      oncancel: closeByEvent,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const { key, isComposing, keyCode, defaultPrevented } = event;
        // Safari ends a composition before the key that ends it; 229 is still the input method's.
        if (key != "Escape" || isComposing || keyCode == 229 || defaultPrevented) return;
        closeByEvent(event);
      },
    },
    make("div", { className: "head" }, back, title, closeButton),
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
const hide = (dialog) => {
  dialog.close();
  dialog.hidePopover?.();
};

/** Shows the panel, also if it is shown already, because a modal dialog of the host may cover it. */
const reveal = () => {
  const { dialog } = frame();
  if (!isOpen()) {
    opener = document.activeElement;
    opener = opener?.shadowRoot?.activeElement ?? opener;
  }
  const container = mount && document.querySelector(mount);
  if (!((container && showIn(container)) || showIn())) {
    hide(dialog);
    throw WRONG;
  }
  if (!shouldBeOpen) emit("open");
  shouldBeOpen = true;
};

/**
 * Shows the panel inline, or popped up; returns whether it can be seen.
 * @param {Element} [container]
 */
const showIn = (container) => {
  const { dialog } = frame();
  // Scripted dialogs trap the focus, and stop presses outside them.
  const trap = opener?.closest("[role$=dialog]");
  // Otherwise below the root element and not the body, which some frameworks replace.
  const parent = container ?? trap ?? document.documentElement;
  hide(dialog);
  if (element?.parentNode != parent) parent.append(/** @type {Element} */ (element));
  if (container) dialog.show();
  // A popover below a modal dialog of the host would be inert; on a phone the panel fills the screen.
  else if (
    !dialog.showPopover ||
    matchMedia("(max-width:640px)").matches ||
    trap ||
    document.querySelector("dialog:modal")
  )
    dialog.showModal();
  else dialog.showPopover();
  isModal = !container && dialog.open;
  return dialog.getClientRects().length;
};

/** With touch input, focus in the box would open the on-screen keyboard. */
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
