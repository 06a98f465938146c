// The plain form, for pages on which the widget cannot run: the same box, the customer's name and address, and Send. A
// letter is stored on the device, with its bytes and its idempotency key, before it is sent. It is sent again only when
// the customer presses a button, with the same key. The widget takes it over if it can run later.

import { forgetToken, learn } from "./identity.js";
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
/** The id of the letter's user. */
let user = "";
/** The letter in the box, which is locked once it is sealed. @type {Partial<Sealed>} */
let letter = {};
/** The key of the letter that is being sent. */
let sendingKey = "";
/** The reference of the ticket that has arrived, and the reason why the last letter has not. */
let reference = "";
let problem = "";
/** The state that is drawn. */
let drawnState = "";

/** Prepares the form. @param {Parts} newParts */
export const start = async (newParts) => {
  // Without a gateway there is no idempotency key, and only the panel's e-mail is offered.
  if (newParts.script.dataset["destination"]) throw 0;
  texts ??= await fetchTexts(newParts.lang);
  // After `destroy` the page may have loaded the script again, and after `document.open()` it starts again.
  if (parts && parts.signal != newParts.signal) {
    panel = undefined;
    fields = [];
    letter = {};
    drawnState = "";
  }
  ({ make } = parts = newParts);
  parts.state.leave = handOver;
  user = currentUser();
  restore();
  changed();
  return true;
};

/** Draws the form. @param {{message?: string}} options */
export const open = ({ message }) => {
  if (!panel) {
    panel = parts.frame();
    if (!fields?.length) {
      parts.wear(PLAIN_CSS);
      panel.box.addEventListener("input", takeText);
      fields = ["name", "email"].map((id) => make("input", { id, type: id, autocomplete: id }));
    }
    const text = panel.box.value;
    if (!letter.key) letter.text = join(text, letter.text);
    else if (text) store(draftKey(), { text: join(text, read(draftKey()).text), at: Date.now() });
    storeDraft();
  }
  // What the customer has written stays, whatever the host suggests.
  if (message && !letter.key) letter.text ||= message;
  draw();
};

/** Called after a command of the host. @param {boolean} [reset] @param {boolean} [discard] */
export const changed = (reset, discard) => {
  if (reset) {
    forgetToken();
    forgetSession();
    if (discard) store(letterKey());
    for (const field of fields ?? []) field.value = "";
    letter = {};
    restore();
  }
  switchUser();
  learn(parts.state, switchUser).catch(blank);
  switchLanguage().catch(blank);
};

/** The texts of a language. @param {string} lang */
const fetchTexts = async (lang) => (await fetch(new URL(`${lang}.plain.json`, import.meta.url))).json();

/** Draws everything in the panel's language if it has changed. */
const switchLanguage = async () => {
  const lang = parts.language();
  if (lang == parts.lang) return;
  parts = { ...parts, lang };
  const newTexts = await fetchTexts(lang);
  if (lang != parts.lang) return;
  texts = newTexts;
  relabel(parts);
  drawnState = "";
  draw();
};

/** The id of the current user; empty if none is declared. */
const currentUser = () => `${parts.state.user?.id ?? ""}`;

/** Continues with the current user, who keeps what they wrote before they signed in. */
const switchUser = () => {
  if (currentUser() != user) {
    if (!panel || user || letter.key) letter = {};
    else store(draftKey());
    user = currentUser();
    restore();
  }
  draw();
};

/** The widget has loaded after all, and takes the letters from the device. */
const handOver = () => {
  const { state } = parts;
  state.left = letter.key ? [/** @type {Sealed} */ (letter)] : [];
  if (panel && letter.key) panel.box.value = "";
  panel = state.leave = undefined;
  drawnState = "";
};

/** The storage key of the draft, which `reset` deletes. */
const draftKey = () => `deskbell:${parts.site}:plain:${user}`;

/** The storage key of a sealed letter, which `reset` deletes only if it discards unsent submissions. */
const letterKey = (owner = user) => `deskbell-plain:${parts.site}:${owner}`;

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

/** Restores the user's sealed letter from the device, or else appends the stored draft to the current one. */
const restore = () => {
  reference = problem = "";
  const submission = read(letterKey());
  const { text, at } = read(draftKey());
  const isNew = text && text != letter.text && Date.now() - at < DRAFT_MS;
  if (isNew) letter.text = join(letter.text, text);
  storeDraft();
  if (submission.key) letter = submission;
};

/** @param {...string | undefined} paragraphs */
const join = (...paragraphs) => paragraphs.filter(Boolean).join("\n\n");

/** Stores the draft. */
const storeDraft = () => {
  const { text, key } = letter;
  if (!key) store(draftKey(), text ? { text, at: Date.now() } : undefined);
};

/** Stores the text in the box as the draft. */
const takeText = () => {
  if (!letter.key) letter.text = panel?.box.value;
  storeDraft();
  showSecret();
};

