import { expect, test } from "../deskbell.js";

// What a site adds: incidents, custom fields and channels for its plans. And robots.

/** @typedef {any} Any */

const FIELDS = `
[sites.demo]
origins = ["*"]
[[sites.demo.panel.fields]]
id = "seats"
label = "Seats"
type = "number"
needed = true
kinds = ["bug"]
[[sites.demo.panel.fields]]
id = "region"
label = "Region"
type = "choice"
choices = [{ id = "eu", label = "Europe" }, "Asia"]
[[sites.demo.panel.fields]]
id = "prod"
label = "In production"
type = "yes_no"
[[sites.demo.panel.fields]]
id = "note"
label = "Order number"
type = "text"
`;

/** @param {import("@playwright/test").Page} page @param {string} name @param {...unknown} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

test.describe("custom fields", () => {
  test("follow a change of language and keep their answers", async ({ gateway, host, page, panel }) => {
    await gateway.stop();
    await gateway.start(FIELDS);
    await host();
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("Zxqv wkjh");
    await panel.root.getByLabel("Order number (optional)").fill("A 12");
    await command(page, "configure", { lang: "de" });
    await expect(panel.button("Senden")).toBeVisible();
    await expect(panel.root.getByLabel("Region (optional)")).toContainText("Bitte wählen");
    await expect(panel.root.getByLabel("Order number (optional)")).toHaveValue("A 12");
    await expect(panel.root.getByRole("button", { name: "Datei hinzufügen" })).toBeVisible();
  });

  test("are asked for although Send was pressed before the configuration came", async ({
    gateway,
    host,
    page,
    panel,
    tickets,
  }) => {
    await gateway.stop();
    await gateway.start(FIELDS);
    await host();
    /** @type {() => void} */
    let release = () => {};
    const gate = new Promise((done) => (release = () => done(undefined)));
    await page.route("**/config", async (route) => {
      await gate;
      await route.continue();
    });
    await panel.open();
    await panel.toTicket();
    await panel.kind("bug").check({ force: true });
    await panel.box.fill("x");
    await panel.button("Send").click();
    await expect(panel.button("Sending…")).toBeVisible();
    release();
    await expect(panel.root.locator("#field-seats-error")).toHaveText("Please answer this.");
    expect(await tickets()).toEqual([]);
  });

  test("are shown once the configuration comes after its first request failed", async ({
    gateway,
    host,
    page,
    panel,
    trouble,
  }) => {
    trouble.expect(/Failed to load|ERR_FAILED/);
    await gateway.stop();
    await gateway.start(FIELDS);
    await host();
    let requests = 0;
    await page.route("**/config", (route) => (requests++ ? route.continue() : route.abort()));
    await panel.open();
    await panel.toTicket();
    await expect(panel.root.getByLabel("Region (optional)")).toBeVisible();
  });

  test("appear by kind, are checked before sending, sent once and shown to agents", async ({
    host,
    panel,
    gateway,
    tickets,
    inbox,
  }) => {
    await gateway.stop();
    await gateway.start(FIELDS);
    await host();
    await panel.open();
    await panel.toTicket();
    const seats = panel.root.getByLabel("Seats", { exact: true });
    const region = panel.root.getByLabel("Region (optional)");
    await expect(region).toBeVisible();
    await expect(seats).toHaveCount(0);
    await panel.kind("bug").check({ force: true });
    await expect(seats).toBeVisible();

    // Too short to be searched for, or the number of hits would be announced after the missing fields.
    await panel.box.fill("x");
    await panel.button("Send").click();
    await expect(panel.root.locator("#field-seats-error")).toHaveText("Please answer this.");
    await expect(seats).toBeFocused();
    await expect(panel.live).toHaveText("Please answer this.");
    await seats.fill("twelve");
    await panel.button("Send").click();
    await expect(panel.root.locator("#field-seats-error")).toHaveText("Please enter a number, such as 12 or 1.5.");
    await expect(seats).toHaveAttribute("aria-invalid", "true");
    await seats.fill("12");
    await region.selectOption("Europe");
    await panel.root.getByLabel("In production (optional)").check();

    await panel.button("Review").click();
    await expect(panel.title).toHaveText("What we send");
    await panel.root.locator("#sends section", { hasText: "With your message" }).locator("summary").click();
    await expect(panel.root.locator("#sends")).toContainText("seats");
    await panel.button("Back").click();
    await expect(seats).toHaveValue("12");
    await expect(region).toHaveValue("eu");

    const reference = await panel.send();
    const [ticket] = await tickets();
    expect(ticket.fields).toEqual({ seats: "12", region: "eu", prod: true });
    expect(ticket.website).toBeUndefined();
    const card = (await inbox(reference)).getByRole("region", { name: "Fields" });
    await expect(card).toContainText("Seats12RegionEuropeIn productionYes");

    await panel.button("Done").click();
    await panel.open();
    await panel.toTicket();
    await expect(region).toHaveValue("");
  });

  test("can be set by the page, which gets a warning about an invalid one", async ({ host, page, panel }) => {
    await host();
    const warning = page.waitForEvent("console", (message) => message.text().includes("fields: "));
    await command(page, "configure", { fields: [{ id: "a b", label: "x", type: "text" }] });
    await panel.open();
    await panel.toTicket();
    expect((await warning).text()).toContain('fields: "a b" is not an id');
    await command(page, "configure", { fields: [{ id: "order", label: "Order", type: "text" }] });
    await expect(panel.root.getByLabel("Order (optional)")).toBeVisible();
  });

  test("do not prevent sending if they fail to load", async ({ host, page, panel, gateway, trouble, tickets }) => {
    trouble.expect(/ERR_FAILED|Failed to load/);
    await gateway.stop();
    await gateway.start(FIELDS);
    await page.route("**/screens.wasm", (route) => route.abort());
    await host();
    await panel.open();
    await panel.toTicket();
    await panel.kind("bug").check({ force: true });
    await panel.box.fill("It is broken");
    await panel.send();
    expect((await tickets())[0].fields).toBeUndefined();
  });
});

