// Converts a snapshot to wire format: `crates/domain/src/context/shape.rs` has the table of its members.

const PERSON = ["id", "name", "email", "plan", "role"];
const BUILD = ["release", "environment", "build", "tenant", "region"];

/**
 * Converts a snapshot to wire format, neither redacted nor cut.
 * @param {import("../moment.js").Snapshot} snapshot
 * @param {(recorded: string) => string} formatConsole formats recorded arguments of the console (`collect/console.js`)
 * @returns {object}
 */
export const describe = (snapshot, formatConsole) => {
  const { url, title, referrer, canonical, open_ms, routes, timings, user, values, meta } = snapshot;
  const { errors, requests, breadcrumbs, device, links, provided, unanswered = [], since } = snapshot;
  const text = (/** @type {string} */ message) => formatConsole(message).replaceAll("\0", " ");
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
    since: since && describe(since, formatConsole),
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
 * Named values of the host as strings, because a number in place of a string must not cost a ticket its user.
 * @param {any} object
 * @param {(name: string) => boolean} [isWanted]
 */
const texts = (object, isWanted = () => true) => {
  /** @type {Record<string, string>} */
  const result = {};
  if (typeof object != "object") return result;
  for (const name of Object.keys(object ?? result)) {
    if (!isWanted(name)) continue;
    try {
      const value = object[name];
      result[name] = typeof value == "string" ? value : (JSON.stringify(value ?? undefined) ?? "");
    } catch {
      // A getter that throws, a cycle, a BigInt: left out.
    }
  }
  return result;
};
