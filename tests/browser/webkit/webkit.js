import { expect } from "@playwright/test";
import { writeFile } from "node:fs/promises";
import { test as base } from "../served.js";
import { serveHosts, StoryPanel } from "../stories.js";
import { Driver } from "./driver.js";

/** The panel in WebKitGTK. */
class WebkitPanel extends StoryPanel {
  /** @param {import("./driver.js").Tab} tab */
  constructor(tab) {
    super(tab);
    this.tab = tab;
  }

  /** @override @param {string} selector @param {string} [text] */
  click(selector, text) {
    return this.tab.click(selector, text);
  }

  /** @override @param {string} selector @param {string} value */
  fill(selector, value) {
    return this.tab.fill(selector, value);
  }
}

/** Where the page notes its errors, because the driver does not report them. It outlives a reload. */
const ERRORS = "errors";

/** Notes errors on the page. Runs before every other script. @param {string} key */
const noteErrors = (key) => {
  /** @param {string} line */
  const note = (line) => sessionStorage.setItem(key, `${sessionStorage.getItem(key) ?? ""}${line}\n`);
  addEventListener("error", ({ message, error }) => note(`page error: ${error ?? message}`));
  addEventListener("unhandledrejection", ({ reason }) => note(`page error: ${reason}`));
  addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) =>
    note(`violation: ${effectiveDirective} refuses ${blockedURI} ${sample}`),
  );
  const { error } = console;
  console.error = (...values) => {
    note(values.join(" "));
    error.apply(console, values);
  };
};

/**
 * @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions
 *     & import("../served.js").Fixtures & import("../stories.js").Fixtures,
 *   import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions
 *     & { driver: Driver }>}
 */
export const test = base.extend({
  driver: [
    async ({}, use) => {
      const driver = new Driver();
      try {
        await driver.start();
        await use(driver);
      } finally {
        await driver.stop();
      }
    },
    { scope: "worker" },
  ],

  expected: async ({}, use) => use([]),

  // After the gateway, so that the tab is closed before the gateway stops.
  tab: async ({ driver, gateway: _, expected }, use, info) => {
    const tab = await driver.open();
    let errors = "";
    try {
      await use(tab);
      errors = await tab.evaluate((key) => sessionStorage.getItem(key) ?? "", ERRORS);
      if (info.status !== info.expectedStatus) await writeFile(info.outputPath("webkit.png"), await tab.screenshot());
    } finally {
      // The driver has no other session beside it.
      await tab.close();
    }
    expect(
      // WebKit asks for an icon on its own.
      errors.split("\n").filter((line) => line && ![/favicon/, ...expected].some((pattern) => pattern.test(line))),
      "errors and violations on the page",
    ).toEqual([]);
  },

  host: async ({ tab, gateway }, use) =>
    serveHosts({ tab, gateway }, (host) =>
      use((folder, options) => host(folder, { ...options, first: `(${noteErrors})(${JSON.stringify(ERRORS)})` })),
    ),

  panel: async ({ tab }, use) => use(new WebkitPanel(/** @type {any} */ (tab))),
});
