// Who is here, where the host's server signs it: the token, fetched anew when it has run out, and what it says.

/** @typedef {import("./widget-loader.js").Parts["state"]} State */

/** How long the host's function may take; whoever sends a ticket is not kept waiting by it. */
const PATIENCE_MS = 5000;

let held = "";
/**
 * When it runs out: as long after it came as it is good for, whatever time the device thinks it is. Where it does not say how long that is,
 * it counts until the gateway refuses it, which allows for a few minutes more.
 */
let until = 0;
/** What is being fetched, for all who wait for it. @type {Promise<void> | undefined} */
let coming;
/** @type {unknown} */
let source;

/**
 * The token of the person; empty where there is none, and where the host's function fails. Rejects where it is not about somebody
 * (any more) for whom it is wanted.
 * @param {State} state @param {boolean} refused whether the one that is held was refused
 * @param {string} [wanted] the id of the person for whom it is wanted @returns {Promise<string>}
 */
export const token = async (state, refused, wanted) => {
  const given = state.token;
  if (given != source) {
    source = given;
    held = "";
    coming = undefined;
  }
  const isAsked = typeof given == "function";
  if (isAsked && (refused || !held || Date.now() > until)) {
    coming ??= fetched(state, given).then((jwt) => {
      if (given != state.token) return;
      const { exp, iat } = said((held = jwt));
      until = Date.now() + (exp - iat) * 1000;
      coming = undefined;
    });
    await coming;
    // The host has given another one meanwhile.
    if (given != state.token) return token(state, false, wanted);
  }
  const jwt = isAsked ? held : given || "";
  if (
    wanted != undefined &&
    ((state.user?.id ?? "") != wanted || (jwt && (state.given?.id || said(jwt).sub) != wanted))
  )
    throw 0;
  return jwt;
};

/**
 * What the host's function gives, in its time; never rejects. What has spaces in it, such as a page for logging in, could not be sent; so has a
 * failure. It is kept for `asking.js`, which tells the host's developer.
 * @param {State} state @param {() => unknown} give
 */
const fetched = async (state, give) => {
  const late = new Promise((end) => setTimeout(end, PATIENCE_MS, " timed-out"));
  const token = (state.gave = await Promise.race([Promise.resolve().then(give), late]).catch((error) => " " + error));
  return /^\S+\s*$/.test(token) ? token : "";
};

/**
 * Takes over who the token says it is, so that the form need not ask; the gateway believes nothing but the signature.
 * @param {State} state @param {() => void} learned
 */
export const learn = async (state, learned) => {
  const { given, token: source } = state;
  if (!source || given?.id) return;
  const { sub, name, email, plan, role, organization } = said(await token(state, false));
  if (!sub || source != state.token || given != state.given) return;
  state.user = { name, email, plan, role, organization, ...given, id: sub };
  learned();
};

/** What the token says that the next one for the same person says as well, as a text; empty where there is none. @param {State} state */
export const claims = async (state) => {
  const { exp, iat, nbf, jti, ...lasting } = said(await token(state, false));
  return lasting.sub ? JSON.stringify(lasting) : "";
};

/** What a token says. @param {string} jwt @returns {any} */
const said = (jwt) => {
  try {
    const base64 = /** @type {string} */ (jwt.split(".")[1]).replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
};
