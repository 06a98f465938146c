// A gateway that stores each submission once, as `crates/core` does: the same key with the same bytes and session gets the first
// answer, with others it is refused.

import { atob } from "./platform.mjs";

const JSON_PROBLEM = { title: "refused" };

/** @param {number} status @param {string} code */
export const problem = (status, code) => ({ status, text: JSON.stringify({ ...JSON_PROBLEM, status, code }) });

/** @typedef {{key: string, text: string, body: any, whole: string, path: string, session: string, sub: string, reference: string, id: string}} Arrival */

/** What the customer wrote, without the names of attachments that were left out. @param {string} message */
export const written = (message) => message.split("\n\n")[0] ?? "";

export class Gateway {
  /** By key, in the order of arrival. @type {Map<string, Arrival>} */
  stored = new Map();
  /** @type {Map<string, {name: string}>} */
  files = new Map();
  /** Keys that came with other bytes. @type {string[]} */
  reused = [];
  /** Whether it accepts no token. */
  rejectsTokens = false;
  /** What does not hold about a request. @type {((request: any, sub: string) => void)[]} */
  watchers = [];

  /**
   * Answers a request.
   * @param {{method: string, path: string, headers: Record<string, string>, body: any}} request
   * @returns {{status: number, text: string}}
   */
  answer({ method, path, headers, body }) {
    const jwt = headers["Authorization"]?.slice("Bearer ".length) ?? "";
    const sub = jwt ? JSON.parse(atob(jwt.split(".")[1])).sub : "";
    if (/\/config$/.test(path))
      return { status: 200, text: '{"attachments":{"max_bytes":1000,"max_count":5,"types":["*/*"]}}' };
    if (/\/probe$/.test(path)) return { status: 200, text: '{"bytes":2}' };
    if (/\.json$/.test(path)) return { status: 200, text: LABELS };
    if (!/\/v1\//.test(path)) return { status: 200, text: "" };
    if (jwt && this.rejectsTokens) return problem(401, "token_invalid");
    const file = /\/attachments\/([^?]+)\?name=(.*)$/.exec(path);
    if (file) {
      const name = decodeURIComponent(file[2]);
      if (name.startsWith("bad")) return problem(415, "unsupported_type");
      this.files.set(file[1], { name });
      return { status: 201, text: "{}" };
    }
    const submission = /\/tickets(?:\/([^/]+)\/messages)?$/.exec(path);
    if (method != "POST" || !submission) return problem(404, "no_route");
    return this.take(submission[1] ?? "", path, headers, body, sub);
  }

  /** @param {string} ticket the one that is replied to; empty for a new one */
  take(ticket, path, headers, whole, sub) {
    const [key, session] = [headers["Idempotency-Key"], headers["Deskbell-Session"]];
    const body = JSON.parse(whole);
    for (const watch of this.watchers) watch({ key, body, ticket, session }, sub);
    // A ticket is opened by its owner only: signed, or from the browser that has created it.
    if (ticket && ticket != `t-${sub || session}`) return problem(404, "no_ticket");
    const first = this.stored.get(key);
    if (first) {
      if (first.whole == whole && (ticket || first.session == session) && first.path == path)
        return this.receipt(first);
      this.reused.push(key);
      return problem(409, "key_reused");
    }
    if (body.message.startsWith("bad")) return problem(422, "invalid");
    if ((body.attachments ?? []).some((id) => !this.files.has(id))) return problem(409, "attachments_missing");
    const nth = this.stored.size + 1;
    const [id, reference] = [`id-${nth}`, `DB-${nth}`];
    const arrival = { key, text: written(body.message), body, whole, path, session, sub, reference, id };
    this.stored.set(key, arrival);
    return this.receipt(arrival);
  }

  /** @param {Arrival} arrival */
  receipt({ path, id, reference, body }) {
    const nth = Number(id.slice(3));
    const text = path.endsWith("/messages") ? { number: nth, body: body.message } : { id, reference };
    return { status: 201, text: JSON.stringify(text) };
  }

  /** @param {string} text @returns {Arrival[]} */
  arrivals(text) {
    return [...this.stored.values()].filter((arrival) => arrival.text == text);
  }
}

const LABELS = JSON.stringify({
  draft_other: "You also have another unsent message.",
  draft_show: "Switch to it",
  draft_unkept: "This text is not stored.",
  file_stopped: "{name} was stopped",
  shot_file: "screenshot.png",
});
