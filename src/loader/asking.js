// Asking the gateway as who the person is.

/** @typedef {import("./widget-loader.js").Parts} Parts */
/**
 * Gives the token of the person; with `true` another one than that which was refused, and with a text none: it is what was answered to that
 * other one.
 * @typedef {(refused: boolean | string, wanted?: string) => Promise<string> | string} Token
 */

/** What the host's developer was told. @type {Set<string>} */
const told = new Set();

/**
 * Tells the host's developer, once for each reason, why its token counts nothing; the customer reads nothing of it.
 * @param {Pick<Parts, "state" | "emit">} parts @param {string} text a problem document
 */
export const report = ({ state, emit }, text) => {
  try {
    const { code, title: detail } = JSON.parse(text);
    if (!code || told.has(code)) return;
    told.add(code);
    state.error = { code, detail };
    console.warn(`deskbell: ${detail} (${code})`);
    emit("error", state.error);
  } catch {}
};

/**
 * The token of the person, with what is wrong with it reported.
 * @param {Pick<Parts, "state" | "emit">} parts @param {(refused: boolean, wanted?: string) => Promise<string>} token @returns {Token}
 */
export const reporting = (parts, token) => async (refused, wanted) => {
  if (typeof refused == "string") {
    report(parts, refused);
    return "";
  }
  const jwt = await token(refused, wanted);
  const { answered } = parts.state;
  // Whoever gives nothing says that nobody is signed in.
  if (!jwt && answered != null && answered !== "") {
    const reason =
      answered === 0 ? "took longer than 5 s" : Array.isArray(answered) ? `failed: ${answered[0]}` : "gave no token";
    report(parts, JSON.stringify({ code: "token_function", title: `the function for the token ${reason}` }));
  }
  return jwt;
};

/**
 * Does something as somebody: a token that is refused is fetched anew; where that one is refused as well, it goes without,
 * because it matters more.
 * @template {{status: number, text?: string}} Answer
 * @param {string} session @param {Token} token
 * @param {(headers: Record<string, string>) => Promise<Answer>} act @returns {Promise<Answer>}
 */
export const as = async (session, token, act) => {
  /** @type {boolean | string} */
  let refused = false;
  for (;;) {
    const jwt = await token(refused);
    /** @type {Record<string, string>} */
    const headers = { "Deskbell-Session": session };
    if (jwt) headers["Authorization"] = `Bearer ${jwt}`;
    const answer = await act(headers);
    if (answer.status != 401 || !jwt) return answer;
    refused = !refused || (answer.text ?? "");
  }
};
