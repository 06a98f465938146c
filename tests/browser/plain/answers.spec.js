import { expect, test } from "../deskbell.js";
import { drafts } from "../drafts.js";

// Suggestions before the ticket: what is searched for and when, and failures that must not lose the customer's text.

/** @typedef {any} Any */

/** @param {string} title @param {object} [more] */
const hit = (title, more = {}) => ({ id: title, kind: "question", title: [{ text: title, hit: false }], ...more });

/** @param {import("@playwright/test").Page} page @param {(query: string, route: import("@playwright/test").Route) => unknown} answer */
const routeSearches = (page, answer) =>
  page.route(/\/search\?/, (route) => answer(new URL(route.request().url()).searchParams.get("q") ?? "", route));

/** Records layout shifts of the page. @param {import("@playwright/test").Page} page */
const watchShifts = (page) =>
  page.evaluate(() => {
    const win = /** @type {Any} */ (window);
    win.shifts = [];
    win.observer = new PerformanceObserver((list) => win.shifts.push(...list.getEntries()));
    win.observer.observe({ type: "layout-shift" });
  });

/** @param {import("@playwright/test").Page} page */
const totalShift = (page) =>
  page.evaluate(async () => {
    // A shift is known once the frame is drawn.
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const { shifts, observer } = /** @type {Any} */ (window);
    return [...shifts, ...observer.takeRecords()].reduce((sum, shift) => sum + shift.value, 0);
  });

test("never lets a late response replace newer hits", async ({ host, page, panel }) => {
  await host();
  /** @type {() => void} */
  let release = () => {};
  const gate = new Promise((done) => (release = () => done(undefined)));
  await routeSearches(page, async (query, route) => {
    if (query === "ex") await gate;
    await route.fulfill({ json: { hits: [hit(`for ${query}`)] } }).catch(() => {});
  });
  await panel.open();
  await panel.box.fill("ex");
  await panel.box.fill("exp");
  await expect(panel.hit("for exp")).toBeVisible();
  release();
  await panel.box.fill("expo");
  await expect(panel.hit("for expo")).toBeVisible();
  await expect(panel.hits).toHaveCount(1);
});

