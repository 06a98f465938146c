import { expect, expectAccessible, test } from "../deskbell.js";

// The panel on a page of its own under a strict policy: any violation fails these tests automatically.

test("sends a signed-out customer's ticket with the link's `via`", async ({ page, gateway, panel, tickets }) => {
  await page.goto(`${gateway.url}/help/demo?deskbell=ticket&kind=bug&via=x`);
  await expect(panel.severity).toHaveValue("medium");
  await expectAccessible(page, "html");
  await panel.box.fill("I cannot log in");
  await panel.name.fill("Bo");
  await panel.email.fill("bo@example.com");
  const reference = await panel.send();
  expect(await tickets()).toMatchObject([{ reference, kind: "bug", via: "x", message: "I cannot log in" }]);
});

test("opens on Home without parameters, and again after it was closed", async ({ page, gateway, panel }) => {
  await page.goto(`${gateway.url}/help/demo`);
  await panel.ready();
  await panel.button("Close").click();
  await expect(panel.dialog).toBeHidden();
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await panel.ready();
});

test.describe("in German, on a phone", () => {
  test.use({ locale: "de-DE", viewport: { width: 360, height: 640 } });

  test("uses the visitor's language", async ({ page, gateway, panel }) => {
    await page.goto(`${gateway.url}/help/demo`);
    await expect(panel.title).toHaveText("Hilfe");
    await expectAccessible(page, "html");
  });
});

test("answers 404 for an unknown site", async ({ page, gateway, trouble }) => {
  trouble.expect(/404/);
  const answer = await page.goto(`${gateway.url}/help/%3Cscript%3E`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByText("There is no help page with this name.")).toBeVisible();
});
