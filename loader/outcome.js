// What a response, or none, means for a submission and for an attachment. Pure, so that a table of what is between
// pages and gateways can test it (`tests/world/proxies`).

/**
 * @typedef {object} Tried
 * @property {number} status 0 without a response that the page may read
 * @property {string} [text] the body
 * @property {number} [after] `Retry-After` in seconds
 * @property {boolean} [late] whether the request timed out
 * @property {boolean} [online] whether the browser considers itself online
 * @property {boolean} [passes] whether a small request right after reached the gateway, if that was tried
 * @property {boolean} [isForeign] whether the gateway does not allow this page's origin
 * @property {number} [tries] how many attempts were made before
 * @property {string} [sealed] what was sent: `reply`, `keyless` if a second request would create another ticket, otherwise a ticket
 */

/** The first and the longest pause. */
const PAUSE_MS = 2000;
const PAUSE_MAX_MS = 300_000;
/** Temporary refusals of attachments: they can be retried later, and their message need not wait for them. */
export const FULL = /^(upload_quota|storage_full|storage_unavailable)$/;

/** Parses JSON; an empty object if it is invalid. @param {string} [text] @returns {any} */
export const parsed = (text = "") => {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
};

/** The code of a gateway's problem document; empty if something in between has responded. @param {Tried} tried */
const codeOf = ({ text }) => {
  const { code, title } = parsed(text);
  return title?.at && code?.at ? code : "";
};

/**
 * The outcome: `sent`; `refused`, for good, and nothing was stored; `missing`, nothing was stored because attachments
 * are missing; or why it is unknown: `offline`, `unreachable`, `origin` (the gateway does not allow this page's),
 * `blocked` (something in between lets other requests through, or refuses this one), `timed-out`, `busy`, `no-room` (the
 * gateway can store nothing), `fault`, `unsure`.
 * @param {Tried} tried
 */
export const outcome = (tried) => {
  const word = wordOf(tried);
  // A request that is told to come back later was not processed.
  return tried.sealed != "keyless" || /sent|refus|miss|busy|room/.test(word) ? word : "unsure";
};

/** @param {Tried} tried */
const wordOf = (tried) => {
  const { status, text = "", late, online, passes, isForeign, tries, sealed } = tried;
  const code = codeOf(tried);
  /** The outcome of a response from something in between. */
  const foreign = passes ? "blocked" : "unreachable";
  if (!status && isForeign) return "origin";
  if (!status) return late ? "timed-out" : !online ? "offline" : passes && tries ? "blocked" : "unreachable";
  if (status >= 200 && status < 300) {
    const { reference, number } = parsed(text);
    // A truncated body proves nothing; a retry with the same key will tell. An HTML page is from something in
    // between, such as a login or payment page.
    return (sealed == "reply" ? number > 0 : reference) ? "sent" : /^\s*</.test(text) ? foreign : "fault";
  }
  if (code == "attachments_missing" && status == 409) return "missing";
  // An attachment is refused temporarily: its message need not wait for it.
  if (FULL.test(code)) return "refused";
  if (code == "disk_full") return "no-room";
  if (status == 429 || code == "in_progress") return "busy";
  if (status == 408) return "timed-out";
  if (status == 511) return "unreachable";
  // Firewalls can be configured to respond with a status of no class.
  if (status > 599) return foreign;
  if (status < 400 || status > 499) return "fault";
  if (code) return "refused";
  // A size limit or a rule of a firewall, and not the network.
  if (status == 413 || status == 403) return "blocked";
  // Something that requires a login lets nothing through.
  return status == 401 || status == 407 ? "unreachable" : foreign;
};

/**
 * The pause before the next attempt, in milliseconds: as long as `Retry-After` says, or growing with each attempt,
 * with jitter; `chance` is from 0 to 1. 0 if there is no further attempt.
 * @param {string} word @param {Tried} tried @param {number} chance
 */
export const pause = (word, tried, chance) => {
  const { status, after = 0, tries = 0 } = tried;
  if (/sent|refused|unsure/.test(word)) return 0;
  if (word == "busy") return ((after || (status == 429 ? 30 : 1)) + chance) * 1000;
  return Math.max(Math.min(PAUSE_MS * 2 ** tries, PAUSE_MAX_MS) * (0.5 + chance / 2), after * 1000);
};

/**
 * What to do with an attachment: `there`, `wait` (together with its message), `again` (retry at once, to find out
 * whether the file or the network is the cause), or `leave`: the message is sent without it. `tries` is how often it
 * has failed just before.
 * @param {Tried} tried
 */
export const fate = (tried) => {
  const { status, online, passes, tries } = tried;
  const code = codeOf(tried);
  if (status == 201) return "there";
  if (FULL.test(code) || code == "in_progress" || status == 429 || status == 408 || (!status && !online)) return "wait";
  if ((code && status < 500) || status == 413) return "leave";
  if (status == 401 || status == 407 || !passes) return "wait";
  return tries ? "leave" : "again";
};

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
