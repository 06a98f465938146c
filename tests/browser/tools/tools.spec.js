import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "../deskbell.js";
import { root } from "../gateway.js";
import { answer as answerUses, outcomes } from "../uses.js";

// Deskbell with the real SDKs of PostHog and Sentry: both work as before, and the ticket links to their records.

/** @typedef {any} Any */

const CLOUDS = "https://{sentry,posthog,posthog-app,posthog-assets}.example/**";

let sdks = "";

test.beforeAll(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "deskbell-tools-"));
  const out = path.join(folder, "sdks.js");
  const esbuild = path.join(root, "loader/node_modules/.bin/esbuild");
  await promisify(execFile)(esbuild, [
    path.join(import.meta.dirname, "sdks.js"),
    "--bundle",
    "--log-level=error",
    `--outfile=${out}`,
  ]);
  sdks = await readFile(out, "utf8");
  await rm(folder, { recursive: true });
});

/**
 * Stands in for both servers, as far as their documentation describes the responses. Returns what they received.
 * @param {import("@playwright/test").Page} page
 */
const standIn = async (page) => {
  /** @type {{url: string, text: string}[]} */
  const requests = [];
  await page.route(CLOUDS, async (route) => {
    const request = route.request();
    const { pathname } = new URL(request.url());
    requests.push({ url: request.url(), text: request.postData() ?? "" });
    const headers = { "access-control-allow-origin": "*" };
    // https://posthog.com/docs/api/flags, version 2
    const flag = (/** @type {string} */ key, /** @type {boolean} */ enabled, /** @type {string | null} */ variant) => ({
      key,
      enabled,
      variant,
      reason: { code: "condition_match" },
      metadata: { id: 1, version: 1, payload: null },
    });
    const recording = { endpoint: "/s/", recorderVersion: "v2" };
    if (pathname.startsWith("/flags"))
      return route.fulfill({
        headers,
        json: {
          flags: { "new-editor": flag("new-editor", true, "b"), dark: flag("dark", false, null) },
          errorsWhileComputingFlags: false,
          sessionRecording: recording,
          supportedCompression: ["gzip-js"],
        },
      });
    if (pathname.endsWith("/config"))
      return route.fulfill({
        headers,
        json: { sessionRecording: recording, hasFeatureFlags: true, supportedCompression: ["gzip-js"] },
      });
    return route.fulfill({ headers, json: { status: 1 } });
  });
  return requests;
};

/** Responses of the product's own server. @type {import("../site.js").Options["answer"]} */
const answer = (request, response) => {
  if (request.url !== "/api/payments") return answerUses?.(request, response);
  return response.writeHead(502, { "x-request-id": "pay-1" }).end();
};

/** The script tags in an order. @param {string} order */
const scripts = (order) => {
  const deskbell = `<script crossorigin src="{{gateway}}/deskbell.js" data-site="demo"></script>`;
  const tools = `<script src="/sdks.js"></script>`;
  return order === "Deskbell first" ? { first: deskbell, second: tools } : { first: tools, second: deskbell };
};

/** @param {import("@playwright/test").Page} page */
const serveSdks = (page) =>
  page.route("**/sdks.js", (route) => route.fulfill({ contentType: "text/javascript", body: sdks }));

