// A snapshot in the form of the wire: `crates/domain/src/context/document/shape.rs` has the table of what belongs where.

const PERSON = ["id", "name", "email", "plan", "role"];
const BUILD = ["release", "environment", "build", "tenant", "region"];

/**
 * Brings a snapshot into the form of the wire, not yet redacted nor cut.
 * @param {import("../moment.js").Snapshot} snapshot
 * @returns {object}
 */
export const describe = (snapshot) => {
  const { url, title, referrer, canonical, open_ms, routes, timings, user, values, meta } = snapshot;
  const { errors, requests, breadcrumbs, device, links, provided, unanswered, since } = snapshot;
  return {
    frozen_at: snapshot.at,
    page: { url, title, referrer, canonical, open_ms, routes, timings },
    user: user && person(user),
    application: { ...meta, ...texts(values, (name) => BUILD.includes(name)), flags: texts(values.flags) },
    device,
    errors,
    requests,
    breadcrumbs,
    links,
    page_values: { ...texts(values, (name) => name != "flags" && !BUILD.includes(name)), ...texts(provided) },
    unanswered,
    since: since && describe(since),
  };
};

/** @param {any} user */
const person = (user) => {
  const { id, name } = texts(user.organization);
  return {
    ...texts(user, (name) => PERSON.includes(name)),
    organization: { id, name },
    attributes: texts(user, (name) => ![...PERSON, "organization", "verified"].includes(name)),
  };
};

/**
 * What the host gave under names, as texts: a number where a text belongs must not cost a ticket its user.
 * @param {any} object
 * @param {(name: string) => boolean} [wanted]
 */
const texts = (object, wanted = () => true) => {
  /** @type {Record<string, string>} */
  const found = {};
  if (typeof object != "object") return found;
  for (const name of Object.keys(object ?? found)) {
    if (!wanted(name)) continue;
    try {
      const value = object[name];
      found[name] = typeof value == "string" ? value : (JSON.stringify(value ?? undefined) ?? "");
    } catch {
      // A getter that throws, a ring, a BigInt: left out.
    }
  }
  return found;
};
