import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "../deskbell.js";
import { dist } from "../gateway.js";

// Search engines beside or instead of the gateway: a static index, and GitHub's issues.

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {import("node:http").RequestListener} Listener */

const TYPES = { ".js": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

/** Serves the built files and an index like a static host. @param {Buffer | string} index */
const files =
  (index) => (/** @type {Parameters<Listener>[0]} */ request, /** @type {Parameters<Listener>[1]} */ response) => {
    const name = new URL(request.url ?? "/", "http://site").pathname;
    const type = TYPES[/** @type {keyof typeof TYPES} */ (path.extname(name))];
    if (!type || !/^\/(deskbell|help-index)/.test(name)) return false;
    const body = name === "/help-index.json" ? Promise.resolve(index) : readFile(path.join(dist, name));
    body.then(
      (body) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
    return true;
  };

/** A page that configures sources. @param {unknown[]} sources @param {string} [script] the address of the loader */
const pageWith = (sources, script = "{{gateway}}/deskbell.js") => `<!doctype html>
  <html lang="en"><head><meta charset="utf-8"><title>A page</title>
  <script async crossorigin src="${script}" data-site="demo"></script>
  <script nonce="host">
    window.deskbell ||= (...a) => { const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n])); p.catch(() => {}); return p };
    deskbell("configure", ${JSON.stringify({ sources })});
    deskbell("identify", { id: "u-1", email: "ada@host.example", name: "Ada" });
  </script></head>
  <body><h1>A page</h1><button type="button" data-deskbell-open>Open help</button></body></html>`;

const INDEX = { engine: "index", url: "/help-index.json" };
const GITHUB = { engine: "github", repository: "meadow/meadow.js" };

/** The requests of a page to matching addresses. @param {Page} page @param {RegExp} address */
const requestsTo = (page, address) => {
  /** @type {string[]} */
  const urls = [];
  page.on("request", (request) => {
    if (address.test(request.url())) urls.push(request.url());
  });
  return urls;
};

test("searches a static index and shows an answer without any gateway", async ({ host, page, panel, gateway }) => {
  const urls = requestsTo(page, new RegExp(gateway.url));
  await host({ html: pageWith([INDEX], "/deskbell.js"), answer: files(await gateway.index()) });
  await panel.open();
  await panel.box.fill("exporting charts fails");
  await expect(panel.hits.first()).toContainText("Export chart fails");
  await panel.hits.first().click();
  await expect(panel.answers.first()).toBeVisible();
  await expect(panel.root.locator(".asked")).toContainText("Export chart fails");
  await panel.button("Solved it").click();
  expect(urls).toEqual([]);
});

test("lists a question once that gateway and index have, and searches the index when the gateway is blocked", async ({
  host,
  page,
  panel,
  gateway,
  trouble,
}) => {
  const answer = files(await gateway.index());
  await host({ html: pageWith([{ engine: "gateway" }, INDEX]), answer });
  await panel.open();
  await panel.box.fill("payment provider did not confirm");
  await expect(panel.hits.first()).toContainText("Payment provider");
  const titles = await panel.hits.locator(".title").allTextContents();
  expect(new Set(titles).size).toBe(titles.length);

  trouble.expect(/ERR_FAILED|Failed to load/);
  await page.route(`${gateway.url}/v1/**`, (route) => route.abort());
  await panel.box.fill("events are missing");
  await expect(panel.hits.first()).toContainText("missing");
});

test("sends questions read from an index with the ticket, and names the index as their source", async ({
  host,
  panel,
  gateway,
  tickets,
}) => {
  await host({ html: pageWith([INDEX]), answer: files(await gateway.index()) });
  await panel.open();
  await panel.box.fill("exporting a chart fails");
  await panel.hits.first().click();
  await expect(panel.answers.first()).toBeVisible();
  await panel.button("Still need help").click();
  await panel.send();
  const [ticket] = await tickets();
  expect(ticket.questions).toContainEqual(expect.objectContaining({ source: "index", outcome: "unhelpful" }));
});

test("does not fetch the search engines for a page without sources", async ({ host, page, panel }) => {
  const urls = requestsTo(page, /engines\.(js|wasm)/);
  await host();
  await panel.open();
  await panel.box.fill("change my plan");
  await expect(panel.hits.first()).toBeVisible();
  expect(urls).toEqual([]);
});

test("searches an index under the minimal policy", async ({ host, panel, gateway }) => {
  const csp = [
    "default-src 'none'",
    "script-src 'nonce-host' {{gateway}} 'wasm-unsafe-eval'",
    "connect-src {{gateway}} 'self'",
    "style-src 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  await host({ html: pageWith([INDEX]), answer: files(await gateway.index()), csp });
  await panel.open();
  await panel.box.fill("invoice address");
  await expect(panel.hits.first()).toBeVisible();
});

test("sends tickets whatever the index contains", async ({ host, panel, gateway, page, trouble }) => {
  const bad = `<img src=x onerror="document.documentElement.dataset.hacked=1">`;
  const long = JSON.stringify({ version: 1, questions: [{ id: "x", title: "zebra", body: "z".repeat(10_000_000) }] });
  trouble.expect(/404/);
  for (const [index, title] of /** @type {[string, string][]} */ ([
    ["not json", ""],
    ["null", ""],
    [JSON.stringify({ version: 2, questions: [{ id: "x", title: "zebra" }] }), ""],
    [long, ""],
    [JSON.stringify({ version: 1, questions: "none", stems: 7 }), ""],
    [
      JSON.stringify({
        version: 1,
        stems: { zebra: 7 },
        questions: [
          7,
          null,
          { id: 7, title: "zebra" },
          { id: "y", title: `zebra ${bad}`, body: bad, answers: [7, { body: bad }] },
        ],
      }),
      "zebra <img src=x",
    ],
  ])) {
    const site = await host({ html: pageWith([INDEX]), answer: files(index) });
    await panel.open();
    await panel.box.fill("zebra");
    if (title) {
      await expect(panel.hits).toHaveCount(1);
      await expect(panel.hits.first()).toContainText(title);
      await panel.hits.first().click();
      await expect(panel.answers.last()).toContainText("<img src=x");
      await panel.button("Still need help").click();
    } else {
      await panel.toTicket();
      await expect(panel.hits).toHaveCount(0);
    }
    await panel.send();
    expect(await page.evaluate(() => document.documentElement.dataset.hacked)).toBeUndefined();
    await site.stop();
  }
});

test("warns about an invalid source and searches the gateway instead", async ({ host, page, panel }) => {
  const warning = page.waitForEvent("console", (message) => message.text().includes("sources:"));
  await host({ html: pageWith([{ engine: "algolia" }]) });
  await panel.open();
  await panel.box.fill("change my plan");
  await expect(panel.hits.first()).toBeVisible();
  expect((await warning).text()).toContain("gateway, index or github");
});

test.describe("GitHub", () => {
  const issue = (
    /** @type {number} */ number,
    /** @type {string} */ title,
    /** @type {number} */ votes,
    state = "open",
  ) => ({
    number,
    title,
    state,
    body: null,
    comments: 2,
    labels: [],
    html_url: `https://github.com/meadow/meadow.js/issues/${number}`,
    created_at: "2026-05-01T08:00:00Z",
    reactions: { "+1": votes, "-1": 0, total_count: votes },
  });
  const ISSUES = [issue(7, "Dark theme for dashboards", 41), issue(9, "Dashboards in the dark", 90, "closed")];
  const LIMITS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Link, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
    "x-ratelimit-limit": "10",
  };

  /** GitHub's search, according to its documentation. @param {Page} page @param {() => number} [status] */
  const github = async (page, status = () => 200) => {
    /** @type {URL[]} */
    const searches = [];
    await page.route("https://api.github.com/**", async (route) => {
      searches.push(new URL(route.request().url()));
      const code = status();
      if (code !== 200) {
        const json = {
          message: "API rate limit exceeded for 203.0.113.7.",
          documentation_url: "https://docs.github.com",
        };
        return route.fulfill({ status: code, json, headers: { ...LIMITS, "x-ratelimit-remaining": "0" } });
      }
      const json = { total_count: ISSUES.length, incomplete_results: false, items: ISSUES };
      return route.fulfill({ json, headers: { ...LIMITS, "x-ratelimit-remaining": "9" } });
    });
    return searches;
  };

  test("shows issues for feedback with their votes, after the community's questions", async ({ host, page, panel }) => {
    await page.clock.install();
    const searches = await github(page);
    await host({ html: pageWith([{ engine: "gateway" }, GITHUB]) });
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("please add a dark theme to dashboards, my mail is ada@host.example");
    await expect(panel.root.locator(".near")).toBeVisible();
    await page.clock.runFor(3000);
    expect(searches).toEqual([]);

    await panel.kind("feedback").check();
    await expect.poll(() => searches.length).toBe(1);
    const query = searches[0].searchParams.get("q") ?? "";
    expect(query).toContain(" repo:meadow/meadow.js is:issue in:title,body");
    expect(query).not.toContain("ada@");
    expect(query.length).toBeLessThanOrEqual(256);
    await panel.root.locator(".near").getByRole("button", { name: /more/ }).click();
    const first = panel.hit("Dark theme for dashboards");
    await expect(first.getByText("41 votes")).toBeVisible();
    await expect(first).toHaveAttribute("href", "https://github.com/meadow/meadow.js/issues/7");
    await expect(first).toHaveAttribute("rel", /noopener noreferrer/);
    const titles = await panel.hits.locator(".title").allTextContents();
    expect(titles.slice(-2)).toEqual(["Dark theme for dashboards", "Dashboards in the dark"]);
  });

  test("searches once the customer pauses, and not twice for the same words", async ({ host, page, panel }) => {
    await page.clock.install();
    const searches = await github(page);
    await host({ html: pageWith([{ ...GITHUB, kinds: ["question", "bug", "feedback"] }]) });
    await panel.open();
    // From here on time passes only as far as the test says, so that nothing is a pause but what is meant as one.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 5000));
    const expectHit = () =>
      expect(async () => {
        await page.clock.runFor(1000);
        await expect(panel.hit("Dark theme for dashboards")).toBeVisible({ timeout: 500 });
      }).toPass();
    await panel.box.pressSequentially("dark dashboards");
    await expectHit();
    await panel.box.fill("dark dashboards for all of us");
    await panel.box.fill("dark dashboards");
    await expectHit();
    await page.clock.runFor(3000);
    expect(searches.length).toBe(1);
  });

  test("does not record GitHub's refusals as failed requests of the page", async ({
    host,
    page,
    panel,
    tickets,
    trouble,
  }) => {
    trouble.expect(/status of 40[34]/);
    const searches = await github(page, () => 403);
    await host({ html: pageWith([{ ...GITHUB, kinds: ["question", "bug", "feedback"] }]) });
    await panel.open();
    await panel.box.fill("dark theme");
    await expect.poll(() => searches.length).toBe(1);
    await page.evaluate(() => fetch("/missing.css").then((answer) => answer.text()));
    // Recorded requests are part of the ticket from the first letter on.
    await panel.box.fill("");
    await panel.sendTicket("dark dashboards");
    const [{ context }] = await tickets();
    expect(context.requests.map((/** @type {{url: string}} */ { url }) => new URL(url).pathname)).toEqual([
      "/missing.css",
    ]);
  });

  for (const code of [403, 429]) {
    test(`pauses searches for a minute after a ${code}`, async ({ host, page, panel, trouble }) => {
      trouble.expect(new RegExp(`status of ${code}`));
      await page.clock.install();
      let status = code;
      const searches = await github(page, () => status);
      await host({ html: pageWith([{ ...GITHUB, kinds: ["question"] }]) });
      await panel.open();
      const search = async (/** @type {string} */ text) => {
        await panel.box.fill(text);
        await page.clock.runFor(1000);
      };
      await page.evaluate(() => {
        const win = /** @type {any} */ (window);
        win.results = 0;
        return win.deskbell("on", "search", () => (win.results += 1));
      });
      await search("dark theme");
      await expect.poll(() => searches.length).toBe(1);
      // What is found at once, and then what the others have found: the widget has read the response.
      await expect.poll(() => page.evaluate(() => /** @type {any} */ (window).results)).toBe(2);
      status = 200;
      await search("dark dashboards");
      await search("dark theme for dashboards");
      expect(searches.length).toBe(1);
      await page.clock.runFor(61_000);
      await search("dark dashboard");
      await expect(panel.hit("Dark theme for dashboards")).toBeVisible();
      expect(searches.length).toBe(2);
    });
  }
});
