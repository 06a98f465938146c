import { expect, test } from "../deskbell.js";

// "What we send" shows everything that leaves the page, and what is switched off is not in the request.

/** @typedef {any} Any */

/** For each group, a text that occurs only in its part of the request. */
const MARKS = /** @type {Record<string, string>} */ ({
  Page: "view-of-the-page",
  You: "ada@host.example",
  Application: "release-mark",
  "Browser and device": "Mozilla/5.0",
  "Errors · 2": "error-mark",
  "Failed and slow requests · 2": "request-mark",
  "Last steps": "button-mark",
  "Links to other tools · 2": "link-mark",
  "Custom data": "value-mark",
});

/** @type {import("../site.js").Options["answer"]} */
const answer = ({ url }, response) => url?.startsWith("/api/") && response.writeHead(503).end();

const BODY = `<button type="button" id="mark">button-mark</button>`;

/** @param {import("@playwright/test").Page} page @param {string} name @param {unknown[]} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

/** Gives the page content for every group. @param {import("@playwright/test").Page} page */
const fillContext = async (page) => {
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await command(page, "set", { release: "release-mark", cart: "value-mark" });
  await command(page, "configure", {
    context: {
      links: [
        { label: "Admin", url: "https://admin.example/link-mark/{user.id}" },
        { label: "Logs", url: "https://logs.example/other-link?in={release}" },
      ],
    },
  });
  await page.locator("#mark").click();
  for (const message of ["error-mark", "other-error"])
    await page.evaluate((message) => /** @type {Any} */ (window).deskbell("capture", new Error(message)), message);
  for (const path of ["/api/request-mark", "/api/other-request"]) await page.evaluate((path) => fetch(path), path);
};

/** Opens "What we send" from the page. @param {import("../panel.js").Panel} panel */
const openReview = async (panel) => {
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("It broke");
  await panel.button("Review").click();
  await expect(panel.title).toHaveText("What we send");
  await expect(panel.root.getByText("With your message")).toBeVisible();
};

/** @param {import("../panel.js").Panel} panel @param {string | RegExp} name */
const toggle = (panel, name) => panel.root.getByRole("switch", { name, exact: typeof name === "string" });

/** Goes back to the form and sends it; returns the bytes. @param {import("../panel.js").Panel} panel */
const send = async (panel) => {
  await panel.button("Back").click();
  const request = panel.page.waitForRequest(
    (request) => request.method() === "POST" && /\/tickets$/.test(request.url()),
  );
  await panel.button("Send").click();
  return (await request).postData() ?? "";
};

test.beforeEach(({ trouble }) => trouble.expect(/503/));

const groups = Object.keys(MARKS);
for (const [selection, off] of /** @type {const} */ ([
  ["groups at even positions", groups.filter((_, index) => index % 2 === 0)],
  ["groups at odd positions", groups.filter((_, index) => index % 2 === 1)],
]))
  test(`leaves ${selection} out of the request, and sends all others`, async ({ host, page, panel, tickets }) => {
    await host({ path: "/view-of-the-page", answer, fill: { body: BODY } });
    await fillContext(page);
    await openReview(panel);
    for (const name of groups) await expect(toggle(panel, name)).toBeChecked();
    for (const name of off) await toggle(panel, name).uncheck();
    await panel.button("Back").click();
    // A customer who withholds the user group has to give name and address.
    if (off.includes("You")) {
      await panel.name.fill("Somebody");
      await panel.email.fill("somebody@else.example");
    }
    await panel.button("Review").click();
    const body = await send(panel);
    await panel.received();
    // A link of the site contains the user, and is withheld with it.
    if (off.includes("You")) expect(body).not.toContain("u-1");
    else expect(body).not.toContain("other-link");
    for (const name of groups) expect(body.includes(MARKS[name] ?? ""), `${name} in ${body}`).toBe(!off.includes(name));
    const [{ context }] = await tickets();
    const withheld = context.withheld.map((/** @type {Any} */ entry) => entry.by);
    expect(withheld, "support knows that something was kept back").toHaveLength(off.length);
    expect(new Set(withheld)).toEqual(new Set(["customer"]));
  });

test("leaves out one error, one request and one link, and sends the others", async ({ host, page, panel, tickets }) => {
  await host({ answer, fill: { body: BODY } });
  await fillContext(page);
  await openReview(panel);
  for (const summary of await panel.root.locator("summary").all()) await summary.click();
  await toggle(panel, /error-mark/).uncheck();
  await toggle(panel, /request-mark/).uncheck();
  await toggle(panel, /link-mark|Admin/).uncheck();
  const body = await send(panel);
  await panel.received();
  expect(body).not.toMatch(/error-mark|request-mark|link-mark/);
  expect(body).toMatch(/other-error[^]*other-request[^]*other-link/);
  const [{ context }] = await tickets();
  expect(context.withheld).toEqual([
    { group: "errors", items: 1, by: "customer" },
    { group: "requests", items: 1, by: "customer" },
    { group: "links", items: 1, by: "customer" },
  ]);
});

