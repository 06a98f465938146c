// The plain form, for pages on which the widget cannot run: the same box, the customer's name and address, and Send. A
// letter that is sent is stored on the device, with its bytes and its idempotency key, before the network is used. It
// is sent whenever the customer presses a button, under the same key; the widget takes it over if it can run later.

import { learn } from "./identity.js";
import { post } from "./plain/post.js";
import { secretIn } from "./plain/secrets.js";
import { contact, isAddress, ticket } from "./plain/ticket.js";
import { relabel } from "./relabel.js";
import { forgetSession, random, session } from "./session.js";
import { blank } from "./state.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {{text: string, at: number}} Draft what is being written, and when it was stored */
/**
 * @typedef {object} Sealed what was sent, as `adopt.js` reads it
 * @property {string} text what the customer wrote
 * @property {number} at when they sent it
 * @property {string} key the `Idempotency-Key`
 * @property {string} user the id of its user; empty if none was declared
 * @property {string} session the anonymous session that it belongs to
 * @property {string} body
 */

const DRAFT_MS = 7 * 86_400_000;

/** @type {Parts} */
let parts;
/** @type {Parts["make"]} */
let make;
/** The texts by name. @type {Record<string, string>} */
let texts;
/** Set once the form is drawn. @type {ReturnType<Parts["frame"]> | undefined} */
let panel;
/** The fields for name and address, if the host has not declared them. @type {HTMLInputElement[]} */
let fields;
/** Whose letter it is. */
let user = "";
/** The letter in the box, which is locked once it is sealed. @type {Partial<Sealed>} */
let letter = {};
/** The key of the letter that is being sent. */
let sending = "";
/** The reference of the ticket that has arrived; why the last letter has not. */
let reference = "";
let problem = "";
/** The state that is drawn. */
let drawn = "";

/** Prepares the form. @param {Parts} given */
export const start = async (given) => {
  // Without a gateway there is no idempotency key, and only the panel's e-mail is offered.
  if (given.script.dataset["destination"]) throw 0;
  texts ??= await table(given.lang);
  // After `destroy` the page may have loaded the script again, and after `document.open()` it starts again.
  if (parts && parts.signal != given.signal) {
    panel = undefined;
    fields = [];
    letter = {};
    drawn = "";
  }
  ({ make } = parts = given);
  parts.state.leave = leave;
  user = current();
  find();
  changed();
  return true;
};

/** Draws the form. @param {{message?: string}} options */
export const open = ({ message }) => {
  if (!panel) {
    panel = parts.frame();
    if (!fields?.length) {
      parts.wear(PLAIN_CSS);
      panel.box.addEventListener("input", write);
      fields = ["name", "email"].map((id) => make("input", { id, type: id, autocomplete: id }));
    }
    const typed = panel.box.value;
    if (!letter.key) letter.text = join(typed, letter.text);
    else if (typed) store(draft(), { text: join(typed, read(draft()).text), at: Date.now() });
    keep();
  }
  // What the customer has written stays, whatever the host suggests.
  if (message && !letter.key) letter.text ||= message;
  draw();
};

/** The host has set something. @param {boolean} [reset] @param {boolean} [discard] */
export const changed = (reset, discard) => {
  if (reset) {
    forgetSession();
    if (discard) store(place());
    for (const field of fields ?? []) field.value = "";
    letter = {};
    find();
  }
  meet();
  learn(parts.state, meet).catch(blank);
  turn().catch(blank);
};

/** The texts of a language. @param {string} lang */
const table = async (lang) => (await fetch(new URL(`${lang}.plain.json`, import.meta.url))).json();

/** Draws everything in the panel's language, if that is another one now. */
const turn = async () => {
  const lang = parts.language();
  if (lang == parts.lang) return;
  parts = { ...parts, lang };
  const now = await table(lang);
  if (lang != parts.lang) return;
  texts = now;
  relabel(parts);
  drawn = "";
  draw();
};

