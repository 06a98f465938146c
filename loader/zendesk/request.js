// What a support engineer reads of a ticket in Zendesk: the customer's words, and below them in short what was collected.

const SUBJECT_MAX = 150;
const ERRORS_MAX = 5;
const LINE_MAX = 300;
/** Enough to tell one ticket from another. */
const REFERENCE = 12;

/** The first line of the message; before it, that somebody only tries things out. @param {any} ticket as a gateway would get it */
export const subject = ({ message, test }) =>
  short((test ? "[Test] " : "") + (message.trim().split("\n")[0] ?? ""), SUBJECT_MAX);

/** The message with what belongs to it, as plain text. @param {any} ticket as a gateway would get it @param {string} key */
export const described = (ticket, key) => {
  const { message, kind, severity, topic, context, questions, fields, consent, via, locale, website } = ticket;
  const { page, user, application, device, errors } = context ?? {};
  const known = [user?.id, user?.plan, user?.organization?.name];
  const built = [application?.release, application?.environment, application?.build];
  /** @type {[string, unknown][]} */
  const facts = [
    ["Kind", kind],
    ["Severity", severity],
    ["Topic", topic],
    ["Page", page?.url],
    ["Title", page?.title],
    ["Release", listed(built)],
    ["User", listed(known)],
    ["Browser", listed([device?.browser, device?.system])],
    ["Language", locale],
    ["Sent from", via],
    ...Object.entries(fields ?? {}),
    ["May look into the account", consent == undefined ? "" : consent ? "yes" : "no"],
    ["Hidden field, which only robots fill in", website],
    ["Deskbell reference", `${key.slice(0, REFERENCE)} (the same one again means that it was sent twice)`],
  ];
  const told = facts.filter(([, value]) => value != undefined && value !== "");
  return [
    message,
    "",
    "---",
    ...told.map(([name, value]) => `${name}: ${line(`${value}`)}`),
    ...part("Errors", (errors ?? []).slice(-ERRORS_MAX).map(failed)),
    ...part("Questions seen", (questions ?? []).map(seen)),
  ].join("\n");
};

/** @param {string} heading @param {string[]} lines */
const part = (heading, lines) => (lines.length ? ["", `${heading}:`, ...lines.map((line) => `- ${line}`)] : []);

/** @param {any} error */
const failed = ({ name, message, count }) =>
  line([name, message].filter(Boolean).join(": ")) + (count > 1 ? ` (${count} times)` : "");

/** @param {any} question */
const seen = ({ title, outcome, url }) => line([title, `(${outcome})`, url].filter(Boolean).join(" "));

/** @param {unknown[]} texts */
const listed = (texts) => texts.filter(Boolean).join(", ");

/** On one line, so that nothing collected looks like another fact. @param {string} text */
const line = (text) => short(text.replace(/\s+/g, " "), LINE_MAX);

/** @param {string} text @param {number} most in characters */
const short = (text, most) => {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most).join("")}…` : text;
};
