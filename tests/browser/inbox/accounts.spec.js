import { expect, test as base } from "../deskbell.js";
import { IdentityProvider } from "./provider.js";

// Agents log in at an OpenID provider, with three roles on two sites.

const SITES = '[sites.globex]\norigins = ["*"]\n';

/** @type {import("@playwright/test").TestType<any, any>} */
const test = base.extend({
  provider: async ({ gateway }, use) => {
    const provider = new IdentityProvider();
    await provider.listen();
    await gateway.stop();
    await gateway.start(provider.settings + SITES);
    provider.serve(gateway.url);
    await use(provider);
    await provider.stop();
  },

  references: async ({ gateway, provider }, use) => {
    const references = { demo: await send(gateway, "demo"), globex: await send(gateway, "globex") };
    await use(provider && references);
  },
});

/**
 * Sends a ticket, and returns its reference.
 * @param {import("../gateway.js").Gateway} gateway
 * @param {string} site
 */
async function send(gateway, site) {
  const answer = await fetch(`${gateway.url}/v1/sites/${site}/tickets`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: JSON.stringify({
      kind: "bug",
      severity: "high",
      message: `A ticket of ${site}`,
      contact: { name: "Ada", email: "ada@example.com" },
      client: { name: "test", version: "1" },
    }),
  });
  return (await answer.json()).reference;
}

/**
 * Opens a page of the inbox, and logs in at the provider.
 * @param {import("@playwright/test").Page} page
 * @param {string} url
 * @param {string} person
 */
async function logIn(page, url, person) {
  await page.goto(url);
  await page.getByRole("link", { name: "Log in with Example" }).click();
  await page.getByRole("link", { name: person, exact: true }).click();
}

for (const { person, name, sites, resends, administers } of [
  { person: "ana", name: "Ana Agent", sites: ["demo"], resends: false, administers: false },
  { person: "lea", name: "Lea Lead", sites: ["demo"], resends: true, administers: false },
  { person: "ada", name: "Ada Administrator", sites: ["demo", "globex"], resends: true, administers: true },
]) {
  test(`${name} may see and do what her role allows, and nothing else`, async ({
    page,
    gateway,
    references,
    trouble,
  }) => {
    trouble.expect(/status of 40[34]/);
    await logIn(page, `${gateway.url}/inbox`, person);
    await expect(page.getByRole("heading", { name: "Tickets", exact: true })).toBeVisible();
    await expect(page.getByText(name, { exact: true })).toBeVisible();
    for (const site of ["demo", "globex"]) {
      const isPermitted = sites.includes(site);
      await expect(page.getByRole("link", { name: references[site] })).toHaveCount(isPermitted ? 1 : 0);
      const list = await page.request.get(`${gateway.url}/inbox?site=${site}`);
      expect(list.status(), `the list of ${site}`).toBe(isPermitted ? 200 : 403);
      const ticket = await page.goto(`${gateway.url}/inbox/tickets/${references[site]}`);
      expect(ticket?.status(), `a ticket of ${site}`).toBe(isPermitted ? 200 : 404);
      await page.goto(`${gateway.url}/inbox`);
    }
    const links = page.getByRole("navigation", { name: "Pages of the inbox" });
    await expect(links.getByRole("link", { name: "Audit log" })).toHaveCount(administers ? 1 : 0);
    const status = administers ? 200 : 403;
    for (const path of ["audit", "sessions?of=all", `tickets/${references.demo}/erase`]) {
      const answer = await page.goto(`${gateway.url}/inbox/${path}`);
      expect(answer?.status(), path).toBe(status);
      if (!administers) await expect(page.getByText("Your role does not include this")).toBeVisible();
    }
    const post = (/** @type {string} */ path, /** @type {Record<string, string>} */ form) =>
      page.request.post(`${gateway.url}/inbox/${path}`, {
        form,
        headers: { "sec-fetch-site": "same-origin" },
        maxRedirects: 0,
      });
    expect((await post("deliveries", { all: "yes" })).status()).toBe(resends ? 303 : 403);
    const erased = await post(`tickets/${references.demo}/erase`, { confirm: references.demo });
    expect(erased.status()).toBe(status);
  });
}

