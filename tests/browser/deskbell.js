import { expect } from "@playwright/test";
import path from "node:path";
import { root } from "./gateway.js";
import { Panel } from "./panel.js";
import { test as base } from "./served.js";
import { Site } from "./site.js";

export { expect };
export { expectAccessible } from "./accessibility.js";
export { Panel } from "./panel.js";

/** Errors on the pages of a test. A test has to expect those that it provokes; any other fails the test. */
export class Trouble {
  /** @type {string[]} */
  lines = [];
  /** @type {RegExp[]} */
  #expected = [];
  #stopped = false;

  /** @param {RegExp} pattern */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** Ignores later errors, because the test has ended. */
  stop() {
    this.#stopped = true;
  }

  /** @param {string} line */
  #note(line) {
    if (!this.#stopped) this.lines.push(line);
  }

  get unexpected() {
    return this.lines.filter((line) => !this.#expected.some((pattern) => pattern.test(line)));
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
      const report = console.debug;
      addEventListener("securitypolicyviolation", (event) => {
        report(`violation: ${event.effectiveDirective} refuses ${event.blockedURI} ${event.sample}`);
      });
    });
  }
}

/**
 * @typedef {object} Fixtures
 * @property {(options?: import("./site.js").Options & {folder?: string, path?: string}) => Promise<Site>} host
 *   serves a host's page from another origin and goes there: the folder of the spec, unless another one is named
 * @property {(reference?: string) => Promise<import("@playwright/test").Page>} inbox
 *   opens the inbox, or the ticket with this reference, in a browser of its own
 * @property {Panel} panel
 * @property {Trouble} trouble
 */

/** @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions
 *     & import("./served.js").Fixtures & Fixtures,
 *   import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions>} */
export const test = base.extend({
  // Requests of the page fail once the gateway has stopped, which is no error of the page.
  gateway: async ({ gateway, trouble }, use) => {
    await use(gateway);
    trouble.stop();
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

  panel: async ({ page }, use) => use(new Panel(page)),
});
