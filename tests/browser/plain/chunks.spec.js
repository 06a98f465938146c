import { expect, test } from "../deskbell.js";

// Chunks of the program that are missing or broken: the form keeps working, and the next use tries again.

test.beforeEach(({ trouble }) => trouble.expect(/Failed to load resource|ERR_FAILED|ERR_CONTENT|integrity|net::/i));

/** @type {Record<string, (route: import("@playwright/test").Route) => Promise<void>>} */
const BROKEN = {
  missing: (route) => route.fulfill({ status: 404, body: "gone" }),
  "cut off": async (route) => {
    const { body, headers } = await served(route);
    await route.fulfill({ headers, body: body.subarray(0, body.length / 2) });
  },
  "tampered with": async (route) => {
    const { body, headers } = await served(route);
    body[body.length - 1] ^= 1;
    await route.fulfill({ headers, body });
  },
  unreachable: (route) => route.abort(),
};

/** The gateway's response, without the headers that describe its compressed form. @param {import("@playwright/test").Route} route */
const served = async (route) => {
  const response = await route.fetch();
  const { "content-encoding": _, "content-length": __, ...headers } = response.headers();
  return { body: await response.body(), headers };
};

/**
 * Responds to requests for a file in another way, until the returned function is called.
 * @param {import("@playwright/test").Page} page @param {string} file @param {(route: import("@playwright/test").Route) => Promise<void>} answer
 */
const broken = async (page, file, answer) => {
  let mended = false;
  await page.route(`**/${file}`, (route) => (mended ? route.continue() : answer(route)));
  return () => (mended = true);
};

for (const [how, answer] of Object.entries(BROKEN)) {
  test(`sends nothing typed while the chunk that redacts is ${how}, and sends the ticket once it loads`, async ({
    host,
    page,
    panel,
    tickets,
  }) => {
    const mend = await broken(page, "context.wasm", answer);
    /** @type {string[]} */
    const searches = [];
    page.on("request", (request) => request.url().includes("asked=typed") && searches.push(request.url()));
    await host();
    await panel.open();
    await panel.box.fill("export chart");
    await panel.toTicket();
    await panel.button("Send").click();
    await expect(panel.alert).toContainText("We couldn't reach support.");
    await expect(panel.box).toHaveValue("export chart");
    await expect(panel.box).toBeEditable();
    expect(searches).toEqual([]);
    mend();
    // The next press may still meet an attempt that began before.
    await expect(async () => {
      if (await panel.button("Send").isVisible()) await panel.button("Send").click();
      await expect(panel.reference).toBeVisible({ timeout: 8000 });
    }).toPass();
    expect(await tickets()).toMatchObject([{ message: "export chart" }]);
  });

  test(`returns to the form while the chunk of a screen is ${how}, and opens the screen on the next try`, async ({
    host,
    page,
    panel,
  }) => {
    const mend = await broken(page, "screens.wasm", answer);
    await host();
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("typed before");
    await panel.button("Review").click();
    await expect(panel.live).toContainText("We couldn't reach support.");
    await expect(panel.severity).toBeVisible();
    await expect(panel.box).toHaveValue("typed before");
    mend();
    await panel.button("Review").click();
    await expect(panel.root.locator("#sends section").first()).toBeVisible();
  });
}

test("fetches a chunk once that several parts need", async ({ host, page, panel, gateway }) => {
  await gateway.stop();
  await gateway.start('[sites.demo]\norigins = ["*"]\n[sites.demo.panel]\nconsent = true\n');
  /** @type {string[]} */
  const fetched = [];
  page.on("request", (request) => request.url().endsWith(".wasm") && fetched.push(new URL(request.url()).pathname));
  await host();
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hit("Export chart fails").click();
  await expect(panel.answers.first()).toBeVisible();
  await panel.button("Still need help").click();
  await panel.button("Review").click();
  await expect(panel.root.locator("#sends section").first()).toBeVisible();
  expect(fetched.map((path) => path.split("/").pop()).sort()).toEqual([
    "attachments.wasm",
    "context.wasm",
    "screens.wasm",
    "widget.wasm",
  ]);
});
