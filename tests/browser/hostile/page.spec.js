import { expect, test } from "../deskbell.js";

// Pages that break standard globals. The panel works or says that it cannot, and the page is never affected.

/** What a page can break without breaking the widget. @type {Record<string, string>} */
const WORKS = {
  "Array.prototype.toJSON": "Array.prototype.toJSON = function () { return String(this) }",
  "an enumerable property of Object.prototype": "Object.prototype.extra = 'x'",
  "an old polyfill in place of Array.from":
    "Array.from = (list, map) => Array.prototype.map.call(list, map ?? ((item) => item))",
  "a subclass in place of Promise": "window.Promise = class extends Promise {}",
  "no FinalizationRegistry": "delete window.FinalizationRegistry",
  "a wrapped fetch": "const f = window.fetch; window.fetch = async (...a) => f(...a)",
  "forbidden storage":
    "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })",
  "a form named body":
    "addEventListener('DOMContentLoaded', () => document.body.append(Object.assign(document.createElement('form'), { name: 'body' })))",
};

for (const [change, script] of Object.entries(WORKS)) {
  test(`works with ${change}`, async ({ host, panel, tickets }) => {
    await host({ fill: { head: `<script>{ ${script} }</script>` } });
    await panel.open();
    await panel.box.fill("export chart");
    await expect(panel.hit("Export chart fails")).toBeVisible();
    await panel.toTicket();
    await panel.name.fill("Ada");
    await panel.email.fill("ada@example.org");
    const reference = await panel.send();
    expect(await tickets()).toMatchObject([{ reference, message: "export chart", contact: { name: "Ada" } }]);
  });
}

/** What a page can break so that the widget cannot run. @type {Record<string, {head?: string, body?: string}>} */
const FALLS_BACK = {
  "an image named createElement": { body: "<img name=createElement alt=x>" },
  "an image named createTextNode": { body: "<img name=createTextNode alt=x>" },
  "a replaced Window": { head: "<script>window.Window = function () {}</script>" },
  "a replaced Reflect": { head: "<script>window.Reflect = {}</script>" },
};

for (const [change, fill] of Object.entries(FALLS_BACK)) {
  test(`falls back to the plain form with ${change}`, async ({ host, page, panel, tickets }) => {
    await host({ fill });
    await page.getByRole("button", { name: "Open help" }).click();
    await expect(panel.box).toBeFocused();
    await page.keyboard.type("still mine");
    await expect(panel.root.getByText("This is the simple form.")).toBeVisible();
    await expect(panel.box).toHaveValue("still mine");
    const status = await page.evaluate(() => /** @type {any} */ (window).deskbell("status"));
    expect(status).toMatchObject({ available: false, reason: "globals" });
    await panel.name.fill("Ada");
    await panel.email.fill("ada@host.example");
    await panel.send();
    expect(await tickets()).toMatchObject([{ message: "still mine" }]);
    await page.keyboard.press("Escape");
    await expect(panel.dialog).toBeHidden();
  });
}

test("replaces the widget by the plain form after a panic, keeps the text, and emits an event", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.box.fill("x");
  await page.evaluate(() => {
    const win = /** @type {any} */ (window);
    win.failed = [];
    win.deskbell("on", "failed", (/** @type {any} */ detail) => win.failed.push(detail.cause));
    // A function that the widget needs for the form fails once; the panic is real. The loader's scripts go
    // on: they may be creating something of their own just then.
    const real = Document.prototype.createElement;
    Document.prototype.createElement = function (/** @type {string} */ name) {
      if (!new Error().stack?.includes("wasm")) return real.call(this, name);
      Document.prototype.createElement = real;
      throw new Error("the page says no");
    };
  });
  await panel.ticketButton.click();
  await expect(panel.root.getByText("This is the simple form.")).toBeVisible();
  await expect(panel.box).toHaveValue("x");
  await expect(panel.box).toBeEditable();
  await panel.box.fill("typed before the panic, and after it");
  await expect(panel.root.locator(".foot")).toHaveCount(0);
  expect(await page.evaluate(() => /** @type {any} */ (window).failed)).toEqual(["crashed"]);

  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toHaveValue("typed before the panic, and after it");
  await panel.name.fill("Ada");
  await panel.email.fill("ada@host.example");
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "typed before the panic, and after it" }]);
});
