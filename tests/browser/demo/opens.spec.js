import { expect, expectAccessible, test } from "../deskbell.js";

test("the demo opens without an error", async ({ page, gateway }) => {
  await page.goto(gateway.url);
  await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell?.version);
  await expectAccessible(page, "body");
});
