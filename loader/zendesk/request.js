// The text of a ticket for agents in Zendesk: the customer's message, and below it a summary of what was collected.

const SUBJECT_MAX = 150;
const ERRORS_MAX = 5;
const LINE_MAX = 300;
/** Long enough to distinguish tickets. */
const REFERENCE = 12;

/** The first line of the message, with a mark if it is a test ticket. @param {any} ticket in wire format */
export const subject = ({ message, test }) =>
  short((test ? "[Test] " : "") + (message.trim().split("\n")[0] ?? ""), SUBJECT_MAX);

/** The message with its details, as plain text. @param {any} ticket in wire format @param {string} key */
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
    ["Account access allowed", consent == undefined ? "" : consent ? "yes" : "no"],
    ["Hidden field, which only robots fill in", website],
    ["Deskbell reference", `${key.slice(0, REFERENCE)} (the same one again means that it was sent twice)`],
  ];
  const filled = facts.filter(([, value]) => value != undefined && value !== "");
  return [
    message,
    "",
    "---",
    ...filled.map(([name, value]) => `${name}: ${line(`${value}`)}`),
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

/** On one line, so that collected text cannot look like another fact. @param {string} text */
const line = (text) => short(text.replace(/\s+/g, " "), LINE_MAX);

/** @param {string} text @param {number} most in characters */
const short = (text, most) => {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most).join("")}…` : text;
};