test("ends a search that a newer one replaces", async ({ host, page, panel }) => {
  // Whether the first search was ended when the second begins; later, its time limit ends it.
  const head = `<script>{
    const real = fetch;
    let signal;
    fetch = (url, init) => {
      if (/q=ex$/.test(url)) signal = init.signal;
      if (/q=exp$/.test(url)) document.documentElement.dataset.ended = signal.aborted;
      return real(url, init);
    };
  }</script>`;
  await host({ fill: { head } });
  await routeSearches(page, async (query, route) => {
    if (query !== "ex") await route.fulfill({ json: { hits: [hit(`for ${query}`)] } });
  });
  await panel.open();
  const sent = page.waitForRequest((request) => /q=ex$/.test(request.url()));
  await panel.box.fill("ex");
  await sent;
  await panel.box.fill("exp");
  await expect(panel.hit("for exp")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-ended", "true");
});

test("keeps the hits in place during a slow search and shifts no layout when it responds", async ({
  host,
  page,
  panel,
}) => {
  await host();
  let slow = 0;
  await routeSearches(page, async (query, route) => {
    // Longer than the interval in which a shift counts as caused by the customer.
    if (slow) await new Promise((done) => setTimeout(done, slow));
    const count = query.length > 12 ? 5 : 3;
    const hits = Array.from({ length: count }, (_, n) =>
      hit(`${"long title ".repeat(n)}${query} ${n}`, { answers: n }),
    );
    await route.fulfill({ json: { hits } }).catch(() => {});
  });
  await panel.open();
  await panel.box.fill("export chart");
  await expect(panel.hits).toHaveCount(3);
  await watchShifts(page);
  slow = 800;
  await panel.box.fill("export chart fails");
  await expect(panel.hits).toHaveCount(3);
  await expect(panel.hits).toHaveCount(5);
  await panel.toTicket();
  await panel.box.fill("export chart fails again ");
  await expect(panel.hit("again 0")).toBeVisible();
  expect(await totalShift(page)).toBeLessThan(0.001);
});

for (const [name, answer] of /** @type {[string, Any][]} */ ([
  ["is an error", { status: 500, body: "{}" }],
  ["is not JSON", { body: "<h1>Bad gateway</h1>" }],
  ["has wrong types", { json: { hits: { length: 3 } } }],
  ["is ten megabytes long", { body: `{"hits":[{"id":"x","title":[{"text":"${"x".repeat(10_000_000)}"}]}]}` }],
  [
    "has malformed hits",
    { json: { hits: [null, 7, "x", [], {}, { title: "a" }, { title: [1], url: "javascript:alert(1)" }] } },
  ],
]))
  test(`sends a ticket although the search response ${name}`, async ({ host, page, panel, trouble, tickets }) => {
    trouble.expect(/status of 500/);
    await host();
    await routeSearches(page, (_, route) => route.fulfill({ status: 200, contentType: "application/json", ...answer }));
    await panel.open();
    await panel.box.fill("the chart stays empty");
    await panel.toTicket();
    const reference = await panel.send();
    expect(await tickets()).toMatchObject([{ reference, message: "the chart stays empty" }]);
  });

test("shows markup in hits as text", async ({ host, page, panel }) => {
  await host();
  const markup = "<img src=x onerror=alert(1)>";
  await routeSearches(page, (_, route) =>
    route.fulfill({ json: { hits: [hit(markup, { excerpt: [{ text: markup, hit: true }] })] } }),
  );
  await panel.open();
  await panel.box.fill("chart");
  await expect(panel.hit(markup)).toBeVisible();
  await expect(panel.root.locator("img")).toHaveCount(0);
});

test("repeats a search that the gateway was too busy to answer until it is answered", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/status of 503/);
  await host();
  let isBuilt = false;
  /** @type {string[]} */
  const queries = [];
  await routeSearches(page, (query, route) => {
    queries.push(query);
    if (isBuilt) return route.fulfill({ json: { hits: [hit("found at last")] } });
    const problem = { status: 503, code: "busy", title: "the gateway is busy; try again" };
    return route.fulfill({ status: 503, contentType: "application/problem+json", json: problem });
  });
  await panel.open();
  await panel.box.fill("export charts");
  const failed = panel.root.getByText("We couldn't search for answers just now.");
  await expect(failed).toBeVisible();
  isBuilt = true;
  await expect(panel.hit("found at last")).toBeVisible({ timeout: 30_000 });
  await expect(failed).toHaveCount(0);
  // What the page suggested before was not repeated.
  expect(queries.filter((query) => query != "export charts").length).toBeLessThan(2);
});

test("sends a ticket while a search never responds", async ({ host, page, panel, tickets }) => {
  await host();
  await routeSearches(page, () => {});
  await panel.open();
  await panel.box.fill("nobody answers me");
  await panel.toTicket();
  await panel.send();
  expect(await tickets()).toHaveLength(1);
});

test("chooses a hit with arrow keys and Enter without leaving the box, and Escape clears the choice", async ({
  host,
  page,
  panel,
}) => {
  await host();
  await panel.open();
  await panel.box.fill("export");
  await expect(panel.hits.nth(1)).toBeVisible();
  const active = panel.root.locator("#active");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowDown");
  await expect(panel.box).toBeFocused();
  await expect(panel.box).toHaveAttribute("aria-activedescendant", "active");
  await expect(active).toHaveText((await panel.hits.first().textContent()) ?? "");
  for (let presses = 0; presses < 8; presses++) await page.keyboard.press("ArrowDown");
  await expect(active).toHaveText("No answer? Send a ticket");
  await page.keyboard.press("Escape");
  await expect(active).toHaveCount(0);
  await expect(panel.dialog).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(panel.title).toHaveText("Community question");
  await panel.button("Back").click();
  await expect(panel.box).toHaveValue("export");
  await expect(panel.hits.first()).toBeFocused();
});

test("leaves the arrow keys to the text unless the caret is at its end", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("export");
  await expect(panel.hits.first()).toBeVisible();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await expect(panel.root.locator("#active")).toHaveCount(0);
});