for (const order of ["Deskbell first", "Deskbell last"])
  test(`${order}: records a customer's steps and failures in order, with links to the other tools`, async ({
    host,
    page,
    panel,
    tickets,
    trouble,
  }) => {
    trouble.expect(/rows is undefined|no such page|502/);
    const requests = await standIn(page);
    await serveSdks(page);
    const startedAt = Date.now();
    const site = await host({ answer, fill: scripts(order) });
    await page.waitForFunction(() => /** @type {Any} */ (window).posthog.sessionRecordingStarted());
    await page.waitForFunction(() => /** @type {Any} */ (window).posthog.featureFlags.getFlags().length);

    await page.getByRole("link", { name: "Order 7" }).click();
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("link", { name: "Invoices" }).click();
    await page.getByLabel("Name on card").fill("Typed Person");
    await page.getByLabel("Card number").fill("4111 1111 1111 1111");
    await page.getByLabel("Note").fill("typed note");
    const paid = page.waitForResponse("**/api/payments");
    await page.getByRole("button", { name: "Pay now" }).click();
    await paid;
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("link", { name: "Orders", exact: true }).click();
    await page.getByRole("button", { name: "Open help" }).click();
    await panel.ready();
    await panel.toTicket();
    await panel.name.fill("Ada");
    await panel.email.fill("ada@host.example");
    await panel.box.fill("Nothing works");
    await panel.send();
    const [{ context, ...ticket }] = await tickets();

    const story = context.breadcrumbs.map((/** @type {Any} */ crumb) =>
      [crumb.kind, crumb.role, crumb.name.replace(site.url, "")].filter(Boolean).join(" "),
    );
    expect(story).toEqual([
      "click link Order 7",
      "navigation /orders/7",
      "click button Export",
      "error TypeError rows is undefined",
      "click link Invoices",
      "navigation /invoices",
      "click button Pay now",
      "submit form Pay",
      "click button Refresh",
      "error RangeError no such page",
      "click link Orders",
      "navigation /orders",
      "click button Open help",
    ]);
    expect(context.page.routes.map((/** @type {Any} */ route) => new URL(route.url).pathname)).toEqual([
      "/",
      "/orders/7",
      "/invoices",
      "/orders",
    ]);
    expect(context.errors.map((/** @type {Any} */ e) => [e.source, e.name, e.message, e.count])).toEqual([
      ["error", "TypeError", "rows is undefined", 1],
      ["rejection", "RangeError", "no such page", 1],
    ]);
    expect(context.errors[0].stack.split("\n")[1], "the page's frames come first").toContain("/product.js");
    expect(context.requests).toHaveLength(1);
    const [payment] = context.requests;
    expect(payment).toMatchObject({ method: "POST", url: `${site.url}/api/payments`, status: 502 });
    expect(payment.headers).toEqual({
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "x-request-id": "pay-1",
    });
    const times = [...context.breadcrumbs, ...context.errors, payment].map((/** @type {Any} */ entry) =>
      Date.parse(entry.at),
    );
    expect(Math.min(...times)).toBeGreaterThan(startedAt);
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.now());

    const links = Object.fromEntries(
      context.links.map((/** @type {Any} */ link) => [`${link.source} ${link.label}`, link]),
    );
    const ids = await page.evaluate(() => {
      const { posthog } = /** @type {Any} */ (window);
      return { session: posthog.get_session_id(), person: posthog.get_distinct_id() };
    });
    expect(ids.person).toBe("ada-7");
    const replay = new URL(links["posthog replay"].url);
    expect(replay.origin).toBe("https://posthog-app.example");
    expect(replay.pathname).toContain(`/replay/${ids.session}`);
    const second = Number(replay.searchParams.get("t"));
    expect(second, "a little before the first letter").toBeGreaterThanOrEqual(0);
    expect(second).toBeLessThanOrEqual((Date.now() - startedAt) / 1000);
    expect(links["posthog person"]).toMatchObject({ text: "ada-7" });
    expect(links["posthog flags"].text).toBe("new-editor=b");
    expect(links["sentry event"].text).toMatch(/^[0-9a-f]{32}$/);
    expect(links["sentry trace"].text).toMatch(/^[0-9a-f]{32}$/);
    expect(links["sentry replay"].text).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify({ context, ...ticket })).not.toMatch(/typed note|Typed Person|4111/);

    const sentryTexts = () =>
      requests
        .filter(({ url }) => url.includes("sentry.example"))
        .map(({ text }) => text)
        .join();
    await expect.poll(sentryTexts, "Sentry receives both errors").toMatch(/rows is undefined[^]*no such page/);
    const event = sentryTexts().match(new RegExp(`"event_id":"${links["sentry event"].text}"`));
    expect(event, "the linked event is one that Sentry was sent").toBeTruthy();
    await expect
      .poll(() => requests.some(({ url }) => /posthog\.example\/(i\/v0\/)?e\//.test(url)), "PostHog is sent events")
      .toBe(true);
  });

for (const order of ["Deskbell first", "Deskbell last"])
  test(`${order}: streams, aborts, clones and synchronous requests behave as without Deskbell`, async ({
    host,
    page,
    trouble,
  }) => {
    trouble.expect(/./);
    await standIn(page);
    await serveSdks(page);
    await page.route("**/deskbell.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
    const site = await host({ answer, fill: scripts(order) });
    const expected = await outcomes(page);
    await page.unroute("**/deskbell.js");
    await page.goto(site.url);
    expect(await page.evaluate(() => /** @type {Any} */ (window).deskbell.version)).toBeTruthy();
    expect(await outcomes(page)).toEqual(expected);
  });