/** The id of the current user; empty if none is declared. */
const current = () => `${parts.state.user?.id ?? ""}`;

/** Continues with the current user. What somebody has been writing before they signed in stays theirs. */
const meet = () => {
  if (current() != user) {
    if (!panel || user || letter.key) letter = {};
    else store(draft());
    user = current();
    find();
  }
  draw();
};

/** The widget has loaded after all, and takes the letters from the device. */
const leave = () => {
  const { state } = parts;
  state.left = letter.key ? [/** @type {Sealed} */ (letter)] : [];
  if (panel && letter.key) panel.box.value = "";
  panel = state.leave = undefined;
  drawn = "";
};

/** The place of a draft; `reset` deletes it. */
const draft = () => `deskbell:${parts.site}:plain:${user}`;

/** The place of a sealed letter, which `reset` deletes only if it discards what was not sent. */
const place = (owner = user) => `deskbell-plain:${parts.site}:${owner}`;

/** @param {string} name @returns {any} */
const read = (name) => {
  try {
    return JSON.parse(localStorage[name]) ?? {};
  } catch {
    return {};
  }
};

/** Stores a value, or deletes it. @param {string} name @param {unknown} [value] */
const store = (name, value) => {
  try {
    if (value) localStorage[name] = JSON.stringify(value);
    else delete localStorage[name];
  } catch {
    // The letter lasts as long as the page.
  }
};

/** Takes the user's sealed letter from the device, or else the draft, behind what is being written. */
const find = () => {
  reference = problem = "";
  const sealed = read(place());
  const { text, at } = read(draft());
  const isNew = text && text != letter.text && Date.now() - at < DRAFT_MS;
  if (isNew) letter.text = join(letter.text, text);
  keep();
  if (sealed.key) letter = sealed;
};

/** @param {...string | undefined} paragraphs */
const join = (...paragraphs) => paragraphs.filter(Boolean).join("\n\n");

/** Stores the draft. */
const keep = () => {
  const { text, key } = letter;
  if (!key) store(draft(), text ? { text, at: Date.now() } : undefined);
};

/** Takes what is in the box. */
const write = () => {
  if (!letter.key) letter.text = panel?.box.value;
  keep();
  warn();
};

/** Says what looks confidential in the text. */
const warn = () => {
  const place = panel?.below.querySelector(".secret");
  const secret = secretIn(letter.text ?? "");
  const text = secret && say("secret_found", secret);
  if (place && place.textContent != text) place.textContent = text;
};

/** Seals what is in the box and sends it, or moves the focus to what is missing. */
const submit = () => {
  const { box } = /** @type {NonNullable<typeof panel>} */ (panel);
  const [name = "", email = ""] = fields.map(({ value }) => value.trim());
  const known = contact(parts);
  const gaps = [
    !box.value.trim() && "need_message",
    !known && !name && "need_name",
    !known && !isAddress(email) && "need_email",
  ];
  for (const [nth, field] of [box, ...fields].entries()) {
    field.setCustomValidity(say(gaps[nth] || ""));
    if (!field.reportValidity()) return;
  }
  write();
  // A letter that another tab has sealed goes first, and this one stays the draft.
  if (read(place()).key) {
    find();
    return draw();
  }
  const body = JSON.stringify(ticket(parts, box.value, known || { name, email }));
  letter = { text: box.value, at: Date.now(), key: random(16), user, session: session(parts.site), body };
  store(place(), letter);
  store(draft());
  parts.state.frozen = null;
  send(true);
};

