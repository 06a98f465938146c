import { expect, test } from "../deskbell.js";

// Chunks of the program that are missing or broken: the form keeps working, and the next use tries again.

test.beforeEach(({ trouble }) => trouble.expect(/Failed to load resource|ERR_FAILED|ERR_CONTENT|integrity|net::/i));

/** @type {Record<string, (route: import("@playwright/test").Route) => Promise<void>>} */
const BROKEN = {
  missing: (route) => route.fulfill({ status: 404, body: "gone" }),
  "cut off": async (route) => {
    const { body, headers } = await fetchOriginal(route);
    await route.fulfill({ headers, body: body.subarray(0, body.length / 2) });
  },
  "tampered with": async (route) => {
    const { body, headers } = await fetchOriginal(route);
    body[body.length - 1] ^= 1;
    await route.fulfill({ headers, body });
  },
  unreachable: (route) => route.abort(),
};

/** The gateway's response, without the headers that describe its compressed form. @param {import("@playwright/test").Route} route */
const fetchOriginal = async (route) => {
  const response = await route.fetch();
  const { "content-encoding": _, "content-length": __, ...headers } = response.headers();
  return { body: await response.body(), headers };
};

/**
 * Responds to requests for a file in another way, until the returned function is called.
 * @param {import("@playwright/test").Page} page @param {string} file @param {(route: import("@playwright/test").Route) => Promise<void>} answer
 */
const breakFile = async (page, file, answer) => {
  let isFixed = false;
  await page.route(`**/${file}`, (route) => (isFixed ? route.continue() : answer(route)));
  return () => (isFixed = true);
};

for (const [fault, answer] of Object.entries(BROKEN)) {
  test(`sends nothing typed while the chunk that redacts is ${fault}, and sends the ticket once it loads`, async ({
    host,
    page,
    panel,
    tickets,
  }) => {
    const fix = await breakFile(page, "context.wasm", answer);
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
    fix();
    // The next press may still meet an attempt that began before.
    await expect(async () => {
      if (await panel.button("Send").isVisible()) await panel.button("Send").click();
      await expect(panel.reference).toBeVisible({ timeout: 8000 });
    }).toPass();
    expect(await tickets()).toMatchObject([{ message: "export chart" }]);
  });

  test(`returns to the form while the chunk of a screen is ${fault}, and opens the screen on the next try`, async ({
    host,
    page,
    panel,
  }) => {
    const fix = await breakFile(page, "screens.wasm", answer);
    await host();
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("typed before");
    await panel.button("Review").click();
    await expect(panel.live).toContainText("We couldn't reach support.");
    await expect(panel.severity).toBeVisible();
    await expect(panel.box).toHaveValue("typed before");
    fix();
    await panel.button("Review").click();
    await expect(panel.root.locator("#sends section").first()).toBeVisible();
  });
}

test("fetches a chunk once that several parts need", async ({ host, page, panel, gateway }) => {
  await gateway.stop();
  await gateway.start('[sites.demo]\norigins = ["*"]\n[sites.demo.panel]\nconsent = true\n');
  /** @type {string[]} */
  const paths = [];
  page.on("request", (request) => request.url().endsWith(".wasm") && paths.push(new URL(request.url()).pathname));
  await host();
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hit("Export chart fails").click();
  await expect(panel.answers.first()).toBeVisible();
  await panel.button("Still need help").click();
  await panel.button("Review").click();
  await expect(panel.root.locator("#sends section").first()).toBeVisible();
  expect(paths.map((path) => path.split("/").pop()).sort()).toEqual([
    "attachments.wasm",
    "context.wasm",
    "screens.wasm",
    "widget.wasm",
  ]);
});
