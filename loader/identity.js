// The user's token if the host's server signs one, which is fetched again after it has expired; and its claims.

/** @typedef {import("./widget-loader.js").Parts["state"]} State */

/** How long the host's function may take. A customer who sends a ticket must not wait for it. */
const PATIENCE_MS = 5000;

let cachedToken = "";
/**
 * The end of its lifetime, counted from when it was received, so that the device's clock does not matter. A token without
 * a lifetime is used until the gateway rejects it; the gateway accepts tokens for a few minutes longer.
 */
let expiresAt = 0;
/** The running fetch, shared by all callers. @type {Promise<void> | undefined} */
let pending;
/** @type {unknown} */
let source;
/** How often the user has logged out. */
let logouts = 0;

/** The user has logged out: the same function returns the next user's token, and a running fetch may be about the last one. */
export const forgetToken = () => {
  logouts += 1;
  source = undefined;
};

/**
 * The user's token; empty if there is none, or if the host's function fails. Rejects if the current user or the token's
 * user is another than expected.
 * @param {State} state @param {string} [rejectedToken] the token that the gateway has rejected. It is fetched again, unless
 * a concurrent request has replaced it already.
 * @param {string} [userId] the id of the expected user @returns {Promise<string>}
 */
export const token = async (state, rejectedToken, userId) => {
  const [current, before] = [state.token, logouts];
  const isOver = () => current != state.token || before != logouts;
  if (current != source) {
    source = current;
    cachedToken = "";
    pending = undefined;
  }
  const isFunction = typeof current == "function";
  if (isFunction && (!cachedToken || rejectedToken == cachedToken || Date.now() > expiresAt)) {
    pending ??= fetchToken(state, current).then((jwt) => {
      if (isOver()) return;
      const { exp, iat } = claimsOf((cachedToken = jwt));
      expiresAt = Date.now() + (exp - iat) * 1000;
      pending = undefined;
    });
    await pending;
    // The host has set another token or function meanwhile, or another user has logged in.
    if (isOver()) return token(state, "", userId);
  }
  const jwt = isFunction ? cachedToken : current || "";
  if (
    userId != undefined &&
    ((state.user?.id ?? "") != userId || (jwt && (state.given?.id || claimsOf(jwt).sub) != userId))
  )
    throw 0;
  return jwt;
};

/**
 * The result of the host's function within the time limit, or an empty text; never rejects. A result with spaces, such as
 * a login page, is not a token. A failure is stored as a text with spaces, too, which `asking.js` reports to the host's
 * developer.
 * @param {State} state @param {() => unknown} provide
 */
const fetchToken = async (state, provide) => {
  const timeout = new Promise((end) => setTimeout(end, PATIENCE_MS, " timed-out"));
  const token = (state.gave = await Promise.race([Promise.resolve().then(provide), timeout]).catch(
    (error) => " " + error,
  ));
  return /^\S+\s*$/.test(token) ? token : "";
};

/**
 * Sets the user from the token's claims, so that the form need not ask. The gateway trusts only the signature. Without a
 * token nobody is signed in. Resolves to whether the host's function has failed, so that nobody knows.
 * @param {State} state @param {() => void} onChange
 */
export const learn = async (state, onChange) => {
  const { given: declared, token: source } = state;
  if (!source || declared?.id) return false;
  const jwt = await token(state);
  const { sub, name, email, plan, role, organization } = claimsOf(jwt);
  if (source != state.token || declared != state.given) return false;
  if (!jwt && state.gave) return true;
  state.user = { name, email, plan, role, organization, ...declared, id: sub };
  onChange();
  return false;
};

/** The claims that stay the same in the user's next token, as a text; empty if there is none. @param {State} state */
export const claims = async (state) => {
  const { exp, iat, nbf, jti, ...stable } = claimsOf(await token(state));
  return stable.sub ? JSON.stringify(stable) : "";
};

/** The claims of a token. @param {string} jwt @returns {any} */
const claimsOf = (jwt) => {
  try {
    const base64 = /** @type {string} */ (jwt.split(".")[1]).replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
};
