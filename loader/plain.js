// The plain form, where the widget cannot run: the same box, who it is, and little else. It keeps the outbox's rules: what is sent
// is on the device before the network is asked, goes as those bytes with that key, and leaves the device when support has said
// that it has it.

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

/** What waits for longer is not sent before the person has said so once more. */
const ASK_AFTER_MS = 86_400_000;
const KEPT_MS = 7 * ASK_AFTER_MS;
/** The first pause and the longest. */
const PAUSE_MS = 2000;
const PAUSE_MAX_MS = 300_000;

/** @type {Parts} */
let parts;
/** @type {Parts["make"]} */
let make;
/** @type {string[]} */
let words;
/** Once it is drawn into. @type {Panel | undefined} */
let panel;
/** Who is asked for where nobody has said it. @type {HTMLInputElement[]} */
let fields;
/** The key of what stands in the box and is locked. @type {string | undefined} */
let shown;
/** Who was here last. */
let last = "";
/** What the last one that arrived is called. */
let reference = "";
/** Why the last one came back. */
let refused = "";
/** What is drawn. */
let scene = "";
let going = false;
let more = false;
let timer = 0;

/** Makes ready, and goes on with what is sealed. @param {Parts} given */
export const start = async (given) => {
  // Without a gateway there is no key that keeps two tabs from sending it twice; an e-mail is offered.
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

/** The host has said something new. @param {boolean} reset @param {boolean} discard */
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

/** Somebody else may be here; what is in the box is theirs from now on. */
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

/** The widget has come after all, and finds here what is sealed. */
const leave = () => {
  const { state } = parts;
  clearTimeout(timer);
  if (panel && shown) panel.box.value = "";
  state.left = named(seal("")).map(read);
  panel = state.leave = undefined;
  scene = shown = "";
};

const who = () => `${parts.state.user?.id ?? ""}`;

/** Where the draft is kept. */
const draft = () => `deskbell:${parts.site}:plain:${last}`;

/** Where is kept what somebody has sealed: not where `reset` takes away. */
const seal = (user = last) => `deskbell-plain:${parts.site}:${user}`;

const keep = () => {
  if (panel && !shown) store(draft(), panel.box.value && { text: panel.box.value, at: Date.now() });
};

/** Finds what was being written. */
const find = () => {
  const { text, at } = read(draft());
  if (panel && !shown && text != panel.box.value && Date.now() - at < KEPT_MS) add(panel.box, text);
};

/** Puts a text into the box, behind what stands there. @param {HTMLTextAreaElement} box @param {string} text */
const add = (box, text) => (box.value += (box.value && "\n\n") + text);

/** Sends what is in the box, or says what is missing and goes there. Pressed twice, it sends once. */
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
  // Another tab may have been quicker.
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

/** Sends what is due, one after the other, and comes back when the next is. */
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

/** Sends it where it is due; gives how long until it is. @param {string} name @param {Sealed} one */
const attempt = async (name, one) => {
  const { emit, state } = parts;
  const { key, user, tries, next, at } = one;
  if (!state.leave || one.refused || Date.now() - at > ASK_AFTER_MS) return Infinity;
  if (next > Date.now()) return next - Date.now();
  const { cause, about, wait } = await post(parts, one, user == last);
  // The widget has taken it over, or another tab has seen it go.
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

/** Draws how things stand; where nothing has changed, what stands there stays, and with it the focus. */
const draw = () =>
  quietly(() => {
    const { site, state } = parts;
    const mine = read(seal());
    if (!state.leave) return;
    // By this the loader begins by itself on the next page; what the outbox counts there stays.
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

/** Why a text does not go, and what can be done with it. @param {string} textContent @param {HTMLElement[]} steps */
const alert = (textContent, ...steps) => {
  const { script, frame, mail } = parts;
  const { box } = frame();
  const copy = button(said.COPY, () =>
    navigator.clipboard?.writeText(box.value).then(() => (copy.textContent = say(said.COPIED)), blank),
  );
  const why = make("p", { role: "alert", tabIndex: -1, textContent });
  return make("div", {}, why, ...steps, copy, script.dataset["email"] ? mail(box) : "");
};

/** @param {number} text @param {string} [value] what stands in its place for it */
const say = (text, value = "") => (words[text] ?? "").replace(/\{\w+\}/, () => value);

/** @param {number} text @param {() => void} onclick @returns {HTMLElement} */
const button = (text, onclick, className = "button") => make("button", { className, textContent: say(text), onclick });
