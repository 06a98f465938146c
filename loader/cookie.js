// The session that the subdomains of a site share if the page names their domain: in a cookie of that domain instead
// of the origin's storage.

/** @typedef {import("./widget-loader.js").Parts} Parts */

/** The longest lifetime that browsers give a cookie. */
const SECONDS = 400 * 86_400;

/**
 * Returns the session of the cookie. A session in the origin's storage moves to the cookie. If origins had sessions
 * before, each keeps its own: a session opens what it created, and nobody loses access. If the browser rejects the
 * cookie, the host's developer is told, and the origin's session is used.
 * @param {Parts} parts @param {string} domain @param {(make?: boolean) => string} own the origin's session
 */
export const share = ({ site, state, emit }, domain, own) => {
  const name = `deskbell-${site}`;
  // Browsers accept `Secure` only over HTTPS, and not all of them on `http://localhost`.
  const secure = window.isSecureContext && location.protocol == "http:" ? "" : ";Secure";
  /** @param {string} name */
  const read = (name) => {
    try {
      const start = `${name}=`;
      return document.cookie
        .split("; ")
        .find((cookie) => cookie.startsWith(start))
        ?.slice(start.length);
    } catch {}
  };
  /** Whether the browser stores it. @param {string} name @param {string} value */
  const write = (name, value, seconds = SECONDS) => {
    try {
      document.cookie = `${name}=${value};Domain=${domain};Path=/;Max-Age=${seconds};SameSite=Lax${secure}`;
    } catch {}
    return read(name) == value;
  };
  const refuse = () => {
    const title =
      `data-cookie-domain: the browser keeps no cookie for "${domain}" on this page, so its tickets stay in this origin. ` +
      "It takes the page's host or a domain above it that is no public suffix, over HTTPS, where cookies are allowed";
    emit("error", (state.error = { code: "cookie_domain", title }));
    console.warn("deskbell:", title);
    return own;
  };
  // Under another name, because another tab may be writing the session.
  const probe = `${name}.probe`;
  if (!write(probe, "1", 60)) return refuse();
  write(probe, "", 0);

  let isRenewed = false;
  return (make = true) => {
    const found = read(name) ?? "";
    const shared = /^[0-9a-f]{32}$/.test(found) ? found : "";
    const mine = own(false) || (shared ? "" : own(make));
    if (shared && (!mine || mine == shared)) {
      isRenewed ||= write(name, shared);
      return shared;
    }
    // Stored only from here on, so that `reset` on any of the pages deletes it.
    if (!shared && mine && write(name, mine))
      try {
        localStorage.removeItem(`deskbell:${site}:session`);
      } catch {}
    return mine;
  };
};
