import { expect } from "@playwright/test";
import path from "node:path";
import { drafts } from "./drafts.js";
import { root } from "./gateway.js";
import { STRICT, WITHOUT_WASM } from "./policies.js";
import { Site } from "./site.js";

// What customers do in browsers that Playwright does not drive, from the first letter to the ticket in the inbox.

/**
 * A tab, as each driver offers it.
 * @typedef {object} Tab
 * @property {(url: string) => Promise<unknown>} goto
 * @property {() => Promise<unknown>} reload
 * @property {(selector: string) => Promise<unknown>} click
 * @property {<A extends any[], T>(script: (...values: A) => T, ...values: A) => Promise<Awaited<T>>} evaluate
 */

/** The panel in such a tab, as a customer sees and uses it. */
export class StoryPanel {
  /** @param {Tab} tab */
  constructor(tab) {
    this.tab = tab;
  }

  /** @param {string} _selector inside the panel @param {string} [_text] a part of the element's text @returns {Promise<void>} */
  async click(_selector, _text) {
    throw new Error("each driver has its own");
  }

  /** @param {string} _selector inside the panel @param {string} _value @returns {Promise<void>} */
  async fill(_selector, _value) {
    throw new Error("each driver has its own");
  }

  /** Presses the page's own trigger, and waits for Home or the plain form. */
  async open() {
    await this.tab.click("[data-deskbell-open]");
    await this.shows("button:not(.icon)", /./);
  }

  /** @param {string} name of the button */
  async press(name) {
    await this.click("button", name);
  }

  /** Types into the box on Home, and waits for hits. @param {string} text */
  async search(text) {
    await this.fill("#box", text);
    await this.shows(".live", /\d results?/);
  }

  /** The value of a field. @param {string} selector inside the panel */
  value(selector) {
    return this.tab.evaluate(
      (selector) =>
        /** @type {any} */ (document.querySelector("deskbell-panel")?.shadowRoot?.querySelector(selector))?.value,
      selector,
    );
  }

  /** Waits until an element contains the text. @param {string} selector inside the panel @param {string | RegExp} text */
  async shows(selector, text) {
    const texts = () =>
      this.tab.evaluate((selector) => {
        const found = document.querySelector("deskbell-panel")?.shadowRoot?.querySelectorAll(selector);
        return [...(found ?? [])].filter((node) => node.checkVisibility()).map((node) => node.textContent);
      }, selector);
    await expect.poll(texts).toContainEqual(typeof text == "string" ? text : expect.stringMatching(text));
  }

  /** Waits for the receipt, and returns the reference on it. */
  async received() {
    await this.shows(":is(h2, h3)", "Ticket sent");
    const text = await this.tab.evaluate(
      () => document.querySelector("deskbell-panel")?.shadowRoot?.querySelector(".reference")?.textContent ?? "",
    );
    return text.match(/DB-\w+/)?.[0] ?? "";
  }
}

/**
 * @typedef {object} Fixtures
 * @property {Tab} tab a tab whose storage no other test shares
 * @property {(folder: string, options?: import("./site.js").Options) => Promise<Site>} host
 *   serves a host's page from another origin and opens it in the tab
 * @property {StoryPanel} panel
 * @property {RegExp[]} expected errors of the page that the test provokes; any other error fails it
 */

/**
 * The fixture `host`.
 * @param {{tab: Tab, gateway: import("./gateway.js").Gateway}} fixtures
 * @param {(host: Fixtures["host"]) => Promise<void>} use
 */
export const serveHosts = async ({ tab, gateway }, use) => {
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
};

/**
 * Defines the stories as tests.
 * @param {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("./served.js").Fixtures & Fixtures, {}>} test
 * @param {string} browser its name in tickets
 */
export const defineStories = (test, browser) => {
  test("sends a ticket with the error after an answer that does not help, and shows it in the list", async ({
    expected,
    host,
    panel,
    tab,
    tickets,
  }) => {
    expected.push(/broken 1/);
    await host("plain");
    await tab.click("#break");
    await panel.open();
    await panel.search("export chart does nothing");
    await panel.click(".hit", "Export chart fails");
    await panel.shows(".answer", /Accepted answer/);
    await panel.press("Still need help");
    await panel.shows("#meaning", /./);
    expect(await panel.value("#box")).toBe("export chart does nothing");
    await panel.click("#bug");
    await panel.press("Send");
    const reference = await panel.received();
    const [ticket, ...others] = await tickets();
    expect(others).toEqual([]);
    expect(ticket).toMatchObject({
      reference,
      kind: "bug",
      message: "export chart does nothing",
      context: { user: { id: "u-1" }, errors: [{ message: "broken 1" }] },
    });
    expect(ticket.context.device.browser ?? JSON.stringify(ticket.context)).toContain(browser);
    await tab.reload();
    await panel.open();
    await panel.press("Your tickets");
    await panel.shows("li", new RegExp(`export chart does nothing[^]*${reference}|${reference}[^]*export chart`));
  });

  test("keeps a draft through a reload", async ({ host, panel, tab, tickets }) => {
    await host("plain");
    await panel.open();
    await panel.fill("#box", "Written before the reload");
    await expect.poll(() => drafts(/** @type {any} */ (tab))).toEqual(["Written before the reload"]);
    await tab.reload();
    await panel.open();
    await expect.poll(() => panel.value("#box")).toBe("Written before the reload");
    await panel.click(".foot button");
    await panel.press("Send");
    await panel.received();
    expect(await tickets()).toMatchObject([{ message: "Written before the reload" }]);
    await expect.poll(() => drafts(/** @type {any} */ (tab))).toEqual([]);
  });

  test("sends a ticket once from the next page if the gateway was down", async ({
    expected,
    gateway,
    host,
    panel,
    tab,
    tickets,
  }) => {
    expected.push(/./);
    await host("plain");
    await panel.open();
    await panel.click(".foot button");
    await panel.fill("#box", "Written while nothing answers");
    await panel.shows("#add-file", "Add a file");
    await gateway.stop();
    await panel.press("Send");
    await panel.shows("h2", "Not sent yet");
    await gateway.start();
    await tab.reload();
    await expect.poll(async () => (await tickets()).length).toBe(1);
    expect(await tickets()).toMatchObject([{ message: "Written while nothing answers" }]);
    await expect
      .poll(() => tab.evaluate(async () => (await /** @type {any} */ (window).deskbell("status")).queued))
      .toBe(0);
    expect(await tickets()).toHaveLength(1);
  });

  test("sends with the plain form without WebAssembly", async ({ expected, host, panel, tickets }) => {
    expected.push(/wasm|WebAssembly/i);
    await host("nowasm", { csp: WITHOUT_WASM });
    await panel.open();
    await panel.fill("#box", "By the plain form");
    await panel.press("Send");
    const reference = await panel.received();
    expect(await tickets()).toMatchObject([
      { reference, message: "By the plain form", client: { name: "deskbell-plain" } },
    ]);
  });

  test("sends under the strictest policy", async ({ host, panel, tickets }) => {
    await host("strict", { csp: STRICT });
    await panel.open();
    await panel.search("change my plan pm_4021");
    await panel.click(".hit", "Payment provider did not confirm");
    await panel.shows(".answer", /./);
    await panel.press("Still need help");
    await panel.click("#bug");
    await panel.press("Send");
    const reference = await panel.received();
    expect(await tickets()).toMatchObject([{ reference, kind: "bug" }]);
  });
};
