// Signs who is there, on the host's server: Node 20 or later, without packages.
import { createHmac } from "node:crypto";

/**
 * A token for a customer, good for five minutes.
 *
 * @param {string} secret the secret of the site's signer
 * @param {string} site the site's name in the gateway's configuration
 * @param {{sub: string, name?: string, email?: string, email_verified?: boolean, plan?: string, role?: string,
 *   organization?: {id: string, name: string}, priority?: "high" | "medium" | "low", channels?: string[]}} user
 *   `sub` is the host's own id of the customer; `email_verified` says that they have shown that the address is theirs
 */
export const sign = (secret, site, user) => {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...user, aud: site, iat: now, exp: now + 300 };
  const message = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${message}.${createHmac("sha256", secret).update(message).digest("base64url")}`;
};
