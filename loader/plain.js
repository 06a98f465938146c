// The plain form, for pages on which the widget cannot run: the same box, the customer's name and address, and little
// else. It follows the rules of the outbox: a submission is stored on the device before the network is used, has
// fixed bytes and one idempotency key, and is deleted from the device when support has acknowledged it.

import { learn } from "./identity.js";
import { named, quietly, read, store } from "./plain/device.js";
import { post } from "./plain/post.js";
import { ADDRESS, contact, ticket } from "./plain/ticket.js";
import * as said from "./plain/words.js";
import { forgetSession, random, session } from "./session.js";
import { blank } from "./state.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {import("./plain/device.js").Sealed} Sealed */
/** @typedef {ReturnType<Parts["frame"]>} Panel */

/** A submission that has waited longer is sent only after the customer has confirmed it. */
const ASK_AFTER_MS = 86_400_000;
const KEPT_MS = 7 * ASK_AFTER_MS;
/** The first and the longest pause. */
const PAUSE_MS = 2000;
const PAUSE_MAX_MS = 300_000;

/** @type {Parts} */
let parts;
/** @type {Parts["make"]} */
let make;
/** @type {string[]} */
let words;
/** Set once the form is drawn. @type {Panel | undefined} */
let panel;
/** The fields for name and address, if the host has not declared them. @type {HTMLInputElement[]} */
let fields;
/** The key of the submission whose text is in the box, which is locked. @type {string | undefined} */
let shown;
/** The previous user. */
let last = "";
/** The reference of the last ticket that arrived. */
let reference = "";
/** Why the last submission was refused. */
let refused = "";
/** The state that is drawn. */
let scene = "";
let going = false;
let more = false;
let timer = 0;

/** Initialises the form, and continues sending. @param {Parts} given */
export const start = async (given) => {
  // Without a gateway there is no idempotency key that keeps two tabs from sending it twice; e-mail is offered
  // instead.
  if (given.script.dataset["destination"]) throw 0;
  words ??= await (await fetch(new URL(`${given.lang}.plain.json`, import.meta.url))).json();
  if (!parts) {
    addEventListener("online", run);
    addEventListener("storage", draw);
  }
  ({ make } = parts = given);
  parts.state.leave = leave;
  last = who();
  heard();
  return true;
};

/** Draws the form. @param {{message?: string}} options */
export const open = ({ message }) =>
  quietly(() => {
    if (!panel) {
      panel = parts.frame();
      if (!fields) {
        parts.wear(PLAIN_CSS);
        panel.box.addEventListener("input", keep);
        fields = ["name", "email"].map((id) => make("input", { id, type: id, autocomplete: id }));
      }
      find();
    }
    if (message && !shown) panel.box.value = message;
    draw();
  });

/** The host has set something. @param {boolean} reset @param {boolean} discard */
export const changed = (reset, discard) =>
  quietly(() => {
    if (reset) {
      forgetSession();
      if (discard) store(seal());
      reference = refused = shown = "";
      for (const field of panel ? [panel.box, ...fields] : []) field.value = "";
    }
    heard();
  });

const heard = () => {
  meet();
  learn(parts.state, meet).catch(blank);
};

/** The user may have changed; the text in the box belongs to the new one. */
const meet = () => {
  if (last != who()) {
    if (panel?.box.value && !shown) store(draft());
    last = who();
    find();
    keep();
  }
  draw();
  run();
};

/** The widget has loaded after all, and takes the submissions from the device. */
const leave = () => {
  const { state } = parts;
  clearTimeout(timer);
  if (panel && shown) panel.box.value = "";
  state.left = named(seal("")).map(read);
  panel = state.leave = undefined;
  scene = shown = "";
};

const who = () => `${parts.state.user?.id ?? ""}`;

/** The storage key of the draft. */
const draft = () => `deskbell:${parts.site}:plain:${last}`;

/** The storage key of a user's submission. It has another prefix than what `reset` deletes. */
const seal = (user = last) => `deskbell-plain:${parts.site}:${user}`;

const keep = () => {
  if (panel && !shown) store(draft(), panel.box.value && { text: panel.box.value, at: Date.now() });
};

/** Restores the draft. */
const find = () => {
  const { text, at } = read(draft());
  if (panel && !shown && text != panel.box.value && Date.now() - at < KEPT_MS) add(panel.box, text);
};

/** Appends a text to the box. @param {HTMLTextAreaElement} box @param {string} text */
const add = (box, text) => (box.value += (box.value && "\n\n") + text);

/**
 * Submits the text in the box, or shows what is missing and moves the focus there. Pressed twice, it submits once.
 */
const send = () => {
  const { box } = /** @type {Panel} */ (panel);
  const [name = "", email = ""] = fields.map(({ value }) => value.trim());
  const known = contact(parts);
  const gaps = [
    !box.value.trim() && said.NEED_MESSAGE,
    !known && !name && said.NEED_NAME,
    !known && !ADDRESS.test(email) && said.NEED_EMAIL,
  ];
  for (const [nth, field] of [box, ...fields].entries()) {
    const gap = gaps[nth];
    field.setCustomValidity(gap ? say(gap) : "");
    if (!field.reportValidity()) return;
  }
  // Another tab may have been faster.
  if (!read(seal()).key) {
    const body = JSON.stringify(ticket(parts, box.value, known || { name, email }));
    shown = random(16);
    const own = { key: shown, user: last, session: session(parts.site), body, text: box.value };
    store(seal(), { ...own, at: Date.now(), tries: 0, next: 0, cause: "" });
    store(draft());
    parts.state.frozen = null;
    refused = "";
  }
  draw();
  run();
};