test("a login returns to the page that was opened, and an administrator ends it", async ({
  page,
  browser,
  gateway,
  references,
  trouble,
}) => {
  await logIn(page, `${gateway.url}/inbox/tickets/${references.demo}`, "ana");
  await expect(page.getByRole("heading", { name: references.demo })).toBeVisible();
  const cookies = await page.context().cookies(`${gateway.url}/inbox`);
  const ours = cookies.filter(({ name }) => name.includes("deskbell"));
  expect(ours.map(({ name }) => name)).toEqual(["deskbell_inbox"]);
  expect(ours[0]).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/inbox" });

  const administrators = await browser.newContext();
  await trouble.watch(administrators);
  const other = await administrators.newPage();
  await logIn(other, `${gateway.url}/inbox/sessions?of=all`, "ada");
  await other.getByRole("button", { name: /^End ?: .*Ana Agent$/ }).click();
  await expect(other.getByRole("row", { name: /Ana Agent/ })).toHaveCount(0);
  await other.getByRole("link", { name: "Audit log" }).click();
  await expect(other.getByRole("row", { name: /Ada Administrator.*Ended a session of Ana Agent/ })).toBeVisible();
  await expect(other.getByRole("row", { name: /Ana Agent.*Logged in \(Identity provider\)/ })).toBeVisible();
  await administrators.close();

  await page.reload();
  await expect(page.getByRole("heading", { name: "Log in to the inbox" })).toBeVisible();
});

test("somebody without a role is refused, and stays outside", async ({ page, gateway, provider: _, trouble }) => {
  trouble.expect(/status of 403/);
  await logIn(page, `${gateway.url}/inbox`, "eve");
  await expect(page.getByRole("heading", { name: "No access to this inbox" })).toBeVisible();
  await page.goto(`${gateway.url}/inbox`);
  await expect(page.getByRole("heading", { name: "Log in to the inbox" })).toBeVisible();
});

test("a refused login ends the sessions that somebody still has with an earlier role", async ({
  browser,
  page,
  gateway,
  provider,
  trouble,
}) => {
  trouble.expect(/status of 403/);
  await logIn(page, `${gateway.url}/inbox`, "ana");
  await expect(page.getByRole("heading", { name: "Tickets", exact: true })).toBeVisible();
  provider.formerMembers.add("ana");
  await page.reload();
  await expect(
    page.getByRole("heading", { name: "Tickets", exact: true }),
    "nobody has told the gateway",
  ).toBeVisible();
  const other = await browser.newContext();
  const second = await other.newPage();
  await logIn(second, `${gateway.url}/inbox`, "ana");
  await expect(second.getByRole("heading", { name: "No access to this inbox" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Log in to the inbox" })).toBeVisible();
  await other.close();
});

test("a response that the browser did not ask for logs nobody in", async ({
  page,
  browser,
  gateway,
  provider,
  trouble,
}) => {
  trouble.expect(/status of 400/);
  // Somebody else begins a login and passes on the provider's response.
  const theirs = await browser.newContext();
  const other = await theirs.newPage();
  /** @type {string[]} */
  const responses = [];
  other.on("request", (request) => {
    if (request.url().includes("/inbox/login/oidc/callback?")) responses.push(request.url());
  });
  await logIn(other, `${gateway.url}/inbox`, "ada");
  await expect.poll(() => responses.length).toBe(1);
  expect(responses[0]).toContain(`iss=${encodeURIComponent(provider.issuer)}`);
  await theirs.close();
  await page.goto(responses[0]);
  await expect(page.getByText("Please start again")).toBeVisible();
  await page.goto(`${gateway.url}/inbox`);
  await expect(page.getByRole("heading", { name: "Log in to the inbox" })).toBeVisible();
});