test("shows an incident above everything, and counts an affected customer by one press", async ({
  host,
  page,
  panel,
  gateway,
  inbox,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED/);
  await gateway.stop();
  await gateway.start(`
[sites.demo]
origins = ["*"]
[sites.demo.incidents]
say = "Queries are slow <b>now</b>"
url = "https://status.example.com/"
`);
  await host();
  await panel.open();
  const notice = panel.root.locator(".notices section");
  await expect(notice).toContainText("Incident Queries are slow <b>now</b>");
  const [above, box] = [await notice.boundingBox(), await panel.box.boundingBox()];
  expect((above?.y ?? 0) + (above?.height ?? 0)).toBeLessThanOrEqual(box?.y ?? 0);
  await expect(notice.getByRole("link")).toHaveAttribute("href", "https://status.example.com/");

  await page.route("**/incidents", (route) => (route.request().method() == "POST" ? route.abort() : route.fallback()));
  await notice.getByRole("button", { name: "I'm affected too" }).click();
  await expect(notice).toContainText("We couldn't reach support.");
  await page.unroute("**/incidents");
  await notice.getByRole("button", { name: "I'm affected too" }).click();
  await expect(notice).toContainText("Noted. You don't need to send a ticket.");
  await expect(notice).toContainText("1 affected");
  await expect(panel.live).toHaveText("Noted. You don't need to send a ticket.");
  await expect((await inbox()).getByText("1 customer affected")).toBeVisible();

  // The incident stays on every screen, and the press creates no ticket.
  await panel.toTicket();
  await expect(notice).toBeVisible();
  await expect((await inbox()).locator("a.reference")).toHaveCount(0);
});

test("shows maintenance without asking who is affected", async ({ host, panel, gateway }) => {
  await gateway.stop();
  await gateway.start(`
[sites.demo]
origins = ["*"]
incidents = { say = "New disks until 10:00", kind = "maintenance" }
`);
  await host();
  await panel.open();
  await expect(panel.root.locator(".notices section")).toHaveText("Maintenance New disks until 10:00");
});

test("shows a channel only to customers of its plan, and links to everybody", async ({ host, page, panel }) => {
  await host();
  await command(page, "configure", {
    channels: [
      { kind: "slack", label: "Your channel in Slack", url: "https://x.slack.com/", plans: ["enterprise"] },
      { kind: "discord", label: "Discord", url: "https://discord.example/" },
    ],
    links: [{ label: "Docs", url: "https://docs.example/" }],
  });
  await command(page, "identify", { id: "u-1", name: "Ada", email: "ada@example.com", plan: "free" });
  await panel.open();
  const links = panel.root.locator(".links a");
  await expect(links).toHaveText(["Discord", "Docs"]);
  await command(page, "identify", { id: "u-1", name: "Ada", email: "ada@example.com", plan: "enterprise" });
  await expect(links).toHaveText(["Your channel in Slack", "Discord", "Docs"]);
});

test("accepts and marks a ticket whose invisible field is filled in", async ({ host, page, panel, inbox }) => {
  await host();
  await panel.open();
  const trap = panel.root.locator("[name=db-more]");
  await expect(trap).toHaveCount(1);
  // Neither the keyboard nor a screen reader reaches it.
  expect(await trap.evaluate((input) => [/** @type {Any} */ (input).tabIndex, input.ariaHidden])).toEqual([-1, "true"]);
  await trap.evaluate((input) => /** @type {Any} */ (input.value = "https://spam.example"));
  const reference = await panel.sendTicket("Buy this");
  const list = await inbox();
  await expect(list.getByRole("row", { name: reference }).getByText("Robot?")).toBeVisible();
  await expect((await inbox(reference)).getByText("Robot?")).toBeVisible();
});
