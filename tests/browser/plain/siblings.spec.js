import { expect, test } from "../deskbell.js";
import { Panel } from "../panel.js";

// The subdomains of a product share the session if the page names their domain.

const SHARED = 'data-cookie-domain="acme.localhost"';

/** @param {import("@playwright/test").Page} page @param {string} url of a site @param {string} name of a subdomain */
const visit = (page, url, name) => page.goto(`http://${name}.acme.localhost:${new URL(url).port}/?signed-out`);

/**
 * Serves a site under every other address that the page visits; from there it may use the gateway of this computer.
 * @param {import("@playwright/test").Page} page @param {string} url of the site
 */
const serve = async (page, url) => {
  await page.context().grantPermissions(["local-network-access"]);
  await page.route(/^https?:\/\/[^/]*\.(test|io)\//, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: url + pathname + search }) });
  });
};

/** @param {import("@playwright/test").Page} page */
const sessionCount = (page) =>
  page.evaluate(() => Object.keys(localStorage).filter((name) => name.endsWith(":session")).length);

/** Sends a ticket from Home as an anonymous customer. @param {Panel} panel @param {string} text */
const send = async (panel, text) => {
  await panel.open();
  await panel.toTicket();
  await panel.box.fill(text);
  await panel.name.fill("Ada");
  await panel.email.fill("ada@example.com");
  return panel.send();
};

/** @param {import("@playwright/test").BrowserContext} context */
const cookies = async (context) => (await context.cookies()).filter(({ name }) => name.startsWith("deskbell"));

test("shares tickets between subdomains until a reset", async ({ page, panel, host, context }) => {
  const site = await host({ fill: { attributes: SHARED }, path: "/?signed-out" });
  await visit(page, site.url, "www");
  const reference = await send(panel, "Sent on www");
  expect(await sessionCount(page)).toBe(0);
  expect(await cookies(context)).toMatchObject([
    { name: "deskbell-demo", domain: ".acme.localhost", path: "/", sameSite: "Lax", httpOnly: false },
  ]);

  await visit(page, site.url, "app");
  await panel.open();
  await panel.button(/^Your tickets/).click();
  await expect(panel.root).toContainText(reference);

  await page.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  expect(await cookies(context)).toEqual([]);
  await visit(page, site.url, "www");
  await panel.open();
  await expect(panel.button(/^Your tickets/)).toHaveCount(0);
});

test("keeps the session in its origin, and moves it to the cookie once the page names a domain", async ({
  page,
  panel,
  host,
  context,
}) => {
  const fill = { attributes: "" };
  const separate = await host({ fill, path: "/?signed-out" });
  await visit(page, separate.url, "www");
  const reference = await send(panel, "Sent before");
  expect(await sessionCount(page)).toBe(1);
  expect(await cookies(context)).toEqual([]);

  // From here on the page of the same origin names the domain.
  fill.attributes = SHARED;
  await visit(page, separate.url, "www");
  await panel.open();
  await panel.button(/^Your tickets/).click();
  await expect(panel.root).toContainText(reference);
  expect(await sessionCount(page)).toBe(0);
  expect(await cookies(context)).toHaveLength(1);
});

test("keeps the sessions of two origins that had tickets before", async ({ page, panel, host }) => {
  const separate = await host({ path: "/?signed-out" });
  const shared = await host({ fill: { attributes: SHARED }, path: "/?signed-out" });
  /** @type {Record<string, string>} */
  const references = {};
  for (const name of ["www", "app"]) {
    await visit(page, separate.url, name);
    references[name] = await send(panel, `Sent on ${name}`);
  }
  // The storage of an origin depends on its port, so the sessions are copied.
  for (const name of ["www", "app"]) {
    await visit(page, separate.url, name);
    const session = await page.evaluate(() => localStorage["deskbell:demo:session"]);
    await visit(page, shared.url, name);
    await page.evaluate((session) => (localStorage["deskbell:demo:session"] = session), session);
  }
  for (const name of ["www", "app", "www"]) {
    await visit(page, shared.url, name);
    await panel.open();
    await panel.button(/^Your tickets/).click();
    await expect(panel.root).toContainText(/** @type {string} */ (references[name]));
  }
});