/** Sends all due submissions, one after the other, and schedules the next run. */
const run = async () => {
  clearTimeout(timer);
  more = true;
  if (going) return;
  going = true;
  let wait = Infinity;
  while (more) {
    more = false;
    for (const name of named(seal("")))
      wait = Math.min(wait, await attempt(name, read(name)).catch(() => PAUSE_MAX_MS));
  }
  going = false;
  if (wait < Infinity) timer = setTimeout(run, wait);
};

/** Attempts a submission if it is due; resolves to the time until it is. @param {string} name @param {Sealed} one */
const attempt = async (name, one) => {
  const { emit, state } = parts;
  const { key, user, tries, next, at } = one;
  if (!state.leave || one.refused || Date.now() - at > ASK_AFTER_MS) return Infinity;
  if (next > Date.now()) return next - Date.now();
  const { cause, about, wait } = await post(parts, one, user == last);
  // The widget has taken it over, or another tab has sent it.
  if (!state.leave || (read(name).key != key && cause != "sent")) return Infinity;
  if (cause == "sent") {
    store(name);
    if (user == last) reference = about.reference;
    emit(cause, about);
  } else {
    store(name, { ...one, cause, tries: tries + 1, next: wait ? Date.now() + wait : 0, refused: about });
    emit("failed", { cause });
    if (!tries && !about) emit("queued", { count: 1 });
  }
  draw();
  return about ? Infinity : (wait ?? Math.min(PAUSE_MS * 2 ** tries, PAUSE_MAX_MS) * (0.5 + Math.random() / 2));
};

/** Draws the current state. If it has not changed, the elements stay, and with them the focus. */
const draw = () =>
  quietly(() => {
    const { site, state } = parts;
    const mine = read(seal());
    if (!state.leave) return;
    // With this the loader starts by itself on the next page. A count of the outbox there is preserved.
    const mark = `deskbell-queued:${site}`;
    if (!(read(mark) > 0)) store(mark, named(seal("")).length && -1);
    state.queued = mine.key ? 1 : 0;
    if (panel) paint(panel, mine);
  });

/** @param {Panel} panel @param {Sealed} mine */
const paint = ({ box, below, back, root }, mine) => {
  if (mine.refused) {
    if (shown != mine.key) add(box, mine.text);
    refused = say(said.REFUSED, mine.refused == "invalid" ? say(said.INVALID) : mine.refused);
    store(seal());
    shown = "";
    keep();
    return draw();
  }
  const { key, text, cause } = mine;
  if (key && shown != key) {
    keep();
    box.value = text;
  }
  if (!key && shown) box.value = read(draft()).text ?? "";
  shown = key;
  box.readOnly = !!key;
  back.hidden = true;
  /** @type {HTMLElement} */ (box.parentElement).hidden = !key && !!reference;

  const known = !!contact(parts);
  const now = [key, cause, reference, refused, known].join();
  if (now == scene) return;
  scene = now;
  const held = root.activeElement?.matches(".below *, [hidden] *");
  below.replaceChildren(...(key ? [waiting(mine)] : reference ? receipt() : form(known)));
  if (held) below.querySelector("p")?.focus();
};

/** @param {Sealed} mine */
const waiting = (mine) => {
  const why = { "": said.SENDING, offline: said.OFFLINE }[mine.cause] ?? said.UNKNOWN;
  const again = () => {
    store(seal(), { ...mine, at: Date.now(), next: 0, cause: "" });
    draw();
    run();
  };
  return alert(say(why), button(said.AGAIN, again, "button main"));
};

/** @param {boolean} known */
const form = (known) => [
  refused ? alert(refused) : make("p", { textContent: say(said.LEAD) }),
  ...(known
    ? []
    : fields.flatMap((field, nth) => [make("label", { htmlFor: field.id, textContent: say(said.NAME + nth) }), field])),
  button(said.SEND, send, "button main"),
];

/** It has arrived. */
const receipt = () => [
  make("h3", { textContent: say(said.RECEIVED) }),
  make("p", { className: "reference", role: "status", tabIndex: -1, textContent: say(said.REFERENCE, reference) }),
  make("p", { textContent: say(said.READ_EVERY) }),
  button(
    said.DONE,
    () => {
      reference = "";
      draw();
      parts.close();
    },
    "button main",
  ),
];

/**
 * Why a text could not be sent, and what can be done with it.
 * @param {string} textContent @param {HTMLElement[]} steps
 */
const alert = (textContent, ...steps) => {
  const { script, frame, mail } = parts;
  const { box } = frame();
  const copy = button(said.COPY, () =>
    navigator.clipboard?.writeText(box.value).then(() => (copy.textContent = say(said.COPIED)), blank),
  );
  const why = make("p", { role: "alert", tabIndex: -1, textContent });
  return make("div", {}, why, ...steps, copy, script.dataset["email"] ? mail(box) : "");
};

/** @param {number} text @param {string} [value] replaces its placeholder */
const say = (text, value = "") => (words[text] ?? "").replace(/\{\w+\}/, () => value);

/** @param {number} text @param {() => void} onclick @returns {HTMLElement} */
const button = (text, onclick, className = "button") => make("button", { className, textContent: say(text), onclick });
