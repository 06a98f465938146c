// One try, judged as `outcome.js` does, in fewer words.

import { token } from "../identity.js";
import { parsed } from "./device.js";

/** @typedef {import("../widget-loader.js").Parts} Parts */
/** @typedef {import("./device.js").Sealed} Sealed */
/**
 * `sent`, `refused`, or why it is not known; what was answered, or what the gateway does not like; how long it was told to wait.
 * @typedef {{cause: string, about?: any, wait?: number}} Outcome
 */

const REQUEST_MS = 20_000;

/** Sends it, to the end of the exchange; never rejects. @param {Parts} parts @param {Sealed} one @param {boolean} here whether its person is here */
export const post = (parts, one, here) =>
  /** @type {Promise<Outcome>} */ (
    Promise.race([
      exchange(parts, one, here).catch(() => ({ cause: navigator.onLine ? "unreachable" : "offline" })),
      new Promise((end) => setTimeout(end, REQUEST_MS, { cause: "timed-out" })),
    ])
  );

/**
 * A token that is refused is fetched anew; where that one is refused as well, it goes without, because it matters more.
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
    // The host's developer is told why, and the customer reads nothing of it.
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
  // A torn or foreign body proves nothing; the same key will tell.
  if (ok && reference) return { cause: "sent", about: { id, reference } };
  if (status == 408) return { cause: "timed-out" };
  if (status < 400 || status > 499) return { cause: "fault" };
  // What is no problem document of ours came from something in between, and says nothing about what was sealed.
  if (!code) return { cause: "unreachable" };
  // What breaks rules is said in the customer's language, by code.
  return { cause: "refused", about: code == "invalid" ? code : title || code };
};
