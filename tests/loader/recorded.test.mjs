// Which requests are recorded as the page's: not Deskbell's own, also where the gateway is on the page's own origin.

import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./load.mjs";

/** The origin of a page whose server passes some of its addresses to the gateway. */
const ORIGIN = "https://host.example";

Object.assign(globalThis, {
  window: globalThis,
  location: { href: `${ORIGIN}/`, origin: ORIGIN, pathname: "/" },
  Document: class {},
  document: { querySelectorAll: () => [], documentElement: { lang: "en", matches: () => false } },
  XMLHttpRequest: class {},
  deskbellSettings: { gateway: ORIGIN, site: "acme" },
  TEXTS: { en: [] },
  fetch: async () => new Response("", { status: 500 }),
});
Object.defineProperty(globalThis, "navigator", { value: { languages: [] } });

const { requests, watchRequests } = await load("requests.js");

test("records the failed requests of a page that has the gateway on its own origin, and none of Deskbell's", async () => {
  watchRequests();
  const [theirs, ...ours] = ["/demo/fail", "/v1/sites/acme/tickets", "/deskbell-0123/widget.js"].map(
    (path) => ORIGIN + path,
  );
  for (const url of [theirs, ...ours]) await fetch(url);
  assert.deepEqual(
    requests.map(({ url, status }) => [url, status]),
    [[theirs, 500]],
  );
});
