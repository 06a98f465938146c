// One attempt to send a letter, judged like in `outcome.js`, with fewer outcomes.

import { token } from "../identity.js";

/** @typedef {import("../widget-loader.js").Parts} Parts */
/**
 * The ticket that has arrived, why it was refused (`invalid`, or the gateway's reason), or why it is unknown whether it
 * has arrived.
 * @typedef {{receipt?: {id: string, reference: string}, refusal?: string, cause?: string}} Outcome
 */

const REQUEST_MS = 20_000;

/**
 * One request, within a time limit. A token that is refused is replaced by a new one; if that is refused as well, the
 * letter is sent without one, because its content matters more.
 * @param {Parts} parts @param {import("../plain.js").Sealed} sealed @param {boolean} isCurrent whether its user is the current one
 * @returns {Promise<Outcome>}
 */
export const post = async ({ gateway, site, state }, { key, user, session, body }, isCurrent) => {
  const abort = new AbortController();
  const limit = setTimeout(() => abort.abort(), REQUEST_MS);
  try {
    for (let attempt = 0, jwt = ""; ; attempt++) {
      jwt = attempt < 2 && isCurrent ? await token(state, jwt, user).catch(() => "") : "";
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
        signal: abort.signal,
      });
      const content = await answer.json().catch(() => ({}));
      if (answer.status != 401 || !jwt) return judge(answer, content);
      // The host's developer learns why; the customer sees nothing of it.
      if (attempt) console.info(`deskbell: ${content.title}`);
    }
  } catch {
    return { cause: abort.signal.aborted ? "timed-out" : navigator.onLine ? "unreachable" : "offline" };
  } finally {
    clearTimeout(limit);
  }
};

/** @param {Response} answer @param {Record<string, string>} body @returns {Outcome} */
const judge = ({ ok, status }, { id = "", reference, code, title }) => {
  // A truncated or foreign body proves nothing; the same key will tell.
  if (ok && reference) return { receipt: { id, reference } };
  if (status == 429 || code == "in_progress") return { cause: "busy" };
  if (status == 408) return { cause: "timed-out" };
  if (status < 400 || status > 499) return { cause: "fault" };
  // A response without a problem document comes from something in between.
  if (!code) return { cause: "unreachable" };
  return { refusal: code == "invalid" ? code : title || code };
};
