// The user's token if the host's server signs it: fetched again after it has expired, and its claims.

/** @typedef {import("./widget-loader.js").Parts["state"]} State */

/** How long the host's function may take. A customer who sends a ticket must not wait for it. */
const PATIENCE_MS = 5000;

let held = "";
/**
 * When it expires: its lifetime after it was received, independent of the device's clock. Without a lifetime it is
 * used until the gateway refuses it, which allows for a few more minutes.
 */
let until = 0;
/** The running fetch, shared by all who wait for it. @type {Promise<void> | undefined} */
let coming;
/** @type {unknown} */
let source;

/**
 * The user's token; empty if there is none, or if the host's function fails. Rejects if it is not about the wanted
 * user (any more).
 * @param {State} state @param {string} [refused] the one that the gateway refused: another one replaced it if a request
 * beside this one was refused, too
 * @param {string} [wanted] the id of the user that it has to be about @returns {Promise<string>}
 */
export const token = async (state, refused, wanted) => {
  const current = state.token;
  if (current != source) {
    source = current;
    held = "";
    coming = undefined;
  }
  const isFunction = typeof current == "function";
  if (isFunction && (!held || refused == held || Date.now() > until)) {
    coming ??= fetched(state, current).then((jwt) => {
      if (current != state.token) return;
      const { exp, iat } = claimsOf((held = jwt));
      until = Date.now() + (exp - iat) * 1000;
      coming = undefined;
    });
    await coming;
    // The host has set another one meanwhile.
    if (current != state.token) return token(state, "", wanted);
  }
  const jwt = isFunction ? held : current || "";
  if (
    wanted != undefined &&
    ((state.user?.id ?? "") != wanted || (jwt && (state.given?.id || claimsOf(jwt).sub) != wanted))
  )
    throw 0;
  return jwt;
};

/**
 * The result of the host's function within the time limit; never rejects. A result with spaces, such as a login page,
 * could not be sent as a token; a failure is stored as a text with spaces, too, for `asking.js`, which tells the
 * host's developer.
 * @param {State} state @param {() => unknown} give
 */
const fetched = async (state, give) => {
  const late = new Promise((end) => setTimeout(end, PATIENCE_MS, " timed-out"));
  const token = (state.gave = await Promise.race([Promise.resolve().then(give), late]).catch((error) => " " + error));
  return /^\S+\s*$/.test(token) ? token : "";
};

/**
 * Sets the user from the token's claims, so that the form need not ask. The gateway trusts only the signature.
 * @param {State} state @param {() => void} learned
 */
export const learn = async (state, learned) => {
  const { given, token: source } = state;
  if (!source || given?.id) return;
  const { sub, name, email, plan, role, organization } = claimsOf(await token(state));
  if (!sub || source != state.token || given != state.given) return;
  state.user = { name, email, plan, role, organization, ...given, id: sub };
  learned();
};

/** The claims that stay the same in the user's next token, as a text; empty if there is none. @param {State} state */
export const claims = async (state) => {
  const { exp, iat, nbf, jti, ...lasting } = claimsOf(await token(state));
  return lasting.sub ? JSON.stringify(lasting) : "";
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
