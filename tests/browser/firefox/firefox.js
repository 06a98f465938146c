import { expect } from "@playwright/test";
import puppeteer from "puppeteer-core";
import { test as base } from "../served.js";
import { serveHosts, StoryPanel } from "../stories.js";

// The released Firefox, driven through WebDriver BiDi: Playwright only drives its own build.

// For a machine several times slower than usual; passing tests do not wait for it.
const LIMIT_MS = 60_000;
const PANEL = "deskbell-panel >>>";

/** The panel in Firefox. */
class FirefoxPanel extends StoryPanel {
  /** @param {import("puppeteer-core").Page} tab */
  constructor(tab) {
    super(tab);
    this.tab = tab;
  }

  /** @override @param {string} selector @param {string} [text] */
  async click(selector, text) {
    const which = text ? `${selector} ::-p-text(${text})` : selector;
    const element = await this.tab.waitForSelector(`${PANEL} ${which}`, { visible: true });
    await element?.click();
  }

  /** @override @param {string} selector @param {string} value */
  async fill(selector, value) {
    await this.tab.locator(`${PANEL} ${selector}`).fill(value);
  }
}

/** @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions
 *     & import("../served.js").Fixtures & import("../stories.js").Fixtures & { tab: import("puppeteer-core").Page },
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

  host: ({ tab, gateway }, use) => serveHosts({ tab, gateway }, use),

  panel: async ({ tab }, use) => use(new FirefoxPanel(tab)),
});

// Only outside CI, where a missing Firefox fails the tests.
test.skip(!process.env.FIREFOX && !process.env.CI, "no Firefox: see find-firefox");
