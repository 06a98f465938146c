import { expect, test } from "../deskbell.js";

// A ticket carries the snapshot of the page at the first letter.

test.beforeEach(({ trouble }) => trouble.expect(/broken \d|refused \d/));

/** @param {import("@playwright/test").Page} page @param {string} path */
const navigate = (page, path) =>
  page.evaluate((path) => {
    history.pushState(null, "", path);
    document.title = `The page at ${path}`;
  }, path);

/** @param {import("@playwright/test").Page} page @param {string} name @param {unknown[]} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

test("takes the snapshot at the first letter, even before the widget has loaded", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await page.route("**/widget.wasm", async (route) => {
    await gate;
    await route.continue();
  });
  let release = () => {};
  const gate = new Promise((done) => (release = () => done(undefined)));

  const site = await host();
  await page.getByRole("button", { name: "Break", exact: true }).click();
  await page.getByRole("button", { name: "Break", exact: true }).click();
  await navigate(page, "/orders/7");
  await command(page, "set", { release: "1" });
  await page.getByRole("button", { name: "Open help" }).click();
  await page.keyboard.type("i");

  await page.getByRole("button", { name: "Break", exact: true }).click();
  await page.evaluate(() => void Promise.reject(new Error("refused 1")));
  await navigate(page, "/somewhere/else");
  await command(page, "set", { release: "2" });
  release();
  await panel.ready();
  await panel.box.press("End");
  await page.keyboard.type("t broke");
  await panel.toTicket();
  await page.getByRole("button", { name: "Break", exact: true }).click();
  await panel.send();

  const [{ context, message }] = await tickets();
  expect(message).toBe("it broke");
  expect(context.page).toMatchObject({ url: `${site.url}/orders/7`, title: "The page at /orders/7" });
  expect(context.application).toEqual({ release: "1" });
  expect(context.errors.map((/** @type {any} */ error) => error.message)).toEqual(["broken 1", "broken 2"]);
  expect(context.errors[0]).toMatchObject({ name: "RangeError", source: "error" });
  expect(context.errors[0].location).toContain("/host.js:");
  expect(context.errors[0].stack).toContain("RangeError: broken 1");
});

test("drops the snapshot when the box is emptied, and takes another at the next letter", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  const site = await host();
  await panel.open();
  await page.keyboard.type("a");
  await navigate(page, "/later");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("b");
  await navigate(page, "/latest");
  await panel.toTicket();
  await panel.send();
  const [{ context }] = await tickets();
  expect(context.page.url).toBe(`${site.url}/later`);
});

test("takes a snapshot of its own for the next ticket", async ({ host, page, panel, tickets }) => {
  const site = await host();
  await panel.open();
  await panel.sendTicket("first");
  await panel.button("Done").click();
  await navigate(page, "/second");
  await panel.open();
  await panel.sendTicket("second");
  const urls = (await tickets()).map((ticket) => ticket.context.page.url);
  expect(urls).toEqual([`${site.url}/second`, `${site.url}/`]);
});

test("sends the page, the user, the device, the application, custom data and errors", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host({ path: "/start?tab=2#part" });
  await command(page, "set", { tenant: "t-9", flags: { beta: true }, cart: { items: 2 }, gone: "x" });
  await command(page, "set", { gone: null });
  await page.evaluate(() => void Promise.reject(new TypeError("refused 2")));
  await page.evaluate(() => /** @type {any} */ (window).deskbell("capture", new SyntaxError("caught by the page")));
  await panel.open();
  await panel.sendTicket("all of it");
  const [{ context, locale, client }] = await tickets();
  const { url, viewport, zone, userAgent, languages } = await page.evaluate(() => ({
    url: location.href,
    viewport: `${innerWidth}x${innerHeight}`,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    userAgent: navigator.userAgent,
    languages: navigator.languages.join(", "),
  }));
  expect(context.page).toMatchObject({ url, title: "An ordinary page" });
  expect(context.user).toMatchObject({
    id: "u-1",
    name: "Ada Host",
    email: "ada@host.example",
    plan: "team",
    organization: { id: "o-1", name: "Host Ltd" },
    verified: false,
  });
  expect(context.device).toMatchObject({
    viewport,
    time_zone: zone,
    user_agent: userAgent,
    languages,
    theme: "light",
    online: true,
    storage: true,
    cookies: true,
  });
  expect(context.device.browser).toMatch(/^Chromium \d+/);
  expect(context.application).toEqual({ tenant: "t-9", flags: { beta: "true" } });
  expect(context.page_values).toEqual({ cart: '{"items":2}' });
  expect(context.errors.map((/** @type {any} */ error) => [error.source, error.name, error.message])).toEqual([
    ["rejection", "TypeError", "refused 2"],
    ["captured", "SyntaxError", "caught by the page"],
  ]);
  expect(locale).toBe("en");
  expect(client.name).toBe("deskbell");
});