/** Sends the sealed letter, and shows the outcome to its user. @param {boolean} [isFirst] */
const send = async (isFirst) => {
  const sealed = /** @type {Sealed} */ (letter);
  const { emit, state } = parts;
  sending = sealed.key;
  problem = "";
  draw();
  const { receipt, refusal, cause } = await post(parts, sealed, sealed.user == user);
  if (sending == sealed.key) sending = "";
  if (!state.leave) return;
  if (!cause) store(place(sealed.user));
  if (receipt) emit("sent", receipt);
  else emit("failed", { cause: cause || "refused" });
  if (cause && isFirst) emit("queued", { count: 1 });
  // Nobody else learns what became of it.
  if (letter.key == sealed.key) {
    if (!cause) {
      letter = refusal ? { text: sealed.text } : {};
      find();
    }
    reference = receipt?.reference ?? "";
    if (refusal) problem = say("waiting_refused", refusal == "invalid" ? say("refused_invalid") : refusal);
    if (cause) problem = say(cause == "offline" ? "plain_offline" : "plain_unknown");
  }
  draw();
};

/** Draws the current state. If it has not changed, the elements stay, and with them the focus. */
const draw = () => {
  const { state } = parts;
  if (!state.leave) return;
  state.queued = letter.key ? 1 : 0;
  state.counted?.();
  mark();
  if (!panel) return;
  const { box, below, back, root } = panel;
  const known = !!contact(parts);
  const now = JSON.stringify([letter.key, sending, reference, problem, known]);
  const isSealed = !!letter.key;
  const text = letter.text ?? "";
  if (box.value != text) box.value = text;
  box.readOnly = isSealed;
  back.hidden = true;
  /** @type {HTMLElement} */ (box.parentElement).hidden = !isSealed && !!reference;
  if (now == drawn) return;
  drawn = now;
  const isFocused = root.activeElement?.matches(".below *, [hidden] *");
  below.replaceChildren(...(isSealed ? waiting() : reference ? receipt() : form(known)));
  if (isFocused) below.querySelector("p")?.focus();
  warn();
};

/** Leaves a mark with which the loader of the next page fetches the widget. A count of its outbox stays. */
const mark = () => {
  const name = `deskbell-queued:${parts.site}`;
  try {
    const isLeft = Object.keys(localStorage).some((name) => name.startsWith(place("")));
    if (!(read(name) > 0)) store(name, isLeft ? -1 : undefined);
  } catch {}
};

/** @param {boolean} known whether the host has declared the user */
const form = (known) => [
  ...(problem ? alert(problem) : [make("p", { textContent: say("plain_lead") })]),
  ...(known
    ? []
    : fields.flatMap((field) => [make("label", { htmlFor: field.id, textContent: say(field.id) }), field])),
  make("p", { className: "secret", role: "status" }),
  button("send", submit, true),
];

const waiting = () =>
  sending == letter.key
    ? [make("p", { role: "status", tabIndex: -1, textContent: say("waiting_sending") })]
    : alert(
        problem || say("plain_unknown"),
        button("waiting_again", () => send(), true),
      );

const receipt = () => [
  make("h3", { textContent: say("receipt_title") }),
  make("p", { className: "reference", role: "status", tabIndex: -1, textContent: say("receipt_reference", reference) }),
  make("p", { textContent: say("read_every") }),
  button("done", done, true),
];

const done = () => {
  reference = "";
  draw();
  parts.close();
};

/** Why a text was not sent, and what can be done with it. @param {string} textContent @param {Node[]} steps */
const alert = (textContent, ...steps) => {
  const { script, mail } = parts;
  const { box } = parts.frame();
  const copy = button("waiting_copy", () =>
    navigator.clipboard?.writeText(box.value).then(() => (copy.textContent = say("copied")), blank),
  );
  const why = make("p", { role: "alert", tabIndex: -1, textContent });
  return [why, ...steps, copy, ...(script.dataset["email"] ? [mail(box)] : [])];
};

/** @param {string} name @param {string} [value] replaces its placeholder */
const say = (name, value = "") =>
  // Isolated, or signs at its ends would go to the other side in a language from right to left.
  (texts[name] ?? "").replace(/\{\w+\}/, () => (RTL.includes(parts.lang) ? `\u2068${value}\u2069` : value));

/** @param {string} text @param {() => void} onclick @param {boolean} [isMain] */
const button = (text, onclick, isMain) =>
  make("button", { className: isMain ? "button main" : "button", textContent: say(text), onclick });
