// The screen of the outbox: each submission with why it was not sent yet, and what can be done besides waiting.

import { UNSURE } from "./outbox.js";
import { parsed } from "./outcome.js";

/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {ReturnType<typeof import("./outbox.js").outbox>} Outbox */

/** The longest address that mail programs accept, in characters. */
const MAIL_MAX = 1900;
const SHOWN_MAX = 300;

/**
 * Draws the outbox. `edit` puts a refused submission back into the form, `unreachable` is the text for the cause of
 * the same name.
 * @param {Element} place @param {Outbox} outbox @param {{[key: string]: string}} words @param {string} lang
 * @param {string} email @param {(text: string) => void} copy @param {(item: Item) => void} edit
 * @param {string} unreachable
 */
export const draw = async (place, outbox, words, lang, email, copy, edit, unreachable) => {
  const items = await outbox.items();
  const time = (/** @type {number} */ at) =>
    new Intl.DateTimeFormat(lang, {
      timeStyle: "short",
      ...(new Date(at).toDateString() != new Date().toDateString() && { dateStyle: "medium" }),
    }).format(at);
  /** @param {string} key @param {string} [value] */
  const say = (key, value = "") => (words[key] ?? "").replace(/\{\w+\}/, () => value);

  const drawn = items.map((item) => {
    const { key, text, cause, refused, next, at, said, lost, stopped } = item;
    const unsure = cause == UNSURE;
    const old = Date.now() - Math.max(at, said) >= 86_400_000;
    const why = element("p", "");
    if (outbox.going() == key || !cause) why.textContent = say("waiting_sending");
    else if (refused) why.textContent = say("waiting_refused", reason(refused, words));
    else if (unsure) why.textContent = say("waiting_unsure");
    else if (old) why.textContent = say("waiting_old", time(at));
    else {
      const known = /unreachable|blocked/.test(cause) ? unreachable : cause;
      why.textContent = [say(`waiting_${known}`), say("waiting_next", time(next))].join(" ").trim();
    }
    const message = element("p", "written", text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
    message.dir = "auto";
    const again =
      refused && item.draft
        ? ["waiting_edit", () => edit(item)]
        : [unsure ? "waiting_twice" : "waiting_again", () => outbox.again(key)];
    const row = element("div", "row");
    row.append(
      // Something that may arrive twice must not be pressed without thinking.
      button(
        unsure ? "button" : "button main",
        say(/** @type {string} */ (again[0])),
        /** @type {() => void} */ (again[1]),
      ),
      ...ladder(text, say, email, copy, item.body),
      discard(say, () => outbox.discard(item, false), unsure),
    );
    const alert = element("div", "alert");
    alert.append(why, ...left(lost, stopped, words), row);
    const article = element("article", "waits");
    article.append(message, alert);
    return article;
  });
  if (!drawn.length) drawn.push(element("p", "notice", say("waiting_nothing")));
  if (outbox.unkept()) drawn.push(element("p", "hint", say("waiting_unkept")));
  // The focused button is drawn again, and gets the focus back.
  const root = /** @type {ShadowRoot} */ (place.getRootNode());
  const at = [...place.querySelectorAll("button")].indexOf(/** @type {any} */ (root.activeElement));
  place.replaceChildren(...drawn);
  if (at >= 0) (place.querySelectorAll("button")[at] ?? place.querySelector("button"))?.focus();
};

/**
 * What can be done with a text that cannot be sent: copy it, write it as an e-mail, save it as a file.
 * @param {string} text @param {(key: string) => string} say @param {string} email
 * @param {(text: string) => void} copy
 * @param {string} body what would have been sent
 */
export const ladder = (text, say, email, copy, body) => {
  const steps = [button("button", say("waiting_copy"), () => copy(text))];
  if (email) {
    const link = element("a", "button", say("waiting_mail"));
    /** @type {HTMLAnchorElement} */ (link).href = mail(email, text);
    steps.push(link);
  }
  return [...steps, button("button", say("waiting_save"), () => save(text, body))];
};

/**
 * A `mailto:` address that mail programs accept: if it is too long, the address of the page is dropped first, then
 * the end of the text.
 * @param {string} email @param {string} text
 */
export const mail = (email, text) => {
  const letters = [...text];
  let kept = letters.length;
  let body = `${text}\n\n${location.origin}${location.pathname}`;
  for (;;) {
    const address = `mailto:${email}?body=${encodeURIComponent(body)}`;
    const over = address.length - MAIL_MAX;
    if (over <= 0 || kept < 0) return address;
    body = kept < letters.length ? `${letters.slice(0, kept).join("")}…` : text;
    // A character has twelve encoded characters at most, so no more are dropped than necessary.
    kept -= Math.ceil(over / 12);
  }
};

/**
 * The buttons to keep a copy of what was sent.
 * @param {{[key: string]: string}} words
 * @param {[string, string, string[]?, string[]?]} sent the text, all that was sent, and the attachments that it lacks
 * @param {boolean} mailed whether that is all there is of it here
 */
export const saved = (words, [text, body, lost, stopped], mailed) => [
  ...left(lost, stopped, words),
  ...(mailed ? [element("p", "", words["receipt_by_mail"])] : []),
  button("button", words["waiting_save"] ?? "", () => save(text, body)),
];

/**
 * Shows which attachments are left out, because they are missing or something on the way blocks them.
 * @param {string[] | undefined} lost @param {string[] | undefined} stopped @param {{[key: string]: string}} words
 */
const left = (lost = [], stopped = [], words) => {
  const say = (/** @type {string} */ key) => (/** @type {string} */ name) =>
    element(
      "p",
      "notice",
      (words[key] ?? "").replace("{name}", () => name),
    );
  return [...lost.map(say("file_lost")), ...stopped.map(say("file_stopped"))];
};

/** @param {string} text @param {string} body */
const save = (text, body) => {
  const url = URL.createObjectURL(new Blob([`${text}\n\n---\n${body}\n`], { type: "text/plain" }));
  const link = element("a", "");
  Object.assign(link, { href: url, download: "ticket.txt" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};

/**
 * Asks for confirmation, because it cannot be undone; not if it may have arrived.
 * @param {(key: string) => string} say @param {() => void} act @param {boolean} there
 */
const discard = (say, act, there) => {
  if (there) return button("button", say("waiting_settled"), act);
  const asks = button("button", say("waiting_discard"), () => {
    asks.textContent = say("waiting_really");
    asks.onclick = act;
  });
  return asks;
};

/** @param {any} refused @param {{[key: string]: string}} words */
const reason = ({ code, title }, words) => words[`refused_${code}`] ?? title ?? "";

/**
 * A refusal with its reason in the panel's language, if there is a text for it.
 * @param {import("./outbox.js").Outcome | undefined} outcome @param {{[key: string]: string} | void} words
 */
export const explained = (outcome, words) => {
  if (outcome?.word != "refused" || !words) return outcome;
  const problem = parsed(outcome.text);
  const title = words[`refused_${problem.code}`];
  return title ? { ...outcome, text: JSON.stringify({ ...problem, title }) } : outcome;
};

/** @param {string} className @param {string} textContent @param {() => void} onclick @returns {HTMLElement} */
export const button = (className, textContent, onclick) =>
  Object.assign(document.createElement("button"), { type: "button", className, textContent, onclick });

/** @param {string} tag @param {string} className @param {string} [textContent] @returns {HTMLElement} */
const element = (tag, className, textContent = "") =>
  Object.assign(document.createElement(tag), { className, textContent });
