// Error messages for the host's developer about wrong commands and arguments.

import { EVENTS } from "../names.js";

/** @typedef {import("../widget-loader.js").Parts} Parts */

/** The options of `open`: the allowed values, or any string. @type {Record<string, string>} */
const OPENINGS = {
  screen: "home,ticket,tickets",
  kind: "question,bug,feedback",
  severity: "critical,high,medium,low",
  topic: "",
  message: "",
  via: "",
  question: "",
};

/** @param {unknown} name @param {string} problem */
const error = (name, problem) => new TypeError(`deskbell: ${String(name)}: ${problem}`);

/** Throws an error that names a wrong option of `open` and what is allowed. @param {Record<string, unknown>} options */
export const check = (options) => {
  for (const [key, value] of Object.entries(options)) {
    const allowed = Object.hasOwn(OPENINGS, key) ? OPENINGS[key] : undefined;
    if (allowed == undefined) throw error("open", `has no "${key}"; it has ${Object.keys(OPENINGS)}`);
    if (typeof value != "string" || (allowed && !allowed.split(",").includes(value)))
      throw error("open", `${key} takes ${allowed ? "one of " + allowed : "a text"}`);
  }
};

/**
 * The error for a wrong command, which names what is allowed.
 * @param {Parts} parts @param {boolean} isUnknownSite @param {string[]} commands all commands
 * @param {unknown} name @param {any[]} args
 */
export const wrong = ({ gateway, site }, isUnknownSite, commands, name, [first]) => {
  const command = /** @type {string} */ (name);
  if (!commands.includes(command)) return error(name, `unknown; there are ${commands}`);
  if (command == "suggest") return error(name, "takes a list");
  if (command == "provide") return error(name, "takes a name and a function");
  if (command == "identify" && first?.token) return error(name, "token takes a text or a function");
  if (["on", "once", "off"].includes(command))
    return EVENTS.includes(first)
      ? error(name, "takes a function")
      : error(name, `there is no event "${first}"; there are ${EVENTS}`);
  const isObject = first == undefined || (typeof first == "object" && !Array.isArray(first));
  if (["open", "toggle"].includes(command) && isObject)
    return error(name, isUnknownSite ? `${gateway} has no site "${site}"` : "the page hides the panel");
  return error(name, "takes an object");
};