test("does not announce the results of a search on the preview", async ({ host, page, panel }) => {
  await page.clock.install();
  await host();
  let release = () => {};
  const released = new Promise((resolve) => (release = () => resolve(0)));
  await page.route(/\/search/, async (route) => {
    await released;
    await route.continue();
  });
  await openReview(panel);
  // Registered before the search goes on, which may end at once.
  await page.evaluate(() => {
    const all = /** @type {Any} */ (window);
    all.searched = new Promise((resolve) => all.deskbell("once", "search", () => resolve(true)));
  });
  release();
  await page.evaluate(() => /** @type {Any} */ (window).searched);
  await page.clock.runFor(10_000);
  await expect(panel.title).toHaveText("What we send");
  expect(await panel.live.textContent()).not.toMatch(/result/);
});

test.describe("with a clipboard", () => {
  test.use({ permissions: ["clipboard-read", "clipboard-write"] });

  test("copies the submission as JSON, and as readable text", async ({ host, page, panel }) => {
    await host({ answer, fill: { body: BODY } });
    await fillContext(page);
    await openReview(panel);
    await toggle(panel, "Browser and device").uncheck();
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await panel.button("Copy as JSON").click();
    await expect(panel.live).toHaveText("Copied");
    const copy = JSON.parse(await clipboard());
    await panel.button("Copy as text").click();
    await expect.poll(clipboard).toMatch(/Message: It broke[^]*Errors:[^]*Message: error-mark/);
    expect(await clipboard()).not.toContain("Mozilla/5.0");
    const submission = JSON.parse(await send(panel));
    const { created_at, ...rest } = submission;
    expect(Date.parse(created_at)).toBeGreaterThan(0);
    delete copy.created_at;
    expect(copy).toEqual(rest);
  });
});

test("remembers the switches on the device until a reset", async ({ host, page, panel }) => {
  await host({ answer, fill: { body: BODY } });
  await fillContext(page);
  await openReview(panel);
  await toggle(panel, "Page").uncheck();
  await page.reload();
  await openReview(panel);
  await expect(toggle(panel, "Page")).not.toBeChecked();
  await expect(panel.root.getByText("Not sent.").first()).toBeVisible();
  await command(page, "reset");
  await command(page, "close");
  await openReview(panel);
  await expect(toggle(panel, "Page")).toBeChecked();
});

test("sends a group that needs consent only if the customer switches it on", async ({ host, page, panel, tickets }) => {
  await host({ answer, fill: { body: BODY } });
  await fillContext(page);
  await command(page, "configure", { context: { ask: ["errors", "requests"] } });
  await openReview(panel);
  await expect(toggle(panel, /^Errors/)).not.toBeChecked();
  await toggle(panel, /^Failed/).check();
  const body = await send(panel);
  await panel.received();
  expect(body).not.toContain("error-mark");
  expect(body).toContain("request-mark");
  const [{ context }] = await tickets();
  expect(context.withheld).toEqual([{ group: "errors", items: 0, by: "customer" }]);
});

test("asks for account access if the site wants it, unchecked by default", async ({
  host,
  page,
  panel,
  tickets,
  inbox,
}) => {
  await host();
  await command(page, "configure", { consent: true });
  await panel.open();
  await panel.sendTicket("without");
  await panel.button("Done").click();
  await panel.open();
  await panel.toTicket();
  await panel.root.getByLabel("Support may access my account to solve this.").check();
  await panel.box.fill("with");
  const reference = await panel.send();
  expect((await tickets()).map((ticket) => [ticket.message, ticket.consent])).toEqual([
    ["with", true],
    ["without", false],
  ]);
  await expect((await inbox(reference)).getByText("Support may access it", { exact: true })).toBeVisible();
});

test("names the server that is searched while the customer types, and lets the customer switch that off", async ({
  host,
  page,
  panel,
  gateway,
}) => {
  await host();
  await openReview(panel);
  await expect(panel.root.getByText(`What you type goes to ${new URL(gateway.url).host}`)).toBeVisible();
  await toggle(panel, "Search while I type").uncheck();
  await page.reload();
  /** @type {string[]} */
  const searches = [];
  page.on("request", (request) => void (request.url().includes("/search") && searches.push(request.url())));
  await panel.open();
  await panel.box.fill("export chart");
  await panel.toTicket();
  await panel.box.fill("export chart does nothing");
  await panel.send();
  expect(searches).toEqual([]);
});

test("sends what happened since the first letter if the customer includes it", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host({ answer, fill: { body: BODY } });
  await fillContext(page);
  await openReview(panel);
  await expect(panel.button(/^Include what happened/)).toHaveCount(0);
  await command(page, "capture", "later-error");
  await panel.button("Back").click();
  await panel.button("Review").click();
  await panel.button(/^Include what happened/).click();
  await expect(panel.root.locator("#sends")).toContainText("later-error");
  for (const summary of await panel.root.locator("summary").all()) await summary.click();
  await toggle(panel, /other-error/).uncheck();
  const body = await send(panel);
  await panel.received();
  expect(body).toContain("later-error");
  const [{ context }] = await tickets();
  expect(context.errors.map((/** @type {Any} */ error) => error.message)).toEqual(["error-mark"]);
  expect(context.since.errors.map((/** @type {Any} */ error) => error.message)).toEqual(["later-error"]);
});
