// Asking the gateway as who the person is.

/**
 * Does something as somebody: a token that is refused is fetched anew; where that one is refused as well, it goes without,
 * because it matters more.
 * @template {{status: number}} Answer
 * @param {string} session @param {(refused: boolean) => Promise<string> | string} token
 * @param {(headers: Record<string, string>) => Promise<Answer>} act @returns {Promise<Answer>}
 */
export const as = async (session, token, act) => {
  for (let tries = 0; ; tries++) {
    const jwt = tries < 2 && (await token(!!tries));
    /** @type {Record<string, string>} */
    const headers = { "Deskbell-Session": session };
    if (jwt) headers["Authorization"] = `Bearer ${jwt}`;
    const answer = await act(headers);
    if (answer.status != 401 || !jwt) return answer;
  }
};