test("searches for the latest error before the customer types, without its names, numbers and URLs", async ({
  host,
  page,
  panel,
}) => {
  await host();
  /** @type {string[]} */
  const queries = [];
  await routeSearches(page, async (query, route) => {
    queries.push(query);
    await route.fulfill({
      json: { hits: query.includes("Payment") ? [hit("Payment pm_4021"), hit("Payment again")] : [] },
    });
  });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.evaluate(() =>
    /** @type {Any} */ (window).deskbell(
      "capture",
      new Error('Payment pm_4021 refused for "Ada Lovett" at https://pay.example/9981 order 77123'),
    ),
  );
  await panel.open();
  await expect(panel.root.getByText(/^Just now: Payment pm_4021/)).toBeVisible();
  await expect(panel.root.getByText("2 related answers")).toBeVisible();
  await expect(panel.hits).toHaveCount(2);
  expect(queries).toContain("Error Payment pm_4021 refused for at order");
  expect(queries.join()).not.toMatch(/Ada|9981|77123|https/);
});

test("lists the host's suggestions before those for the page", async ({ host, page, panel }) => {
  await host();
  await routeSearches(page, (_, route) => route.fulfill({ json: { hits: [hit("found")] } }));
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.evaluate(() => {
    const { deskbell } = /** @type {Any} */ (window);
    deskbell("suggest", [
      { id: "meadow-001", title: "Exports", kind: "doc" },
      { title: "The manual", url: "https://docs.example/manual" },
    ]);
    deskbell("configure", { topics: [{ id: "all", label: "Everything", urls: ["/*"] }] });
  });
  await panel.open();
  await expect(panel.hits).toHaveCount(3);
  await expect(panel.hits.nth(0)).toContainText("Exports");
  await expect(panel.hits.nth(0)).toContainText("Documentation");
  await expect(panel.hits.nth(1)).toHaveAttribute("href", "https://docs.example/manual");
  await expect(panel.hits.nth(1)).toHaveAttribute("target", "_blank");
  await expect(panel.hits.nth(2)).toContainText("found");
});

test("suggests nothing for a critical ticket", async ({ host, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("export chart");
  await panel.toTicket();
  await expect(panel.hits).toHaveCount(1);
  await panel.severity.selectOption("critical");
  await expect(panel.hits).toHaveCount(0);
  await expect(panel.root.locator(".near")).toHaveCount(0);
  await panel.severity.selectOption("low");
  await expect(panel.hits).toHaveCount(1);
});

test("shows the best hit below the message, and the others on request", async ({ host, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("export chart");
  await panel.toTicket();
  await expect(panel.hits).toHaveCount(1);
  await panel.root.locator(".near .link").click();
  await expect(panel.hits).not.toHaveCount(1);
  await panel.box.press("End");
  await panel.box.pressSequentially(" x");
  await expect(panel.hits).toHaveCount(1);
});

test("offers recent searches on the next visit, until a reset", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hits.first().click();
  await expect(panel.root.locator(".asked")).toBeVisible();
  await expect.poll(() => drafts(page)).toEqual(["export chart"]);
  await page.reload();
  await panel.open();
  // The text in the box is still there.
  await expect(panel.box).toHaveValue("export chart");
  await panel.box.fill("");
  await panel.button("export chart").click();
  await expect(panel.box).toHaveValue("export chart");
  const storage = () => page.evaluate(() => ({ ...localStorage }));
  const before = await storage();
  await page.evaluate(() => /** @type {Any} */ (window).deskbell("reset"));
  await page.reload();
  await panel.open();
  await expect(panel.root.locator(".recent")).toHaveCount(0);
  const after = await storage();
  expect(before).toHaveProperty(["deskbell:demo:answers"]);
  expect(after).not.toHaveProperty(["deskbell:demo:answers"]);
  expect(after["deskbell:demo:visit"]).not.toBe(before["deskbell:demo:visit"]);
});

test("counts the outcome of a question without the customer's words", async ({ host, page, panel, inbox }) => {
  await host();
  /** @type {Any[]} */
  const events = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/events")) events.push(JSON.parse(request.postData() ?? ""));
  });
  await panel.open();
  await panel.box.fill("export chart secretive");
  await panel.hit("Export chart fails").click();
  await expect(panel.answers.first()).toBeVisible();
  await panel.button("Still need help").click();
  await panel.send();
  // Hits below the message are shown again, if they arrive before Send is pressed.
  const names = () => [...new Set(events.map(({ name }) => name))];
  await expect.poll(names).toEqual(["shown", "opened", "unhelpful", "sent"]);
  expect(new Set(events.map(({ visit }) => visit)).size).toBe(1);
  expect(events.find(({ name }) => name === "sent")).toMatchObject({ questions: ["meadow-001"] });
  expect(JSON.stringify(events)).not.toMatch(/secretive/);
  const list = await inbox();
  await list.getByRole("link", { name: "Answers" }).click();
  await expect(list.getByRole("region", { name: "Questions" })).toContainText("Export chart fails");
  await expect(list.getByRole("region", { name: "Visits" })).toContainText("0 %");
});

