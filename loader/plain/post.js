// One attempt, judged like in `outcome.js`, with fewer outcomes.

import { token } from "../identity.js";
import { parsed } from "./device.js";

/** @typedef {import("../widget-loader.js").Parts} Parts */
/** @typedef {import("./device.js").Sealed} Sealed */
/**
 * `sent`, `refused`, or why it is unknown; the response or the reason of the refusal; the pause in milliseconds.
 * @typedef {{cause: string, about?: any, wait?: number}} Outcome
 */

const REQUEST_MS = 20_000;

/**
 * Sends a submission and waits for the response; never rejects.
 * @param {Parts} parts @param {Sealed} one @param {boolean} here whether its user is the current one
 */
export const post = (parts, one, here) =>
  /** @type {Promise<Outcome>} */ (
    Promise.race([
      exchange(parts, one, here).catch(() => ({ cause: navigator.onLine ? "unreachable" : "offline" })),
      new Promise((end) => setTimeout(end, REQUEST_MS, { cause: "timed-out" })),
    ])
  );

/**
 * A token that is refused is replaced by a new one; if that is refused as well, the submission is sent without one,
 * because its content matters more.
 * @param {Parts} parts @param {Sealed} one @param {boolean} here @returns {Promise<Outcome>}
 */
const exchange = async ({ gateway, site, state }, { key, user, session, body }, here) => {
  for (let tries = 0; ; tries++) {
    const jwt = tries < 2 && here && (await token(state, !!tries, user).catch(() => ""));
    const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/tickets`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "Deskbell-Session": session,
        ...(jwt && { Authorization: `Bearer ${jwt}` }),
      },
      body,
      credentials: "omit",
    });
    const text = await answer.text();
    // The host's developer is told why, and the customer sees nothing of it.
    if (answer.status == 401 && jwt) tries && console.info(text);
    else
      return judge(
        answer,
        parsed(() => text),
      );
  }
};

/** @param {Response} answer @param {any} body @returns {Outcome} */
const judge = ({ status, ok, headers }, { id, reference, code, title }) => {
  const seconds = status == 429 ? 30 : code == "in_progress" ? 1 : 0;
  if (seconds) return { cause: "busy", wait: ((Number(headers.get("Retry-After")) || seconds) + Math.random()) * 1000 };
  // A truncated or foreign body proves nothing; a retry with the same key will tell.
  if (ok && reference) return { cause: "sent", about: { id, reference } };
  if (status == 408) return { cause: "timed-out" };
  if (status < 400 || status > 499) return { cause: "fault" };
  // A response without a problem document is from something in between, and says nothing about the submission.
  if (!code) return { cause: "unreachable" };
  // Validation errors are shown in the customer's language, by code.
  return { cause: "refused", about: code == "invalid" ? code : title || code };
};
