import { expect, test } from "../deskbell.js";

// A page for tests: its tickets are marked as tests, and what it shows and searches for is not counted.

const QUEUE =
  "window.deskbell ||= (...a) => { const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n])); p.catch(() => {}); return p };";

/** @type {Record<string, {folder?: string, fill: Record<string, string>}>} */
const variants = {
  "an attribute": { fill: { attributes: 'data-env="test"' } },
  configure: { fill: { head: `<script>${QUEUE}deskbell("configure", { env: "test" });</script>` } },
  "a global": { fill: { head: '<script>window.deskbellSettings = { env: "test" };</script>' } },
  "the script's URL": {
    folder: "bare",
    fill: { head: '<script crossorigin src="{{gateway}}/deskbell.js?site=demo&env=test"></script>' },
  },
};

for (const [name, options] of Object.entries(variants))
  test(`marks tickets as tests and counts nothing if ${name} says so`, async ({
    host,
    page,
    panel,
    tickets,
    inbox,
  }) => {
    /** @type {string[]} */
    const urls = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname.endsWith("/events") || searchParams.get("visit")) urls.push(request.url());
    });
    await host({ ...options, path: "/?signed-out" });
    await panel.open();
    await panel.box.focus();
    await panel.search("export");
    await panel.toTicket();
    await panel.box.fill("I try it out");
    await panel.name.fill("Ada");
    await panel.email.fill("ada@example.com");
    const reference = await panel.send();
    expect(await tickets()).toMatchObject([{ reference, message: "I try it out", test: true }]);
    expect(urls).toEqual([]);
    await expect((await inbox(reference)).getByText("Test", { exact: true })).toBeVisible();
  });

test("keeps the mark of an unsent ticket, and of a rejected one that is corrected", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/Failed to load resource|ERR_FAILED/);
  await host({ fill: { attributes: 'data-env="test"' } });
  await page.route("**/tickets", (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("offline");
  await panel.button("Send").click();
  await expect(panel.button("Try again")).toBeVisible();
  await page.unroute("**/tickets");
  await page.reload();
  await expect
    .poll(async () => (await tickets()).map(({ message, test }) => [message, test]))
    .toEqual([["offline", true]]);

  const problem = { title: "No", status: 422, code: "invalid_ticket", errors: [] };
  await page.route("**/tickets", (route) =>
    route.request().method() === "POST"
      ? route.fulfill({ status: 422, contentType: "application/problem+json", body: JSON.stringify(problem) })
      : route.continue(),
  );
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("refused");
  await panel.button("Send").click();
  await expect(panel.alert.first()).toContainText("No");
  await page.unroute("**/tickets");
  await panel.box.fill("mended");
  await panel.send();
  expect(await tickets()).toMatchObject([
    { message: "mended", test: true },
    { message: "offline", test: true },
  ]);
});

for (const [value, warns] of /** @type {const} */ ([
  ["production", false],
  ["", false],
  ["staging", true],
  ["Test", true],
]))
  test(`data-env="${value}" counts as production${warns ? ", with a warning" : ""}`, async ({
    host,
    page,
    panel,
    tickets,
  }) => {
    /** @type {string[]} */
    const warnings = [];
    page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
    await host({ fill: { attributes: `data-env="${value}"` } });
    await panel.open();
    await panel.sendTicket("a real one");
    const [ticket] = await tickets();
    expect(ticket).not.toHaveProperty("test");
    expect(warnings.filter((text) => text.includes("data-env"))).toEqual(
      warns ? [`deskbell: data-env: "${value}" is not test or production`] : [],
    );
  });