/** Warns about what looks confidential in the text. */
const showSecret = () => {
  const element = panel?.below.querySelector(".secret");
  const secret = secretIn(letter.text ?? "");
  const text = secret && say("secret_found", secret);
  if (element && element.textContent != text) element.textContent = text;
};

/** Seals the text in the box and sends it, or moves the focus to the first field that is missing. */
const submit = () => {
  const { box } = /** @type {NonNullable<typeof panel>} */ (panel);
  const [name = "", email = ""] = fields.map(({ value }) => value.trim());
  const declaredContact = contact(parts);
  const missing = [
    !box.value.trim() && "need_message",
    !declaredContact && !name && "need_name",
    !declaredContact && !isAddress(email) && "need_email",
  ];
  for (const [nth, field] of [box, ...fields].entries()) {
    field.setCustomValidity(say(missing[nth] || ""));
    if (!field.reportValidity()) return;
  }
  takeText();
  // A letter that another tab has sealed goes first, and this one stays the draft.
  if (read(letterKey()).key) {
    restore();
    return draw();
  }
  const body = JSON.stringify(ticket(parts, box.value, declaredContact || { name, email }));
  letter = { text: box.value, at: Date.now(), key: random(16), user, session: session(parts.site), body };
  store(letterKey(), letter);
  store(draftKey());
  parts.state.frozen = null;
  send(true);
};

/** Sends the sealed letter, and shows the outcome to its user. @param {boolean} [isFirst] */
const send = async (isFirst) => {
  const submission = /** @type {Sealed} */ (letter);
  const { emit, state } = parts;
  sendingKey = submission.key;
  problem = "";
  draw();
  const { receipt, refusal, cause } = await post(parts, submission, submission.user == user);
  if (sendingKey == submission.key) sendingKey = "";
  if (!state.leave) return;
  if (!cause) store(letterKey(submission.user));
  if (receipt) emit("sent", receipt);
  else emit("failed", { cause: cause || "refused" });
  if (cause && isFirst) emit("queued", { count: 1 });
  // The outcome is shown to nobody but its user.
  if (letter.key == submission.key) {
    if (!cause) {
      letter = refusal ? { text: submission.text } : {};
      restore();
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
  const isKnown = !!contact(parts);
  const newState = JSON.stringify([letter.key, sendingKey, reference, problem, isKnown]);
  const isSealed = !!letter.key;
  const text = letter.text ?? "";
  if (box.value != text) box.value = text;
  box.readOnly = isSealed;
  back.hidden = true;
  /** @type {HTMLElement} */ (box.parentElement).hidden = !isSealed && !!reference;
  if (newState == drawnState) return;
  drawnState = newState;
  const isFocused = root.activeElement?.matches(".below *, [hidden] *");
  below.replaceChildren(...(isSealed ? unsentView() : reference ? receiptView() : formView(isKnown)));
  if (isFocused) below.querySelector("p")?.focus();
  showSecret();
};

/** Leaves a mark that makes the loader of the next page fetch the widget. A count of the widget's outbox stays. */
const mark = () => {
  const name = `deskbell-queued:${parts.site}`;
  try {
    const hasLetters = Object.keys(localStorage).some((name) => name.startsWith(letterKey("")));
    if (!(read(name) > 0)) store(name, hasLetters ? -1 : undefined);
  } catch {}
};

/** @param {boolean} isKnown whether the host has declared the user */
const formView = (isKnown) => [
  ...(problem ? alert(problem) : [make("p", { textContent: say("plain_lead") })]),
  ...(isKnown
    ? []
    : fields.flatMap((field) => [make("label", { htmlFor: field.id, textContent: say(field.id) }), field])),
  make("p", { className: "secret", role: "status" }),
  button("send", submit, true),
];

const unsentView = () =>
  sendingKey == letter.key
    ? [make("p", { role: "status", tabIndex: -1, textContent: say("waiting_sending") })]
    : alert(
        problem || say("plain_unknown"),
        button("waiting_again", () => send(), true),
      );

const receiptView = () => [
  make("h3", { textContent: say("receipt_title") }),
  make("p", { className: "reference", role: "status", tabIndex: -1, textContent: say("receipt_reference", reference) }),
  make("p", { textContent: say("read_every") }),
  button("done", finish, true),
];

const finish = () => {
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
  const reason = make("p", { role: "alert", tabIndex: -1, textContent });
  return [reason, ...steps, copy, ...(script.dataset["email"] ? [mail(box)] : [])];
};

/** @param {string} name @param {string} [value] replaces its placeholder */
const say = (name, value = "") =>
  // Isolated, because punctuation at its ends would move to the other side in a right-to-left language.
  (texts[name] ?? "").replace(/\{\w+\}/, () => (RTL.includes(parts.lang) ? `\u2068${value}\u2069` : value));

/** @param {string} text @param {() => void} onclick @param {boolean} [isMain] */
const button = (text, onclick, isMain) =>
  make("button", { className: isMain ? "button main" : "button", textContent: say(text), onclick });
