import { readFile } from "node:fs/promises";
import path from "node:path";
import { dist } from "../gateway.js";
import { expect, expectAccessible, posts, test } from "./direct.js";

// What a page without a gateway must configure and allow, and what it lacks.

const DOWN =
  /Failed to load resource|ERR_FAILED|ERR_EMPTY|ERR_CONNECTION|ERR_CONTENT|ERR_INCOMPLETE|ERR_INTERNET|CORS policy/;

/** The warnings in the console. @param {import("@playwright/test").Page} page */
const collectWarnings = (page) => {
  /** @type {string[]} */
  const all = [];
  page.on("console", (message) => {
    if (message.type() === "warning") all.push(message.text());
  });
  return all;
};

test("neither searches nor mentions searching without sources", async ({ page, panel, visit, otherRequests }) => {
  await visit();
  /** @type {string[]} */
  const paths = [];
  page.on("request", (request) => paths.push(new URL(request.url()).pathname));
  await panel.open();
  await panel.box.fill("change my plan");
  await expect(panel.root.getByText("We couldn't search")).toHaveCount(0);
  await panel.ticketButton.click();
  await expect(panel.severity).toBeVisible();
  await expect(panel.root.getByText("Answers that may help appear here as you write.")).toHaveCount(0);
  await panel.button("Review").first().click();
  await expect(panel.root.locator("#sends")).toContainText("This is sent with your ticket.");
  await expect(panel.root.getByText("Search while I type")).toHaveCount(0);
  expect(paths.filter((name) => !name.startsWith("/deskbell"))).toEqual([]);
  expect(otherRequests).toEqual([]);
});

test("searches an index without a gateway, and sends read questions with the ticket", async ({
  gateway,
  page,
  panel,
  visit,
  zendesk,
  otherRequests,
}) => {
  const index = await gateway.index();
  await page.route("**/help-index.json", (route) => route.fulfill({ body: index, contentType: "application/json" }));
  const script =
    'deskbell("configure", { sources: [{ engine: "gateway" }, { engine: "index", url: "/help-index.json" }] });';
  await visit({ script });
  await panel.open();
  await panel.box.fill("exporting charts fails");
  await panel.hits.first().click();
  await expect(panel.answers.first()).toBeVisible();
  await panel.button("Still need help").click();
  await panel.button("Send").click();
  await expect(panel.root.getByRole("heading", { name: "Ticket sent" })).toBeVisible();
  const { tickets } = await zendesk.state();
  expect(tickets[0].comments[0].body).toMatch(/Questions seen:\n(- .*\n)*- Export chart fails.* \(unhelpful\)/);
  expect(otherRequests).toEqual([]);
});

test("works under the minimal policy", async ({ panel, visit, zendesk }) => {
  const csp = [
    "default-src 'none'",
    "script-src 'nonce-host' 'self' 'wasm-unsafe-eval'",
    `connect-src 'self' ${zendesk.url}`,
    "style-src 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  await visit({ csp });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Under a policy");
  await panel.button("Send").click();
  await expect(panel.root.getByRole("heading", { name: "Ticket sent" })).toBeVisible();
  expect(await posts(zendesk)).toHaveLength(1);
});

for (const destination of ["zendesk:acme-2", "zendesk:acme-2.zendesk.com"])
  test(`${destination} sends to the account's host`, async ({ page, panel, visit, otherRequests }) => {
    await page.route("https://acme-2.zendesk.com/**", (route) => {
      const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "content-type" };
      const upload = route.request().url().includes("/uploads.json");
      const json = upload ? { upload: { token: "t" } } : { request: { id: 7 } };
      return route.fulfill({ status: 201, headers, json });
    });
    await visit({ destination });
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("Far away");
    await panel.button("Send").click();
    await expect(panel.reference).toHaveText("Ticket #7");
    const urls = otherRequests.map((url) => url.split("?")[0]);
    expect(new Set(urls)).toEqual(
      new Set(["https://acme-2.zendesk.com/api/v2/uploads.json", "https://acme-2.zendesk.com/api/v2/requests.json"]),
    );
  });

test("uses the destination if a gateway is set as well", async ({ gateway, panel, visit, zendesk, otherRequests }) => {
  await visit({ fill: { attributes: `data-gateway="${gateway.url}"` } });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Both are named");
  await panel.button("Send").click();
  await expect(panel.root.getByRole("heading", { name: "Ticket sent" })).toBeVisible();
  expect(await posts(zendesk)).toHaveLength(1);
  expect(otherRequests).toEqual([]);
});

for (const destination of [
  "acme",
  "zendesk:",
  "zendesk:Acme",
  `zendesk:${"a".repeat(64)}`,
  "zendesk:http://acme.example",
])
  test(`${destination.slice(0, 30)} is rejected with a warning that names valid destinations`, async ({
    page,
    panel,
    visit,
    trouble,
  }) => {
    trouble.expect(DOWN);
    const lines = collectWarnings(page);
    await visit({ destination });
    await panel.open();
    expect(lines.filter((text) => text.includes("data-destination"))).toEqual([
      `deskbell: data-destination: "${destination}" is none; zendesk:SUBDOMAIN (1 to 63 of a-z, 0-9 and -) or zendesk:https://HOST`,
    ]);
  });

test("offers an e-mail and sends nothing if WebAssembly is forbidden", async ({
  page,
  panel,
  visit,
  zendesk,
  trouble,
  otherRequests,
}) => {
  trouble.expect(/wasm-eval|WebAssembly|wasm code generation/i);
  const csp = `default-src 'none'; script-src 'nonce-host' 'self'; connect-src 'self' ${zendesk.url}; style-src 'none'`;
  await visit({ csp });
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.root.getByRole("alert")).toHaveText("Help isn't available right now.");
  await panel.box.fill("By mail then");
  const link = panel.root.getByRole("link", { name: "help@host.example" });
  expect(await link.getAttribute("href")).toContain("By%20mail%20then");
  await expectAccessible(page);
  expect(await zendesk.requestsTo("/api")).toEqual([]);
  expect(otherRequests).toEqual([]);
});

test("a page with a gateway never fetches the code for Zendesk", async ({ host, page, panel }) => {
  /** @type {string[]} */
  const urls = [];
  page.on("request", (request) => urls.push(request.url()));
  await host({ folder: "plain" });
  await panel.open();
  await panel.sendTicket("By the gateway");
  expect(urls.filter((url) => url.includes("zendesk"))).toEqual([]);
  const shipped = await readFile(path.join(dist, "deskbell.js"), "utf8");
  expect(shipped).not.toContain("zendesk");
});