test("counts a ticket as sent once it has arrived, in the visit in which it was written", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  const url = "**/tickets";
  await page.route(url, (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  await host();
  /** @type {Any[]} */
  const events = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/events")) events.push(JSON.parse(request.postData() ?? ""));
  });
  const eventsNamed = (/** @type {string} */ name) => events.filter((event) => event.name == name);
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hit("Export chart fails").click();
  await panel.button("Still need help").click();
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  expect(eventsNamed("sent")).toEqual([]);
  await page.unroute(url);
  await panel.again();
  await panel.received();
  await expect.poll(() => eventsNamed("sent")).toMatchObject([{ questions: ["meadow-001"], visit: events[0].visit }]);
});

test("links to a question that could not be loaded, and loads it on Try again", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await host();
  await page.route("**/screens.wasm", (route) => route.abort());
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hit("Export chart fails").click();
  await expect(panel.root.getByText("We couldn't load this question.")).toBeVisible();
  await expect(panel.root.getByRole("link", { name: "Open in a new tab" })).toBeVisible();
  await page.unroute("**/screens.wasm");
  await panel.button("Try again").click();
  await expect(panel.answers.first()).toBeVisible();
});

test("copies code with its button, and loads a picture only on request", async ({ host, page, panel, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await host();
  /** @type {string[]} */
  const pictures = [];
  await page.route(/pictures\.example/, (route) => {
    pictures.push(route.request().url());
    return route.fulfill({ contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg'/>" });
  });
  const body = "```\nlet x = 1;\n```\n\n![The menu](https://pictures.example/menu.svg)";
  await page.route(/\/questions\//, (route) => route.fulfill({ json: { id: "a", title: "Menu", body } }));
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hits.first().click();
  await panel.button("Copy code").click();
  await expect(panel.live).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("let x = 1;");
  expect(pictures).toEqual([]);
  await panel.button("Show the picture: The menu").click();
  await expect(panel.root.getByRole("img", { name: "The menu" })).toBeVisible();
  expect(pictures).toEqual(["https://pictures.example/menu.svg"]);
});

test("neither searches nor counts when the customer has switched searching off", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("x");
  await panel.button("Review").click();
  await panel.root.getByRole("switch", { name: "Search while I type" }).uncheck();
  await panel.button("Back").click();
  /** @type {string[]} */
  const urls = [];
  page.on("request", (request) => /search|events/.test(request.url()) && urls.push(request.url()));
  await panel.box.fill("export chart and more words ");
  await panel.send();
  expect(urls).toEqual([]);
});

test("refers a customer on a free plan to the community first, and still sends the ticket", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.evaluate(() => {
    const ada = { id: "u-1", name: "Ada", email: "ada@host.example", plan: "free" };
    return /** @type {Any} */ (window).deskbell("identify", ada);
  });
  await panel.open();
  await panel.toTicket();
  const community = panel.root.locator(".community");
  await expect(community).toContainText("The community answers questions like this one first.");
  await expect(community.getByRole("link", { name: "Ask the community" })).toHaveAttribute("target", "_blank");
  await panel.box.fill("export chart fails");
  await expect(community.locator(".hit").first()).toBeVisible();
  await panel.severity.selectOption("high");
  await expect(community).toHaveCount(0);
  await panel.severity.selectOption("low");
  await panel.send();
  expect(await tickets()).toHaveLength(1);
});
