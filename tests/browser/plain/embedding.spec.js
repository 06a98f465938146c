import { expect, expectAccessible, test } from "../deskbell.js";

// How pages can embed the panel, and what they do to it afterwards.

/** @param {import("@playwright/test").Page} page */
const waitForLoader = (page) => page.waitForFunction(() => /** @type {any} */ (window).deskbell.version);

test("the panel can be used above a modal dialog of the page", async ({ host, page, panel, tickets }) => {
  await host();
  await waitForLoader(page);
  await page.locator("#modal").evaluate((/** @type {HTMLDialogElement} */ modal) => modal.showModal());
  const help = page.getByRole("button", { name: "Help in the dialog" });
  await help.click();
  await panel.ready();
  await expect(panel.box).toBeFocused();
  await page.keyboard.type("in a dialog");
  await panel.toTicket();
  await panel.send();
  await panel.button("Done").click();
  await expect(panel.dialog).toBeHidden();
  await expect(page.locator("#modal")).toBeVisible();
  await expect(help).toBeFocused();
  expect(await tickets()).toMatchObject([{ message: "in a dialog" }]);
});

test("the panel moves above a modal dialog when help is opened from it", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("before the dialog");
  await page.locator("#modal").evaluate((/** @type {HTMLDialogElement} */ modal) => modal.showModal());
  await page.getByRole("button", { name: "Help in the dialog" }).click();
  await expect(panel.box).toBeFocused();
  await page.keyboard.press("End");
  await page.keyboard.type(" and in it");
  await expect(panel.box).toHaveValue("before the dialog and in it");
});

test("a page with two tags gets one panel with the settings of the first", async ({ host, page, panel }) => {
  await host({ fill: { head: '<script src="{{gateway}}/deskbell.js" data-site="demo" data-lang="ar"></script>' } });
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.button("إرسال تذكرة")).toBeVisible();
  await expect(panel.root).toHaveCount(1);
  await expect(panel.root.locator("dialog")).toHaveCount(1);
});

test("keeps the panel, its text and its triggers when the page swaps its body", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.box.fill("over the swap");
  await page.evaluate(() => {
    const body = document.createElement("body");
    const button = Object.assign(document.createElement("button"), { textContent: "New help" });
    button.setAttribute("data-deskbell-open", "");
    body.append(button);
    document.body.replaceWith(body);
  });
  await expect(panel.box).toBeVisible();
  await expect(panel.box).toHaveValue("over the swap");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "New help" }).click();
  await panel.toTicket();
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "over the swap" }]);
});

test("restores an element that the page removed when help is opened", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("thrown away");
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.querySelector("deskbell-panel")?.remove());
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toBeFocused();
  await expect(panel.box).toHaveValue("thrown away");
});

test("data-mount shows the panel inside its container", async ({ host, page, panel, tickets }) => {
  await host({
    fill: {
      attributes: 'data-mount="#side"',
      body: '<aside id="side" aria-label="Help panel"></aside><a href="#after">After</a>',
    },
  });
  await panel.open();
  expect(await page.locator("#side > deskbell-panel").count()).toBe(1);
  const { modal, popover } = await panel.dialog.evaluate((dialog) => ({
    modal: dialog.matches(":modal"),
    popover: dialog.matches(":popover-open"),
  }));
  expect({ modal, popover }).toEqual({ modal: false, popover: false });
  // Both at once, because the panel grows when its suggestions arrive.
  const isInside = await panel.dialog.evaluate((dialog) => {
    const [outer, inner] = [document.querySelector("#side"), dialog].map((element) => element?.getBoundingClientRect());
    return outer && inner && inner.y >= outer.y && inner.height <= outer.height + 1;
  });
  expect(isInside, "the panel is inside its container").toBe(true);
  await panel.sendTicket("inline");
  await expectAccessible(page);
  expect(await tickets()).toMatchObject([{ message: "inline" }]);
});

test("data-launcher adds a round button", async ({ host, page, panel }) => {
  await host({ fill: { attributes: "data-launcher" } });
  const launcher = panel.root.getByRole("button", { name: "Help", exact: true });
  await expect(launcher).toBeInViewport({ ratio: 1 });
  await expectAccessible(page);
  await launcher.click();
  await panel.ready();
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await expect(launcher).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(panel.box).toBeFocused();
});

