// Where a single-page product went.

import { crumb } from "./breadcrumbs.js";
import { ring, wrap } from "./record.js";

/** @typedef {{url: string, at: number}} Route */

const { list, add } = /** @type {{list: Route[], add: (entry: Route) => void}} */ (ring("page", 20));
export const routes = list;

let here = "";

/** Starts to watch. */
export const watchRoutes = () => {
  const { navigation } = /** @type {any} */ (window);
  moved();
  addEventListener("popstate", moved);
  addEventListener("hashchange", moved);
  // Where the browser tells of it by itself, nothing of the host's is wrapped.
  if (navigation?.addEventListener) return navigation.addEventListener("currententrychange", moved);
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
