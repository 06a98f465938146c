import { expect, test } from "../deskbell.js";

// The widget loads late, on the same page or on the next, and takes over from the plain form.

test.beforeEach(({ trouble }) => trouble.expect(/Failed to load resource|ERR_CONNECTION|ERR_FAILED|CORS policy/));

/** Blocks the widget until the returned function is called. @param {import("@playwright/test").Page} page */
const blockWidget = async (page) => {
  await page.route("**/widget.wasm", (route) => route.abort());
  return () => page.unroute("**/widget.wasm");
};

/**
 * Drops every response to a ticket until `restore` is called. Collects the keys and bodies that were sent.
 * @param {import("@playwright/test").Page} page
 */
const dropResponses = async (page) => {
  /** @type {Set<string>} */
  const submissions = new Set();
  let isDropping = true;
  await page.route("**/tickets", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    submissions.add(`${route.request().headers()["idempotency-key"]} ${route.request().postData()}`);
    if (!isDropping) return route.continue();
    await route.fetch();
    return route.abort();
  });
  return { submissions, restore: () => (isDropping = false) };
};

for (const target of ["the same page", "another page"]) {
  test(`sends a submission of the plain form once, on ${target}`, async ({ host, page, panel, tickets }) => {
    await host({ folder: "plain" });
    const unblock = await blockWidget(page);
    const { submissions, restore } = await dropResponses(page);
    await page.getByRole("button", { name: "Open help" }).click();
    await panel.box.fill("sent while nobody knew");
    await panel.button("Send").click();
    await expect(panel.button("Try again")).toBeVisible();
    await unblock();
    await page.keyboard.press("Escape");
    if (target === "another page") await page.reload();
    await page.getByRole("button", { name: "Open help" }).click();
    await panel.ready();
    await expect(panel.box).toHaveValue("");
    await expect(panel.box).toBeEditable();
    await panel.button(/not sent yet/).click();
    await expect(panel.root.getByText("sent while nobody knew")).toBeVisible();
    restore();
    await panel.again();
    const reference = await panel.received();
    expect(submissions.size, "the same bytes with the same key").toBe(1);
    expect(await tickets()).toMatchObject([{ reference, message: "sent while nobody knew" }]);
    const keys = await page.evaluate(() => Object.keys(localStorage).filter((name) => /plain/.test(name)));
    expect(keys).toEqual([]);
  });
}

test("continues a draft of the plain form", async ({ host, page, panel, tickets }) => {
  await host({ folder: "plain" });
  const unblock = await blockWidget(page);
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.button("Send")).toBeVisible();
  await panel.box.fill("begun in the plain form");
  await unblock();
  await page.reload();
  await panel.open();
  await expect(panel.box).toHaveValue("begun in the plain form");
  await panel.toTicket();
  await panel.send();
  await page.reload();
  await panel.open();
  await expect(panel.box).toHaveValue("");
  expect(await tickets()).toMatchObject([{ message: "begun in the plain form" }]);
});
