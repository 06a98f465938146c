import { readFile } from "node:fs/promises";
import { expect, test } from "../deskbell.js";

// The snippet of the README, as it is written there.

/** @typedef {any} Any */

const snippet = async () => {
  const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  const match = readme.match(/```html\n(<script>\n  \/\/ Commands wait[^]*?<\/script>)\n```/)?.[1];
  expect(match, "the README has the snippet").toBeTruthy();
  return /** @type {string} */ (match);
};

const EARLY = `<script>
  const early = deskbell("status").then((status) => status.version, (error) => error.message);
</script>`;
const TAG = '<script async crossorigin src="{{gateway}}/deskbell.js" data-site="demo"></script>';

test("runs commands that were called before the script has loaded", async ({ host, page }) => {
  await host({ fill: { head: (await snippet()) + EARLY + TAG } });
  expect(await page.evaluate("early")).toMatch(/^\d+\.\d+/);
  expect(await page.evaluate(() => /** @type {Any} */ (window).deskbell.version)).toMatch(/^\d+\.\d+/);
});

test("rejects queued and later commands if the script is blocked", async ({ host, page, trouble }) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await page.route("**/deskbell.js", (route) => route.abort());
  await page.addInitScript(() =>
    addEventListener("unhandledrejection", () => (document.documentElement.dataset.unhandled = "true")),
  );
  await host({ fill: { head: (await snippet()) + EARLY + TAG } });
  expect(await page.evaluate("early")).toBe("deskbell.js could not be loaded");
  const message = await page.evaluate(() =>
    /** @type {Any} */ (window).deskbell("open").catch((/** @type {Any} */ error) => error.message),
  );
  expect(message).toBe("deskbell.js could not be loaded");
  await page.evaluate(async () => {
    /** @type {Any} */ (window).deskbell("close");
    await new Promise((done) => setTimeout(done));
  });
  await expect(page.locator("html")).not.toHaveAttribute("data-unhandled", "true");
});
