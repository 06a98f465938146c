// Converts a snapshot to wire format: `crates/domain/src/context/shape.rs` has the table of its members.

const PERSON = ["id", "name", "email", "plan", "role"];
const BUILD = ["release", "environment", "build", "tenant", "region"];

/**
 * Converts a snapshot to wire format, neither redacted nor cut.
 * @param {import("../moment.js").Snapshot} snapshot
 * @param {(recorded: string) => string} put puts the arguments of the console together (`collect/console.js`)
 * @returns {object}
 */
export const describe = (snapshot, put) => {
  const { url, title, referrer, canonical, open_ms, routes, timings, user, values, meta } = snapshot;
  const { errors, requests, breadcrumbs, device, links, provided, unanswered = [], since } = snapshot;
  const text = (/** @type {string} */ recorded) => put(recorded).replaceAll("\0", " ");
  return {
    frozen_at: snapshot.at,
    page: { url, title, referrer, canonical, open_ms, routes, timings },
    user: user && person(user),
    application: { ...meta, ...texts(values, (name) => BUILD.includes(name)), flags: texts(values.flags) },
    device,
    errors: errors.map((error) => ({ ...error, message: text(error.message) })),
    requests,
    breadcrumbs: breadcrumbs.map((crumb) => ({ ...crumb, name: text(crumb.name) })),
    links,
    page_values: { ...texts(values, (name) => name != "flags" && !BUILD.includes(name)), ...texts(provided) },
    unanswered,
    since: since && describe(since, put),
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
 * Named values of the host as strings: a number where a string belongs must not lose a ticket its user.
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
      // A getter that throws, a cycle, a BigInt: left out.
    }
  }
  return found;
};
