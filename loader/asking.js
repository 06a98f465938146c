// Requests to the gateway as the current user.

import { parsed } from "./outcome.js";

/** @typedef {import("./widget-loader.js").Parts} Parts */
/**
 * Returns the user's token: another one than `refused`, if that was refused. With the response to that other one no
 * token is returned.
 * @typedef {(refused?: string | { text?: string }, wanted?: string) => Promise<string> | string} Token
 */

/**
 * The user's token. If it is invalid, or there is none, the host's developer is told why, once for each reason; the
 * customer sees nothing of it.
 * @param {Pick<Parts, "state" | "emit">} parts @param {(refused?: string, wanted?: string) => Promise<string>} token
 * @returns {Token}
 */
export const reporting =
  ({ state, emit }, token) =>
  async (refused, wanted) => {
    const isOver = typeof refused == "object";
    const jwt = isOver ? "" : await token(refused, wanted);
    // A host function that returns nothing says that nobody is signed in.
    const error = isOver
      ? parsed(refused.text ?? "")
      : !jwt && state.gave && { code: "token_function", title: `no token: ${state.gave}`.slice(0, 200) };
    if (error?.code && error.code != state.error?.code) {
      emit("error", (state.error = error));
      console.warn("deskbell:", error.title);
    }
    return jwt;
  };

/**
 * Sends a request as the user. A token that is refused is replaced by a new one; if that is refused as well, the
 * request is sent without one, because its content matters more.
 * @template {{status: number, text?: string}} Answer
 * @param {string} session @param {Token} token
 * @param {(headers: Record<string, string>) => Promise<Answer>} act @returns {Promise<Answer>}
 */
export const as = async (session, token, act) => {
  /** @type {string | Answer | undefined} */
  let refused;
  for (;;) {
    const jwt = await token(refused);
    /** @type {Record<string, string>} */
    const headers = { "Deskbell-Session": session };
    if (jwt) headers["Authorization"] = `Bearer ${jwt}`;
    const answer = await act(headers);
    if (answer.status != 401 || !jwt) return answer;
    refused = refused ? answer : jwt;
  }
};