test("sets a secure cookie over HTTPS, and ignores malformed cookies and those of other sites", async ({
  page,
  panel,
  host,
  context,
}) => {
  const site = await host({ fill: { attributes: 'data-cookie-domain="acme.test"' }, path: "/?signed-out" });
  await serve(page, site.url);
  await page.goto("https://www.acme.test/?signed-out");
  const reference = await send(panel, "Sent over HTTPS");
  expect(await cookies(context)).toMatchObject([
    { name: "deskbell-demo", domain: ".acme.test", path: "/", secure: true, sameSite: "Lax" },
  ]);
  await page.goto("https://app.eu.acme.test/?signed-out");
  await panel.open();
  await panel.button(/^Your tickets/).click();
  await expect(panel.root).toContainText(reference);

  // A cookie with this name that is no session is ignored; and the name contains the site.
  const [{ value } = { value: "" }] = await cookies(context);
  const scope = { domain: ".acme.test", path: "/" };
  await context.clearCookies();
  await context.addCookies([
    { name: "deskbell-other", value, ...scope },
    { name: "deskbell-demo", value: "x".repeat(32), ...scope },
  ]);
  await page.goto("https://www.acme.test/?signed-out");
  await panel.open();
  await expect(panel.button(/^Your tickets/)).toHaveCount(0);
  await page.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  const remaining = await cookies(context);
  expect(remaining.map(({ name }) => name)).toEqual(["deskbell-other"]);
});

/** Pages and domains for which the browser rejects the cookie. */
const REFUSED = [
  { reason: "another owner's domain", page: "https://www.acme.test", domain: "elsewhere.test" },
  { reason: "a public suffix", page: "https://acme.github.io", domain: "github.io" },
  { reason: "a top-level domain", page: "https://www.acme.test", domain: "test" },
  { reason: "a URL instead of a domain", page: "https://www.acme.test", domain: "https://acme.test" },
  { reason: "a sibling domain", page: "https://www.acme.test", domain: "app.acme.test" },
  { reason: "blocked cookies", page: "https://www.acme.test", domain: "acme.test", blocked: true },
];
for (const { reason, page: address, domain, blocked } of REFUSED)
  test(`warns the developer and keeps the session in the origin if the browser rejects the cookie: ${reason}`, async ({
    page,
    panel,
    host,
    context,
  }) => {
    /** @type {string[]} */
    const warnings = [];
    page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
    if (blocked)
      await page.addInitScript(() => {
        const refuse = () => {
          throw new DOMException("The operation is insecure.", "SecurityError");
        };
        Object.defineProperty(Document.prototype, "cookie", { get: refuse, set: refuse });
      });
    const site = await host({ fill: { attributes: `data-cookie-domain="${domain}"` }, path: "/?signed-out" });
    await serve(page, site.url);
    await page.goto(`${address}/?signed-out`);
    warnings.length = 0;
    const reference = await send(panel, "Sent here");
    const warning = `data-cookie-domain: the browser keeps no cookie for "${domain}" on this page`;
    expect(warnings.filter((text) => text.includes("cookie"))).toEqual([
      expect.stringContaining(`deskbell: ${warning}`),
    ]);
    const status = await page.evaluate(() => /** @type {any} */ (window).deskbell("status"));
    expect(status.error).toEqual({ code: "cookie_domain", title: expect.stringContaining(warning) });
    expect([await sessionCount(page), await cookies(context)]).toEqual([1, []]);
    await page.goto(`${address}/?signed-out`);
    await panel.open();
    await panel.button(/^Your tickets/).click();
    await expect(panel.root).toContainText(reference);
  });
