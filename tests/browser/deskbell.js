import { test as base, expect } from "@playwright/test";
import path from "node:path";
import { Gateway, root } from "./gateway.js";
import { Panel } from "./panel.js";
import { Site } from "./site.js";

export { expect };
export { expectAccessible } from "./accessibility.js";
export { Panel } from "./panel.js";

/** Errors on the pages of a test. A test that provokes one has to expect it; any other fails the test. */
export class Trouble {
  /** @type {string[]} */
  seen = [];
  /** @type {RegExp[]} */
  #expected = [];
  #over = false;

  /** @param {RegExp} pattern */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** The test has ended; later errors are not its own. */
  over() {
    this.#over = true;
  }

  /** @param {string} line */
  #note(line) {
    if (!this.#over) this.seen.push(line);
  }

  get unexpected() {
    return this.seen.filter((line) => !this.#expected.some((pattern) => pattern.test(line)));
  }

  /** @param {import("@playwright/test").BrowserContext} context */
  async watch(context) {
    context.on("weberror", (event) => this.#note(`page error: ${event.error()}`));
    context.on("console", (message) => {
      if (message.type() === "error") this.#note(`console: ${message.text()} (${message.location().url})`);
      if (message.text().startsWith("violation: ")) this.#note(message.text());
    });
    // Reported through the console, because a global would disturb the tests that count a page's globals.
    await context.addInitScript(() => {
      const tell = console.debug;
      addEventListener("securitypolicyviolation", (event) => {
        tell(`violation: ${event.effectiveDirective} refuses ${event.blockedURI} ${event.sample}`);
      });
    });
  }
}

/**
 * @typedef {object} Fixtures
 * @property {string} settings the gateway's configuration
 * @property {Gateway} gateway a gateway of the test's own
 * @property {(options?: import("./site.js").Options & {folder?: string, path?: string}) => Promise<Site>} host
 *   serves a host's page from another origin and goes there: the folder of the spec, unless another one is named
 * @property {(reference?: string) => Promise<import("@playwright/test").Page>} inbox
 *   opens the inbox, or the ticket with this reference, in a browser of its own
 * @property {() => Promise<any[]>} tickets the tickets in the inbox, newest first: each as it was sent, with its `reference`
 * @property {Panel} panel
 * @property {Trouble} trouble
 */

/** @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions & Fixtures,
 *   import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions>} */
export const test = base.extend({
  settings: ["", { option: true }],

  gateway: async ({ trouble, settings }, use, info) => {
    const gateway = new Gateway();
    await gateway.start(settings);
    await use(gateway);
    // Requests of the page fail from here on, which is no error of the page.
    trouble.over();
    const log = await gateway.end();
    if (info.status !== info.expectedStatus) await info.attach("gateway.log", { body: log, contentType: "text/plain" });
  },

  trouble: [
    async ({ context }, use) => {
      const trouble = new Trouble();
      await trouble.watch(context);
      await use(trouble);
      expect(trouble.unexpected, "errors and violations on the page").toEqual([]);
    },
    { auto: true },
  ],

  host: async ({ page, gateway }, use, info) => {
    /** @type {Site[]} */
    const sites = [];
    await use(async ({ folder, path: view = "/", ...options } = {}) => {
      const files = folder ? path.join(root, "tests/browser", folder) : path.dirname(info.file);
      const site = new Site(files, gateway.url, options);
      sites.push(site);
      await site.start();
      await page.goto(site.url + view);
      return site;
    });
    for (const site of sites) await site.stop();
  },

  inbox: async ({ browser, gateway }, use) => {
    const context = await browser.newContext();
    await use(async (reference) => {
      const page = await context.newPage();
      await page.goto(`${gateway.url}/inbox`);
      if (reference) await page.getByRole("link", { name: reference }).click();
      return page;
    });
    await context.close();
  },

  // Read without a browser, because nearly every test calls this, and some do so repeatedly.
  tickets: async ({ gateway }, use) => {
    /** @param {string} path */
    const read = async (path) => {
      const answer = await fetch(gateway.url + path);
      if (!answer.ok) throw new Error(`${path} in the inbox: ${answer.status}`);
      return answer.text();
    };
    await use(async () => {
      const list = await read("/inbox?status=all");
      const references = [...list.matchAll(/<a class="reference"[^>]*>([^<]*)/g)].map(([, name]) => name ?? "");
      const pages = references.map((reference) => read(`/inbox/tickets/${reference}`));
      const tickets = (await Promise.all(pages)).map((page, nth) => {
        const [, sent] = page.match(/class="raw"[^>]*><code>([^<]*)/) ?? [];
        return { reference: references[nth], ...JSON.parse(text(sent ?? "")) };
      });
      return tickets.sort((one, other) => other.created_at.localeCompare(one.created_at));
    });
  },

  panel: async ({ page }, use) => use(new Panel(page)),
});

/** Converts the inbox's HTML to text. @param {string} html */
const text = (html) => {
  const signs = /** @type {Record<string, string>} */ ({ lt: "<", gt: ">", quot: '"', amp: "&" });
  return html.replace(/&(lt|gt|quot|amp);/g, (_, name) => signs[name] ?? "");
};
