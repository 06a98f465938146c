// Counts for statistics, without any customer's text: which questions were shown or opened, which helped, and whether a
// ticket was sent. A visit is one draft of a visitor. A visitor is a random number of this browser that changes every
// week.

import { random } from "./session.js";
import { blank } from "./state.js";

const WEEK_MS = 604_800_000;
/** Hits that are visible for a shorter time while the customer types do not count as shown. */
const SEEN_MS = 1000;

/** @typedef {{name: string, kind: string, questions: string[]}} Counted */

/**
 * Creates the counter of a site.
 * @param {string} site
 * @param {string} siteUrl the site's address at the gateway; empty without a gateway or for tests: nothing is counted
 * @param {AbortSignal} signal ends it
 */
export const counter = (site, siteUrl, signal) => {
  const storageKey = `deskbell:${site}:visit`;
  // Used if storage is forbidden; it lasts as long as the page.
  let record = { week: 0, visitor: "", draft: 0 };
  /** @type {Counted | undefined} */
  let pending;
  let timer = 0;

  const store = () => {
    try {
      localStorage.setItem(storageKey, `${record.week} ${record.visitor} ${record.draft}`);
    } catch {}
  };

  const visit = () => {
    try {
      const [week, visitor, draft] = localStorage.getItem(storageKey)?.split(" ") ?? [];
      if (visitor) record = { week: Number(week), visitor, draft: Number(draft) };
    } catch {}
    const week = Math.floor(Date.now() / WEEK_MS);
    if (record.week != week) {
      record = { week, visitor: random(8), draft: 0 };
      store();
    }
    return siteUrl && `${record.visitor}.${record.draft}`;
  };

  /** @param {Counted} counted @param {string} [visitId] the visit */
  const post = ({ name, kind, questions }, visitId = visit()) => {
    if (!siteUrl || signal.aborted) return;
    // Item by item, because pages give arrays and objects a `toJSON` of their own.
    const ids = questions.filter(Boolean).map((id) => JSON.stringify(id));
    const body = `{"visit":"${visitId}","name":"${name}","kind":"${kind}","questions":[${ids}]}`;
    // A text without custom headers, so that the browser sends no preflight request.
    Promise.resolve(fetch(`${siteUrl}/events`, { method: "POST", body, keepalive: true, credentials: "omit" })).catch(
      blank,
    );
  };

  /** Drops hits that were not counted yet. */
  const uncount = () => {
    clearTimeout(timer);
    pending = undefined;
  };

  const countPending = () => {
    if (pending) post(pending);
    uncount();
  };

  /** @param {string} name @param {string} kind @param {string[]} questions */
  const count = (name, kind, questions) => {
    if (name == "shown") {
      uncount();
      pending = { name, kind, questions };
      timer = setTimeout(countPending, SEEN_MS);
      return;
    }
    countPending();
    post({ name, kind, questions });
    if (name == "solved") leaveVisit();
  };

  /** Begins another visit, because the draft is gone. */
  const leaveVisit = () => {
    countPending();
    record.draft++;
    store();
  };

  /** Counts a ticket that has arrived. @param {string} visitId the visit in which it was written @param {string} body */
  const countSent = (visitId, body) => {
    const { kind, questions = [] } = JSON.parse(body);
    const readQuestions = questions.filter((/** @type {{outcome: string}} */ { outcome }) => outcome != "shown");
    post({ name: "sent", kind, questions: readQuestions.map((/** @type {{id: string}} */ { id }) => id) }, visitId);
  };

  return { visit, count, uncount, leaveVisit, countSent };
};
