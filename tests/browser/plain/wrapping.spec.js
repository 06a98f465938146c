import { readFile } from "node:fs/promises";
import { expect, test } from "../deskbell.js";
import { answer, outcomes } from "../uses.js";

// Functions that the recorder wraps behave as they do without it.

test.beforeEach(({ trouble }) => trouble.expect(/./));

for (const off of [false, true])
  test(`requests, history and console behave as without the recorder${off ? ", switched off" : ""}`, async ({
    host,
    page,
  }) => {
    await page.route("**/deskbell.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
    await host({ answer });
    const expected = await outcomes(page);
    await page.unroute("**/deskbell.js");
    await page.goto(new URL("/", page.url()).href);
    await page.waitForFunction(() => /** @type {any} */ (window).deskbell.version);
    if (off)
      await page.evaluate(() =>
        /** @type {any} */ (window).deskbell("configure", {
          context: { off: ["page", "requests", "errors", "breadcrumbs"] },
        }),
      );
    expect(await page.evaluate(() => fetch.name), "it is wrapped").toBe("fetch");
    expect(await page.evaluate(() => /native code/.test(`${fetch}`)), "it is wrapped").toBe(false);
    expect(await outcomes(page)).toEqual(expected);
  });

test("wraps nothing if the script was loaded without `crossorigin`, which would hide the page's own errors from it", async ({
  host,
  page,
}) => {
  const html = await readFile(new URL("index.html", import.meta.url), "utf8");
  await host({ answer, html: html.replace("crossorigin", "") });
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell.version);
  const native = () => [fetch, XMLHttpRequest.prototype.send, console.error].every((f) => /native code/.test(`${f}`));
  expect(await page.evaluate(native)).toBe(true);
});
