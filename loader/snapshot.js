// Takes snapshots of the page, the user and what was recorded.

import { breadcrumbs } from "./breadcrumbs.js";
import { readErrors } from "./error-list.js";
import { recent, requests, timed } from "./requests.js";
import { routes } from "./routes.js";
import { state } from "./state.js";

/** @returns {import("./moment.js").Snapshot} */
export const snapshot = () => ({
  at: time(Date.now()),
  url: location.href,
  title: document.title,
  open_ms: Math.round(performance.now()),
  online: navigator.onLine,
  user: state.user,
  values: { ...state.values },
  routes: copies(routes),
  errors: copies(readErrors()),
  requests: copies(requests),
  recent: copies(recent),
  timed: [...timed],
  breadcrumbs: copies(breadcrumbs),
});

/** Stores the snapshot until the draft is gone. */
export const freeze = () => {
  if (state.frozen) return;
  state.frozen = snapshot();
  state.complete?.(state.frozen);
};

/** Times are stored as numbers, which take less memory. @param {any[]} list */
const copies = (list) =>
  [...list]
    .sort((one, other) => one.at - other.at)
    .map((entry) => {
      const copy = { ...entry, at: time(entry.at) };
      if (entry.first_at) copy.first_at = time(entry.first_at);
      return copy;
    });

/** @param {number} ms */
const time = (ms) => new Date(ms).toISOString();
