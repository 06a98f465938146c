// Records the addresses that a single-page application visits.

import { crumb } from "./breadcrumbs.js";
import { listen, wrap } from "./record.js";
import { ring } from "./ring.js";

/** @typedef {{url: string, at: number}} Route */

const { list, add } = /** @type {{list: Route[], add: (entry: Route) => void}} */ (ring("page", 20));
export const routes = list;

let here = "";

/** Starts recording. */
export const watchRoutes = () => {
  const { navigation } = /** @type {any} */ (window);
  moved();
  listen(window, "popstate", moved);
  listen(window, "hashchange", moved);
  // If the browser reports navigations itself, no function of the host is wrapped.
  if (navigation?.addEventListener) return listen(navigation, "currententrychange", moved);
  for (const name of ["pushState", "replaceState"])
    wrap(history, name, (call) => {
      const result = call();
      moved();
      return result;
    });
};

const moved = () => {
  const url = location.href;
  if (url == here) return;
  if (here) crumb("navigation", "", url);
  here = url;
  add({ url, at: Date.now() });
};
