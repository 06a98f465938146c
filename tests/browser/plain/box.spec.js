import { expect, test } from "../deskbell.js";

// The box is painted before the widget has loaded, and stays the same element.

test("keeps text, caret, focus and undo when the widget arrives", async ({ host, page, panel }) => {
  const arrival = await holdWidget(page);
  await host();
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toBeFocused();
  const box = await panel.box.elementHandle();
  await box?.evaluate((node) => {
    node.addEventListener("blur", () => (node.dataset.blurs = "blurred"));
  });
  await page.keyboard.type("before after");
  for (let presses = 0; presses < "after".length; presses++) await page.keyboard.press("ArrowLeft");

  const typing = page.keyboard.type("while it comes ", { delay: 40 });
  arrival.release();
  await typing;
  await panel.ready();
  await page.keyboard.type("and ");
  await expect(panel.box).toBeFocused();
  await expect(panel.box).toHaveValue("before while it comes and after");

  const isSame = await panel.root.evaluate((host, node) => host.shadowRoot?.getElementById("box") === node, box);
  expect(isSame, "the element is the same").toBe(true);
  expect(await box?.evaluate((node) => node.dataset.blurs), "it was never blurred").toBeUndefined();
  await page.keyboard.press("Control+z");
  await expect(panel.box).not.toHaveValue("before while it comes and after");
  await page.keyboard.press("Control+Shift+z");
  await expect(panel.box).toHaveValue("before while it comes and after");

  await panel.toTicket();
  const isSameOnForm = await panel.root.evaluate((host, node) => host.shadowRoot?.getElementById("box") === node, box);
  expect(isSameOnForm, "the element is the same on the form").toBe(true);
  await expect(panel.box).toHaveValue("before while it comes and after");
  await expect(panel.box).toBeFocused();
});

test("searches for what was typed before the widget arrived", async ({ host, page, panel }) => {
  const arrival = await holdWidget(page);
  await host();
  await page.getByRole("button", { name: "Open help" }).click();
  await page.keyboard.type("export chart");
  arrival.release();
  await expect(panel.hit("Export chart fails")).toBeVisible();
});

test("shows the panel and focuses the box during the click itself", async ({ host, page, panel }) => {
  const arrival = await holdWidget(page);
  await host();
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell.version);
  const focusedId = await page.evaluate(() => {
    document.querySelector("button")?.click();
    return document.querySelector("deskbell-panel")?.shadowRoot?.activeElement?.id;
  });
  expect(focusedId).toBe("box");
  await expect(panel.box).toBeEditable();
  arrival.release();
  await panel.ready();
});

test("ignores a late response to a search that could not be aborted", async ({ host, page, panel }) => {
  await host({
    // A page that wraps fetch and drops the signal: requests cannot be aborted.
    fill: {
      head: "<script>{ const real = fetch; fetch = (url, init) => real(url, { ...init, signal: undefined }) }</script>",
    },
  });
  const gate = defer();
  await page.route("**/search?*", async (route) => {
    if (!route.request().url().endsWith("q=refresh")) return route.continue();
    await gate.promise;
    await route.continue();
  });
  await panel.open();
  const lateRequest = page.waitForRequest((request) => request.url().endsWith("q=refresh"));
  const lateResponse = page.waitForResponse((response) => response.url().endsWith("q=refresh"));
  await panel.box.fill("refresh");
  await lateRequest;
  await panel.box.fill("pm_4021");
  await expect(panel.hits.first()).toContainText("Payment provider did not confirm");
  gate.resolve();
  await (await lateResponse).finished();
  // The widget has handled a response when the page has painted twice after it.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await expect(panel.hit("Refresh data says")).toHaveCount(0);
  await expect(panel.hits.first()).toContainText("Payment provider did not confirm");
});

test("does not replace a hit while it is being pressed", async ({ host, page, panel }) => {
  await host();
  const gate = defer();
  await page.route("**/search?*", async (route) => {
    if (route.request().url().endsWith("q=pm_4021")) await gate.promise;
    await route.continue();
  });
  await panel.open();
  await panel.box.fill("refresh");
  await panel.hit("Refresh data says").hover();
  await page.mouse.down();
  const newResponse = page.waitForResponse((response) => response.url().endsWith("q=pm_4021"));
  await panel.box.evaluate((box) => {
    /** @type {HTMLTextAreaElement} */ (box).value = "pm_4021";
    box.dispatchEvent(new Event("input"));
  });
  gate.resolve();
  await (await newResponse).finished();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.mouse.up();
  await expect(panel.answers.first()).toContainText("Check tiles");
});

test("shows hits that came while one was pressed once it is released elsewhere", async ({ host, page, panel }) => {
  await host();
  const gate = defer();
  await page.route("**/search?*", async (route) => {
    if (route.request().url().endsWith("q=pm_4021")) await gate.promise;
    await route.continue();
  });
  await panel.open();
  await panel.box.fill("refresh");
  await panel.hit("Refresh data says").hover();
  await page.mouse.down();
  const newResponse = page.waitForResponse((response) => response.url().endsWith("q=pm_4021"));
  await panel.box.evaluate((box) => {
    /** @type {HTMLTextAreaElement} */ (box).value = "pm_4021";
    box.dispatchEvent(new Event("input"));
  });
  gate.resolve();
  await (await newResponse).finished();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await expect(panel.hit("Refresh data says")).toBeVisible();
  await page.mouse.move(2, 2);
  await page.mouse.up();
  await expect(panel.hits.first()).toContainText("Payment provider did not confirm");
});

/**
 * Holds the widget back until `release` is called.
 * @param {import("@playwright/test").Page} page
 */
async function holdWidget(page) {
  const gate = defer();
  await page.route("**/widget.wasm", async (route) => {
    await gate.promise;
    await route.continue();
  });
  return { release: gate.resolve };
}

function defer() {
  /** @type {() => void} */
  let resolve = () => {};
  const promise = new Promise((done) => (resolve = () => done(undefined)));
  return { promise, resolve };
}
