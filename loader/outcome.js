// What an answer, or none, means for what was sealed, and for a file that goes along. Pure, so that a table of what stands between pages and
// gateways can test it (`tests/world/proxies`).

/**
 * @typedef {object} Tried
 * @property {number} status 0 where there was no answer that the page may read
 * @property {string} [text] the body
 * @property {number} [after] what `Retry-After` said, in seconds
 * @property {boolean} [late] whether there was no answer in time
 * @property {boolean} [online] what the browser believes
 * @property {boolean} [passes] whether something small was answered by the gateway right after, where that was tried
 * @property {number} [tries] how often it was tried before
 * @property {string} [sealed] what it was: `reply`, `keyless` where a second one would be another ticket, or else a ticket
 */

/** The first pause and the longest. */
const PAUSE_MS = 2000;
const PAUSE_MAX_MS = 300_000;
/** Refusals of files that end: it can be tried again later, and what a file goes along with need not wait for it. */
export const FULL = /^(upload_quota|storage_full)$/;

/** What a JSON text says; an empty object where it is none. @param {string} [text] @returns {any} */
export const parsed = (text = "") => {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
};

/** The code of a problem document of a gateway; empty where something in between has answered. @param {Tried} tried */
const codeOf = ({ text }) => {
  const { code, title } = parsed(text);
  return title?.at && code?.at ? code : "";
};

/**
 * The outcome: `sent`; `refused`, for good, and nothing was stored; `missing`, nothing was stored for want of files; or why it is not known:
 * `offline`, `unreachable`, `blocked` (something in between lets other things pass), `timed-out`, `busy`, `fault`, `unsure`.
 * @param {Tried} tried
 */
export const outcome = (tried) => {
  const word = wordOf(tried);
  // Who is told to come back later has not been heard.
  return tried.sealed != "keyless" || /sent|refus|miss|busy/.test(word) ? word : "unsure";
};

/** @param {Tried} tried */
const wordOf = (tried) => {
  const { status, text = "", late, online, passes, tries, sealed } = tried;
  const code = codeOf(tried);
  /** What came from something in between. */
  const foreign = passes ? "blocked" : "unreachable";
  if (!status) return late ? "timed-out" : !online ? "offline" : passes && tries ? "blocked" : "unreachable";
  if (status >= 200 && status < 300) {
    const { reference, number } = parsed(text);
    // A torn body proves nothing; the same key will tell. A page is somebody else's: it asks to log in, or to pay.
    return (sealed == "reply" ? number > 0 : reference) ? "sent" : /^\s*</.test(text) ? foreign : "fault";
  }
  if (code == "attachments_missing" && status == 409) return "missing";
  // A file of it is not taken, today or for lack of room: what it goes along with need not wait for that.
  if (FULL.test(code)) return "refused";
  if (status == 429 || code == "in_progress") return "busy";
  if (status == 408) return "timed-out";
  if (status == 511) return "unreachable";
  // Firewalls can be told to answer with a status of no class.
  if (status > 599) return foreign;
  if (status < 400 || status > 499) return "fault";
  if (code) return "refused";
  if (status == 413) return "blocked";
  // Whoever asks for a login lets nothing through.
  return status == 401 || status == 407 ? "unreachable" : foreign;
};

/**
 * How long it waits before it is sent again, in milliseconds: as long as it was told to, or longer from try to try, and never all at the
 * same moment; `chance` is from 0 to 1. 0 where it is over.
 * @param {string} word @param {Tried} tried @param {number} chance
 */
export const pause = (word, tried, chance) => {
  const { status, after = 0, tries = 0 } = tried;
  if (/sent|refused|unsure/.test(word)) return 0;
  if (word == "busy") return ((after || (status == 429 ? 30 : 1)) + chance) * 1000;
  return Math.max(Math.min(PAUSE_MS * 2 ** tries, PAUSE_MAX_MS) * (0.5 + chance / 2), after * 1000);
};

/**
 * What becomes of a file: `there`, `wait` (with what it goes along with), `again` (at once, to see whether it is the file or the way), or
 * `leave`: the rest goes without it. `tries` is how often it has failed just before.
 * @param {Tried} tried
 */
export const fate = (tried) => {
  const { status, online, passes, tries } = tried;
  const code = codeOf(tried);
  if (status == 201) return "there";
  if (FULL.test(code) || status == 429 || status == 408 || (!status && !online)) return "wait";
  if ((code && status < 500) || status == 413) return "leave";
  if (status == 401 || status == 407 || !passes) return "wait";
  return tries ? "leave" : "again";
};
