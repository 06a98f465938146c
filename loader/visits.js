// Counts for statistics, without anything that anybody wrote: which questions were shown or opened, which helped, and
// whether a ticket was sent. A visit is one draft of a visitor; a visitor is a random number of this browser that
// changes every week.

import { random } from "./session.js";
import { blank } from "./state.js";

const WEEK_MS = 604_800_000;
/** Hits that are visible for a shorter time while typing were not seen. */
const SEEN_MS = 1000;

/** @typedef {{name: string, kind: string, questions: string[]}} Counted */

/**
 * Creates the counter of a site.
 * @param {string} site
 * @param {string} siteUrl the site's address at the gateway; empty without a gateway or for tests: nothing is counted
 */
export const counter = (site, siteUrl) => {
  const place = `deskbell:${site}:visit`;
  // Used if storage is forbidden; it lasts as long as the page.
  let kept = { week: 0, visitor: "", draft: 0 };
  /** @type {Counted | undefined} */
  let shown;
  let timer = 0;

  const keep = () => {
    try {
      localStorage.setItem(place, `${kept.week} ${kept.visitor} ${kept.draft}`);
    } catch {}
  };

  const visit = () => {
    try {
      const [week, visitor, draft] = localStorage.getItem(place)?.split(" ") ?? [];
      if (visitor) kept = { week: Number(week), visitor, draft: Number(draft) };
    } catch {}
    const week = Math.floor(Date.now() / WEEK_MS);
    if (kept.week != week) {
      kept = { week, visitor: random(8), draft: 0 };
      keep();
    }
    return siteUrl && `${kept.visitor}.${kept.draft}`;
  };

  /** @param {Counted} counted @param {string} [of] the visit */
  const post = ({ name, kind, questions }, of = visit()) => {
    if (!siteUrl) return;
    // Item by item, because pages give arrays and objects a `toJSON` of their own.
    const ids = questions.filter(Boolean).map((id) => JSON.stringify(id));
    const body = `{"visit":"${of}","name":"${name}","kind":"${kind}","questions":[${ids}]}`;
    // A text without custom headers, so that the browser sends no preflight request.
    Promise.resolve(fetch(`${siteUrl}/events`, { method: "POST", body, keepalive: true, credentials: "omit" })).catch(
      blank,
    );
  };

  /** Drops what was not counted yet. */
  const uncount = () => {
    clearTimeout(timer);
    shown = undefined;
  };

  const settle = () => {
    if (shown) post(shown);
    uncount();
  };

  /** @param {string} name @param {string} kind @param {string[]} questions */
  const count = (name, kind, questions) => {
    if (name == "shown") {
      uncount();
      shown = { name, kind, questions };
      timer = setTimeout(settle, SEEN_MS);
      return;
    }
    settle();
    post({ name, kind, questions });
    if (name == "solved") leaveVisit();
  };

  /** The draft is gone: what follows is another visit. */
  const leaveVisit = () => {
    settle();
    kept.draft++;
    keep();
  };

  /** Counts a ticket that has arrived. @param {string} of the visit in which it was written @param {string} body */
  const countSent = (of, body) => {
    const { kind, questions = [] } = JSON.parse(body);
    const opened = questions.filter((/** @type {{outcome: string}} */ { outcome }) => outcome != "shown");
    post({ name: "sent", kind, questions: opened.map((/** @type {{id: string}} */ { id }) => id) }, of);
  };

  return { visit, count, uncount, leaveVisit, countSent };
};
