// Fetched where something is out of the ordinary: something on the way to the gateway stops what is sent, or the plain form was there before.

import { fate } from "./outcome.js";

export { adopt, adoptDraft } from "./adopt.js";

/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {import("./attachments.js").Answer} Answer */

/** The most characters of a message. */
const MESSAGE_MAX = 10_000;
const PATIENCE_MS = 5000;

/** Whether the gateway answers something small, from which a way that stops only something else is told. @param {string} siteUrl */
export const passes = async (siteUrl) => {
  const timer = new AbortController();
  setTimeout(() => timer.abort(), PATIENCE_MS);
  try {
    const url = siteUrl.replace(/sites\/[^/]*$/, "health");
    const answer = await fetch(url, { cache: "no-store", credentials: "omit", signal: timer.signal });
    return (await answer.json()).status == "ok";
  } catch {
    return false;
  }
};

/**
 * What becomes of a file that was not taken: `leave`, where the rest goes without it, or else `wait`. Once more it is tried at once, to see
 * whether it is the file or the way.
 * @param {Answer} answer @param {() => Promise<Answer>} put @param {string} siteUrl
 */
export const settleFile = async (answer, put, siteUrl) => {
  for (let tries = 0; ; tries++) {
    const becomes = fate({ ...answer, tries, online: navigator.onLine, passes: await passes(siteUrl) });
    if (becomes != "again") return { becomes, answer };
    answer = await put();
  }
};

/**
 * Says in the message which files were stopped, for whoever answers it.
 * @param {Item} item @param {string[]} names @param {string} [say]
 */
export const name = (item, names, say = "{name}") => {
  const body = JSON.parse(item.body);
  const place = item.draft ? "message" : "body";
  const lines = names.map((name) => say.replace("{name}", () => name)).join("\n");
  const whole = `${body[place] ?? ""}\n\n${lines}`;
  if ([...whole].length <= MESSAGE_MAX) item.body = JSON.stringify({ ...body, [place]: whole });
};
