import { readFile } from "node:fs/promises";
import path from "node:path";
import { test as base } from "../deskbell.js";
import { dist } from "../gateway.js";
import { Site } from "../site.js";
import { Zendesk } from "../zendesk.js";

export { expect, expectAccessible } from "../deskbell.js";

const TYPES = { ".js": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

/** Serves the built files like a static host. @type {NonNullable<import("../site.js").Options["answer"]>} */
const files = ({ url }, response) => {
  const name = new URL(url ?? "/", "http://site").pathname;
  const type = TYPES[/** @type {keyof typeof TYPES} */ (path.extname(name))];
  if (!type || !name.startsWith("/deskbell")) return false;
  readFile(path.join(dist, name)).then(
    (body) => response.writeHead(200, { "content-type": type }).end(body),
    () => response.writeHead(404).end(),
  );
  return true;
};

/** The page's command that identifies the user. */
const ADA = `deskbell("identify", { id: "u-1", name: "Ada Host", email: "ada@host.example", plan: "team" });`;

/**
 * @typedef {object} Fixtures
 * @property {Zendesk} zendesk a stand-in of the test's own
 * @property {string[]} otherRequests the requests that went neither to the page's host nor to Zendesk
 * @property {(options?: import("../site.js").Options & {destination?: string, script?: string, known?: boolean, path?: string}) => Promise<Site>} visit
 *   serves the page and the built files without any gateway, and goes there
 */

/** @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions &
 *     import("../deskbell.js").Fixtures & Fixtures,
 *   import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions>} */
export const test = base.extend({
  zendesk: async ({ trouble }, use) => {
    const zendesk = new Zendesk();
    await zendesk.start();
    await use(zendesk);
    trouble.stop();
    await zendesk.stop();
  },

  otherRequests: async ({}, use) => use([]),

  visit: async ({ page, zendesk, otherRequests }, use) => {
    /** @type {Site[]} */
    const sites = [];
    await use(async ({ destination, script = "", known = true, path: view = "/", fill, ...options } = {}) => {
      const replacements = { lang: "en", ...fill, destination: destination ?? `zendesk:${zendesk.url}` };
      const site = new Site(import.meta.dirname, "", {
        answer: files,
        fill: { ...replacements, head: `<script nonce="host">${known ? ADA : ""}${script}</script>` },
        ...options,
      });
      sites.push(site);
      await site.start();
      page.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (protocol.startsWith("http") && ![site.url, zendesk.url].includes(origin)) otherRequests.push(request.url());
      });
      await page.goto(site.url + view);
      return site;
    });
    for (const site of sites) await site.stop();
  },
});

/** The requests to create a ticket. @param {Zendesk} zendesk */
export const posts = (zendesk) => zendesk.requestsTo("/api/v2/requests");

/** A configuration with which only the message is sent, so that nothing is uploaded. */
export const BARE = `deskbell("configure", { context: { off: ["page", "user", "application", "device", "errors", "requests", "breadcrumbs", "links", "page_values"] } });`;