test("data-trigger makes matching elements open the panel, including later ones", async ({ host, page, panel }) => {
  await host({ fill: { attributes: 'data-trigger=".support"' } });
  await waitForLoader(page);
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.root).toHaveCount(0);
  await page.evaluate(() => {
    const link = Object.assign(document.createElement("a"), { href: "/support", className: "support" });
    link.append(Object.assign(document.createElement("b"), { textContent: "Support" }));
    // Like frameworks whose handlers stop the events that they handle.
    link.addEventListener("click", (event) => event.stopPropagation());
    document.body.append(link);
  });
  const before = page.url();
  await page.getByText("Support").click();
  await expect(panel.box).toBeFocused();
  expect(page.url()).toBe(before);
});

test("returns the focus to the menu's button when the menu is closed", async ({ host, page, panel }) => {
  await host({
    fill: {
      body: `<button id="menu-button" popovertarget="menu">Menu</button>
        <div id="menu" popover><button data-deskbell-open id="entry">Help entry</button></div>
        <script>document.getElementById("entry").addEventListener("click", () => document.getElementById("menu").hidePopover())</script>`,
    },
  });
  await waitForLoader(page);
  await page.getByRole("button", { name: "Menu" }).press("Enter");
  await page.getByRole("button", { name: "Help entry" }).press("Enter");
  await panel.ready();
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Menu" })).toBeFocused();
});

test("uses a language that the page declares late", async ({ host, page, panel }) => {
  await host();
  await waitForLoader(page);
  await page.evaluate(() => (document.documentElement.lang = "ar"));
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.button("إرسال تذكرة")).toBeVisible();
  await expect(panel.dialog).toHaveCSS("direction", "rtl");
});

test("warns once about each invalid attribute, and still opens help", async ({ host, page, panel }) => {
  /** @type {string[]} */
  const warnings = [];
  page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
  await host({
    fill: {
      attributes: 'data-trigger="#help{" data-mount="::place(" data-gateway="http://"',
      body: '<a href="#deskbell=ticket&kind=bug">Report</a><form><input name="matches" aria-label="Field" /></form>',
    },
  });
  await waitForLoader(page);
  for (const name of ["Open help", "Break"]) await page.getByRole("button", { name }).hover();
  await page.getByLabel("Field").click();
  await page.getByRole("link", { name: "Report" }).click();
  await expect(panel.kind("bug")).toBeChecked();
  await panel.button("Close").click();
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toBeFocused();
  expect(warnings.map((text) => text.replace(/.*deskbell: /, "").replace(/, such as.*/, "")).sort()).toEqual([
    'data-gateway: "http://" is not an address',
    'data-mount: "::place(" is not a CSS selector',
    'data-trigger: "#help{" is not a CSS selector',
  ]);
});

test("emits one event when the widget fails to load, and tries again when the panel is opened", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  let attempts = 0;
  await page.route("**/widget.wasm", (route) => (attempts++, route.abort()));
  await host();
  await waitForLoader(page);
  await page.evaluate(() => {
    const causes = /** @type {any} */ (window.failed = []);
    /** @type {any} */ (window).deskbell("on", "failed", (/** @type {any} */ { cause }) => causes.push(cause));
  });
  const causes = () => page.evaluate(() => /** @type {any} */ (window).failed);
  /** Moves over the trigger and away. */
  const hoverTriggers = async () => {
    for (const name of ["Open help", "Break"]) await page.getByRole("button", { name }).hover();
  };
  await hoverTriggers();
  await expect.poll(causes).toEqual(["load"]);
  for (let times = 0; times < 10; times++) await hoverTriggers();
  expect(attempts).toBe(1);
  await page.getByRole("button", { name: "Open help" }).click();
  await expect.poll(() => attempts).toBe(2);
  await expect(panel.root.getByText(/^This is the simple form/)).toBeVisible();
  await page.evaluate(() => /** @type {any} */ (window).deskbell("close"));
  expect(await causes()).toEqual(["load"]);
  await page.unroute("**/widget.wasm");
  await panel.open();
});

test("fetches files from one folder that is named after their content, and caches them forever", async ({
  host,
  page,
  panel,
  gateway,
}) => {
  /** @type {Set<string>} */
  const folders = new Set();
  page.on("response", (response) => {
    const [, folder] = response.url().match(/\/(deskbell-[^/]+)\//) ?? [];
    if (response.url().startsWith(gateway.url) && folder)
      folders.add(`${folder} ${response.headers()["cache-control"]}`);
  });
  await host();
  await panel.open();
  await panel.sendTicket("from one folder");
  expect([...folders]).toEqual([expect.stringMatching(/^deskbell-[0-9a-f]{16} public, max-age=31536000, immutable$/)]);
});
