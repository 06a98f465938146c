import { expect } from "@playwright/test";
import path from "node:path";
import puppeteer from "puppeteer-core";
import { root } from "../gateway.js";
import { test as base } from "../served.js";
import { Site } from "../site.js";

// The released Firefox, driven through WebDriver BiDi: Playwright only drives its own build.

export { expect };

// For a machine several times slower than usual; passing tests do not wait for it.
const LIMIT_MS = 60_000;
const PANEL = "deskbell-panel >>>";

/** The panel in Firefox, as a customer sees and uses it. */
export class FirefoxPanel {
  /** @param {import("puppeteer-core").Page} tab */
  constructor(tab) {
    this.tab = tab;
  }

  /** Presses the page's own trigger. */
  async open() {
    await this.tab.locator("[data-deskbell-open]").click();
    await this.tab.waitForSelector(`${PANEL} button:not(.icon)`, { visible: true });
  }

  /** @param {string} selector inside the panel */
  async click(selector) {
    const element = await this.tab.waitForSelector(`${PANEL} ${selector}`, { visible: true });
    await element?.click();
  }

  /** Types into the box on Home, and waits until the hits stay the same. @param {string} text */
  async search(text) {
    await this.fill("#box", text);
    await this.shows(".live", /\d results?/);
  }

  /** @param {string} name of the button */
  async press(name) {
    await this.click(`::-p-aria([name="${name}"][role="button"])`);
  }

  /** @param {string} selector inside the panel @param {string} value */
  async fill(selector, value) {
    await this.tab.locator(`${PANEL} ${selector}`).fill(value);
  }

  /** The value of a field. @param {string} selector inside the panel */
  async value(selector) {
    return this.tab.$eval(`${PANEL} ${selector}`, (field) => /** @type {HTMLInputElement} */ (field).value);
  }

  /** Waits until an element contains the text. @param {string} selector inside the panel @param {string | RegExp} text */
  async shows(selector, text) {
    const content = () => this.tab.$$eval(`${PANEL} ${selector}`, (nodes) => nodes.map((node) => node.textContent));
    await expect.poll(content).toContainEqual(typeof text == "string" ? text : expect.stringMatching(text));
  }

  /** Waits for the receipt, and returns the reference on it. */
  async received() {
    await this.shows(":is(h2, h3)", "Ticket sent");
    const text = await this.tab.$eval(`${PANEL} .reference`, (node) => node.textContent ?? "");
    return text.match(/DB-\w+/)?.[0];
  }
}

/**
 * @typedef {object} Fixtures
 * @property {import("puppeteer-core").Page} tab a tab whose storage no other test shares
 * @property {(folder: string, options?: import("../site.js").Options) => Promise<Site>} host
 *   serves a host's page from another origin and opens it in the tab
 * @property {FirefoxPanel} panel
 * @property {RegExp[]} expected errors of the page that the test provokes; any other error fails it
 */

/** @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions
 *     & import("../served.js").Fixtures & Fixtures,
 *   import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions
 *     & { firefox: import("puppeteer-core").Browser }>} */
export const test = base.extend({
  firefox: [
    async ({}, use) => {
      const firefox = await puppeteer.launch({
        browser: "firefox",
        executablePath: process.env.FIREFOX,
        headless: true,
        extraPrefsFirefox: { "intl.accept_languages": "en-US, en" },
      });
      await use(firefox);
      await firefox.close();
    },
    { scope: "worker" },
  ],

  expected: async ({}, use) => use([]),

  // After the gateway, so that the tab is closed before the gateway stops.
  tab: async ({ firefox, gateway: _, expected }, use, info) => {
    const context = await firefox.createBrowserContext();
    const tab = await context.newPage();
    tab.setDefaultTimeout(LIMIT_MS);
    /** @type {string[]} */
    const errors = [];
    tab.on("pageerror", (error) => errors.push(`page error: ${error}`));
    tab.on("console", (message) => {
      if (message.type() == "error" || message.text().startsWith("violation: ")) errors.push(message.text());
    });
    await tab.evaluateOnNewDocument(() => {
      const report = console.debug;
      addEventListener("securitypolicyviolation", (event) =>
        report(`violation: ${event.effectiveDirective} refuses ${event.blockedURI} ${event.sample}`),
      );
    });
    await use(tab);
    if (info.status !== info.expectedStatus)
      await info.attach("firefox.png", { body: Buffer.from(await tab.screenshot()), contentType: "image/png" });
    await context.close();
    expect(
      // Firefox asks for an icon on its own.
      errors.filter((line) => ![/favicon/, ...expected].some((pattern) => pattern.test(line))),
      "errors and violations on the page",
    ).toEqual([]);
  },

  host: async ({ tab, gateway }, use) => {
    /** @type {Site[]} */
    const sites = [];
    await use(async (folder, options = {}) => {
      const site = new Site(path.join(root, "tests/browser", folder), gateway.url, options);
      sites.push(site);
      await site.start();
      await tab.goto(site.url);
      return site;
    });
    for (const site of sites) await site.stop();
  },

  panel: async ({ tab }, use) => use(new FirefoxPanel(tab)),
});

// Only outside CI, where a missing Firefox fails the tests.
test.skip(!process.env.FIREFOX && !process.env.CI, "no Firefox: see find-firefox");
