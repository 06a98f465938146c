import { launch } from "../chromium.js";
import { expect, test } from "./studio.js";

test.use({ launchOptions: { ...launch, args: [...launch.args, "--auto-reject-this-tab-capture"] } });

/** @typedef {any} Any */

test("yields neither picture nor error if the customer declines, and shows the panel again", async ({
  page,
  panel,
  studio,
}) => {
  await studio.open();
  await page.keyboard.type("Half written");
  await studio.begin();
  expect(await studio.outcome()).toBeNull();
  await expect(studio.editor).toHaveCount(0);
  await expect(panel.dialog).toHaveCSS("opacity", "1");
  await expect(panel.box).toBeFocused();
});

test("reports a browser that cannot capture, and offers no screenshot again", async ({ page, panel, studio }) => {
  await studio.open();
  await page.evaluate(() => {
    MediaDevices.prototype.getDisplayMedia = () => Promise.reject(new DOMException("no source", "NotReadableError"));
  });
  await studio.begin();
  expect(await studio.outcome()).toBe("refused");
  await expect(panel.dialog).toHaveCSS("opacity", "1");
  await page.evaluate(() => delete (/** @type {Any} */ (MediaDevices.prototype).getDisplayMedia));
  expect(await page.evaluate(() => /** @type {Any} */ (window).possible())).toBe(false);
});
