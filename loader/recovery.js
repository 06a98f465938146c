// Fetched in unusual situations: something on the way to the gateway blocks what is sent, attachments are missing,
// the browser has no locks between tabs, or the plain form was used before.

import { got, transact } from "./disk.js";
import { fate, outcome } from "./outcome.js";
import { blank } from "./state.js";

export { adopt, adoptDraft } from "./adopt.js";

/** @typedef {import("./outbox.js").Item} Item */
/** @typedef {import("./attachments.js").Answer} Answer */
/** @typedef {() => Promise<Record<string, string> | void>} Words */

/** The most characters of a message. */
const MESSAGE_MAX = 10_000;
const PATIENCE_MS = 5000;
/**
 * How long a tab holds the lease for sending in browsers without locks, and how often it renews it. It is short,
 * because a tab that is closed meanwhile does not release it. Should two tabs send at once after all, they send the
 * same bytes under the same key.
 */
const LEASE_MS = 10_000;
const RENEW_MS = 3000;

/**
 * Whether a small request of the same kind reaches the gateway, which shows whether only another request is blocked.
 * @param {string} siteUrl
 */
const passes = async (siteUrl) => {
  const timer = new AbortController();
  setTimeout(() => timer.abort(), PATIENCE_MS);
  try {
    const url = siteUrl.replace(/sites\/[^/]*$/, "probe");
    const answer = await fetch(url, { method: "POST", body: "ok", credentials: "omit", signal: timer.signal });
    return (await answer.json()).bytes == 2;
  } catch {
    return false;
  }
};

/**
 * Whether the gateway can be reached, and this page may not read its responses about the site.
 * @param {string} siteUrl
 */
const isForeign = async (siteUrl) => {
  /** @param {RequestMode} mode */
  const reaches = async (mode) => {
    const timer = new AbortController();
    setTimeout(() => timer.abort(), PATIENCE_MS);
    try {
      await fetch(`${siteUrl}/config`, { mode, credentials: "omit", cache: "no-store", signal: timer.signal });
      return true;
    } catch {
      return false;
    }
  };
  return (await reaches("no-cors")) && !(await reaches("cors"));
};

/**
 * The outcome of a request that may be blocked alone. The host's developer learns if the gateway does not allow the page.
 * @param {import("./outcome.js").Tried} tried @param {string} siteUrl
 */
export const reconsider = async (tried, siteUrl) => {
  const reached = await passes(siteUrl);
  const foreign = reached && !tried.status && (await isForeign(siteUrl));
  if (foreign)
    console.error(
      `deskbell: ${siteUrl} does not accept tickets from pages of ${location.origin}; add it to the site's \`origins\``,
    );
  return outcome({ ...tried, passes: reached, isForeign: foreign });
};

/**
 * Retries an upload once, to find out whether the file or the network is the cause. If it is the file, the message is
 * sent without it, and nothing is returned; otherwise the response to wait for.
 * @param {Item} item @param {string} id @param {Answer} answer @param {() => Promise<Answer>} put
 * @param {string} siteUrl @param {Words} words
 */
export const bring = async (item, id, answer, put, siteUrl, words) => {
  for (let tries = 0; ; tries++) {
    const becomes = fate({ ...answer, tries, online: navigator.onLine, passes: await passes(siteUrl) });
    if (becomes == "there") return;
    if (becomes == "wait") return answer;
    if (becomes == "leave") break;
    answer = await put();
  }
  const names = leaveOut(item, [id]);
  item.stopped = [...(item.stopped ?? []), ...names];
  await name(item, names, words);
};

/**
 * Removes attachments from a submission, and returns their names. This is possible because nothing was stored, so the
 * key can have another body.
 * @param {Item} item @param {string[]} gone their ids
 */
export const leaveOut = (item, gone) => {
  const { files, names } = item;
  item.names = names?.filter((_, nth) => !gone.includes(files[nth] ?? ""));
  item.files = files.filter((id) => !gone.includes(id));
  const attachments = item.files.length ? item.files : undefined;
  item.body = JSON.stringify({ ...JSON.parse(item.body), attachments });
  return gone.map((id) => names?.[files.indexOf(id)] ?? "");
};

/**
 * Names the blocked attachments in the message, for the agent.
 * @param {Item} item @param {string[]} names @param {Words} words
 */
export const name = async (item, names, words) => {
  const say = (await words())?.["file_stopped"] ?? "{name}";
  const body = JSON.parse(item.body);
  const lines = names.map((name) => say.replace("{name}", () => name)).join("\n");
  const whole = `${body.message ?? ""}\n\n${lines}`.trim();
  if ([...whole].length <= MESSAGE_MAX) item.body = JSON.stringify({ ...body, message: whole });
};

/** Runs something in one tab at a time. @param {string} name @param {() => Promise<void>} act */
export const leased = async (name, act) => {
  const hold = (/** @type {IDBObjectStore} */ leases) => void leases.put(Date.now() + LEASE_MS, name);
  for (;;) {
    const wait = await transact(["leases"], async (leases) => {
      const left = ((await got(leases.get(name))) ?? 0) - Date.now();
      if (left > 0 && left <= LEASE_MS) return left;
      hold(leases);
      return 0;
    }).catch(() => 0);
    if (!wait) break;
    await new Promise((resolve) => setTimeout(resolve, Math.min(wait, 500)));
  }
  const renewing = setInterval(() => transact(["leases"], hold).catch(blank), RENEW_MS);
  try {
    await act();
  } finally {
    clearInterval(renewing);
    await transact(["leases"], (leases) => leases.delete(name)).catch(blank);
  }
};
