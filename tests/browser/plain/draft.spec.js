import { expect, test } from "../deskbell.js";
import { drafts, readStore } from "../drafts.js";
import { Panel } from "../panel.js";

// Drafts are restored, whatever has happened to the page.

/** @typedef {any} Any */

/** From here on the device stores no drafts, and none is deleted. @param {import("@playwright/test").Page} page */
const refuseDrafts = (page) =>
  page.evaluate(() => {
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (names, ...rest) {
      if (`${names}` == "drafts") throw new DOMException("no", "QuotaExceededError");
      return transaction.call(this, names, ...rest);
    };
  });

/** Rejects tickets. @param {import("@playwright/test").Page} page */
const rejectTickets = (page) =>
  page.route("**/tickets", (route) => {
    if (route.request().method() != "POST") return route.continue();
    const problem = {
      status: 422,
      code: "invalid",
      title: "no",
      errors: [{ pointer: "/topic", detail: "is unknown" }],
    };
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    return route.fulfill({ status: 422, headers, body: JSON.stringify(problem) });
  });

/** @param {import("@playwright/test").Page} page @param {string} name @param {...unknown} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

test("keeps the text, the choices and the snapshot through a reload", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/broken \d/);
  await host();
  await page.getByRole("button", { name: "Break", exact: true }).click();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("It broke, and I wrote");
  await panel.kind("bug").check({ force: true });
  await panel.severity.selectOption("critical");
  // Typed last, so that the stored draft has all of it.
  await panel.box.pressSequentially(" this");
  await expect.poll(() => drafts(page)).toEqual(["It broke, and I wrote this"]);

  await page.reload();
  await panel.open();
  await expect(panel.box).toHaveValue("It broke, and I wrote this");
  await panel.toTicket();
  await expect(panel.kind("bug")).toBeChecked();
  await expect(panel.severity).toHaveValue("critical");
  await panel.send();
  const [ticket] = await tickets();
  expect(ticket).toMatchObject({ message: "It broke, and I wrote this", kind: "bug", severity: "critical" });
  expect(ticket.context.errors.map((/** @type {Any} */ error) => error.message)).toEqual(["broken 1"]);

  await expect.poll(() => drafts(page)).toEqual([]);
  await page.reload();
  await panel.open();
  await expect(panel.box).toHaveValue("");
});

test("keeps contact details, read questions and custom fields through a reload", async ({
  gateway,
  host,
  page,
  panel,
  tickets,
}) => {
  await gateway.stop();
  await gateway.start(`[sites.demo]
origins = ["*"]
[[sites.demo.panel.fields]]
id = "order"
label = "Order number"
type = "text"
`);
  await host({ path: "/?signed-out" });
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hits.first().click();
  await panel.button("Still need help").click();
  await panel.name.fill("Grace");
  await panel.email.fill("grace@host.example");
  const order = panel.root.getByLabel("Order number (optional)");
  await order.fill("A-7");
  await panel.box.pressSequentially(" again");
  await expect.poll(() => drafts(page)).toEqual(["export chart again"]);

  await page.reload();
  await panel.open();
  await expect(panel.box).toHaveValue("export chart again");
  await panel.toTicket();
  await expect(panel.name).toHaveValue("Grace");
  await expect(panel.email).toHaveValue("grace@host.example");
  await expect(order).toHaveValue("A-7");
  await panel.send();
  const [ticket] = await tickets();
  expect(ticket).toMatchObject({
    contact: { name: "Grace", email: "grace@host.example" },
    fields: { order: "A-7" },
  });
  expect(ticket.questions).toContainEqual(expect.objectContaining({ outcome: "unhelpful" }));
});

test("keeps every version when several tabs continue the same draft", async ({ context, host, page, panel }) => {
  const site = await host();
  await panel.open();
  await panel.box.fill("First");
  await expect.poll(() => drafts(page)).toEqual(["First"]);
  for (const text of ["Second", "Third"]) {
    const tab = await context.newPage();
    await tab.goto(site.url);
    const otherPanel = new Panel(tab);
    await otherPanel.open();
    await expect(otherPanel.box).not.toHaveValue("");
    await otherPanel.box.fill(text);
    await expect.poll(() => drafts(page)).toContain(text);
    await panel.box.press("End");
    await panel.box.pressSequentially("!");
    await expect.poll(() => drafts(page)).toContain(await panel.box.inputValue());
    await tab.close();
  }
  expect(await drafts(page)).toEqual(["First!!", "Second", "Third"]);
});

test("clears the text in other tabs once one has sent it", async ({ context, host, page, panel, tickets }) => {
  const site = await host();
  await panel.open();
  await panel.box.fill("In both tabs");
  await expect.poll(() => drafts(page)).toEqual(["In both tabs"]);
  const second = await context.newPage();
  await second.goto(site.url);
  const otherPanel = new Panel(second);
  await otherPanel.open();
  await expect(otherPanel.box).toHaveValue("In both tabs");
  await panel.toTicket();
  await panel.send();
  await expect(otherPanel.box).toHaveValue("");
  expect(await tickets()).toHaveLength(1);
});

test("restores the newer text of two tabs, and offers the other", async ({ context, host, page, panel }) => {
  const site = await host();
  await panel.open();
  await panel.box.fill("Begun in the first tab");
  await expect.poll(() => drafts(page)).toEqual(["Begun in the first tab"]);
  const second = await context.newPage();
  await second.goto(site.url);
  const otherPanel = new Panel(second);
  await otherPanel.open();
  await expect(otherPanel.box).toHaveValue("Begun in the first tab");
  await otherPanel.box.fill("Gone on with in the second");
  await expect.poll(() => drafts(page)).toEqual(["Gone on with in the second"]);
  await panel.box.fill("Gone on with in the first");
  await expect.poll(() => drafts(page)).toEqual(["Gone on with in the first", "Gone on with in the second"]);

  await second.reload();
  await otherPanel.open();
  await expect(otherPanel.box).toHaveValue("Gone on with in the first");
  await expect(otherPanel.root.getByText("You also have another unsent message.")).toBeVisible();
  await otherPanel.button("Switch to it").click();
  await expect(otherPanel.box).toHaveValue("Gone on with in the second");
  await otherPanel.button("Switch to it").click();
  await expect(otherPanel.box).toHaveValue("Gone on with in the first");
});

test("shows a draft only to its writer, and deletes only the current user's on a reset", async ({
  host,
  page,
  panel,
}) => {
  await host();
  await panel.open();
  await panel.box.fill("Ada's words");
  await expect.poll(() => drafts(page)).toEqual(["Ada's words"]);
  await page.goto(`${page.url()}?signed-out`);
  await command(page, "identify", { id: "u-2", name: "Bob", email: "bob@example.com" });
  await panel.open();
  await expect(panel.root.locator(".foot button")).toBeVisible();
  await panel.box.fill("Bob's words");
  await expect.poll(() => drafts(page)).toEqual(["Ada's words", "Bob's words"]);
  await command(page, "reset");
  await expect.poll(() => drafts(page)).toEqual(["Ada's words"]);
  await expect(panel.box).toHaveValue("");
});

/** Writes a draft with a file. @param {Panel} panel @param {import("@playwright/test").Page} page */
const write = async (panel, page) => {
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Nobody else's business");
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (await chooser).setFiles({ name: "private.log", mimeType: "text/plain", buffer: Buffer.from("a line\n") });
  await expect.poll(() => drafts(page)).toEqual(["Nobody else's business"]);
  await expect.poll(async () => (await readStore(page, "files")).length).toBe(1);
};

/**
 * Expects that the draft is gone, both from the device and for the same user in a new panel.
 * @param {Panel} panel @param {import("@playwright/test").Page} page @param {string} url
 */
const expectForgotten = async (panel, page, url) => {
  await page.goto(url);
  await panel.open();
  // The module that stores drafts has loaded by the time another one is stored.
  await panel.box.press("End");
  await panel.box.pressSequentially("new");
  await expect.poll(() => drafts(page)).toEqual(["new"]);
  await expect(panel.box).toHaveValue("new");
  await expect(panel.root.getByText("You also have another unsent message.")).toHaveCount(0);
  expect(await readStore(page, "files")).toEqual([]);
};

for (const [condition, view] of /** @type {const} */ ([
  ["where help was not opened", "/"],
  ["where nobody was identified", "/?signed-out"],
])) {
  test(`a reset deletes the draft on a page ${condition}`, async ({ host, page, panel }) => {
    const site = await host();
    await write(panel, page);
    await page.goto(site.url + view);
    await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
    await command(page, "reset");
    await expect.poll(() => drafts(page)).toEqual([]);
    await expect.poll(() => readStore(page, "files")).toEqual([]);
    await expectForgotten(panel, page, site.url);
  });

  test(`a reset on a page ${condition} takes effect later if nothing can be fetched`, async ({
    host,
    page,
    panel,
    trouble,
  }) => {
    trouble.expect(/ERR_FAILED|Failed to load/);
    const site = await host();
    await write(panel, page);
    await page.route("**/deskbell-*/**", (route) => route.abort());
    await page.goto(site.url + view);
    await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
    await command(page, "reset");
    expect(await drafts(page)).toEqual(["Nobody else's business"]);
    await page.unroute("**/deskbell-*/**");
    await expectForgotten(panel, page, site.url);
  });
}

test("a reset resolves and takes effect later if the widget never loads", async ({ host, page, panel }) => {
  const site = await host();
  await write(panel, page);
  await page.route("**/deskbell-*/widget.js", () => {});
  await page.goto(site.url);
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await command(page, "reset");
  expect(await drafts(page)).toEqual(["Nobody else's business"]);
  await page.unroute("**/deskbell-*/widget.js");
  await expectForgotten(panel, page, site.url);
});

test("a reset deletes a draft that was written before the user was identified", async ({ host, page, panel }) => {
  const site = await host({ path: "/?signed-out" });
  await write(panel, page);
  await page.goto(site.url);
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await command(page, "reset");
  await expect.poll(() => drafts(page)).toEqual([]);
  await expectForgotten(panel, page, `${site.url}/?signed-out`);
});

test("a reset deletes the draft while tickets are followed and help is closed", async ({ host, page, panel }) => {
  const site = await host();
  await panel.open();
  await panel.sendTicket("It broke");
  await panel.button("Done").click();
  await write(panel, page);
  const streamRequest = page.waitForRequest("**/tickets/stream");
  await page.reload();
  await streamRequest;
  await command(page, "reset");
  await expect.poll(() => drafts(page)).toEqual([]);
  await expectForgotten(panel, page, site.url);
});

test("does not restore a draft that is older than a week", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("Long ago");
  await expect.poll(() => drafts(page)).toEqual(["Long ago"]);
  await page.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 7 * 86_400_000 + 1000;
  });
  await page.reload();
  await panel.open();
  await expect.poll(() => drafts(page)).toEqual([]);
  await expect(panel.box).toHaveValue("");
});

test("warns that the browser cannot save drafts, and still sends the ticket", async ({ host, page, panel }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("forbidden", "SecurityError");
    };
  });
  await host();
  await panel.open();
  await panel.box.fill("Only here");
  await expect(panel.root.getByText("This browser can't save drafts.")).toBeVisible();
  await panel.toTicket();
  await panel.send();
});

test("a text from before a user was identified is on the device at every moment while it becomes theirs", async ({
  host,
  page,
  panel,
}) => {
  await host({ path: "/?signed-out" });
  await panel.open();
  await panel.box.fill("Written before the login");
  await expect.poll(() => drafts(page)).toEqual(["Written before the login"]);
  // As if the page were gone after the first transaction.
  await page.evaluate(() => {
    const { transaction } = IDBDatabase.prototype;
    let begun = 0;
    IDBDatabase.prototype.transaction = function (names, mode, ...rest) {
      if (mode == "readwrite" && [names].flat().includes("drafts") && (begun += 1) > 1) throw new Error("gone");
      return transaction.call(this, names, mode, ...rest);
    };
  });
  await command(page, "identify", { id: "u-2" });
  await expect(panel.box).toHaveValue("Written before the login");
  await page.reload();
  await command(page, "identify", { id: "u-2" });
  await panel.open();
  await expect(panel.box).toHaveValue("Written before the login");
});

test("a rejected ticket stays in the outbox until the device has it as a draft", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/Failed to load/);
  await host();
  await rejectTickets(page);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Rejected");
  await expect.poll(() => drafts(page)).toEqual(["Rejected"]);
  await refuseDrafts(page);
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("Support couldn't accept the ticket");
  await expect(panel.box).toHaveValue("Rejected");
  expect((await readStore(page, "outbox")).map(({ text }) => text)).toEqual(["Rejected"]);
  await page.reload();
  await panel.open();
  await panel.button("1 message not sent yet").click();
  await panel.button("Edit").click();
  await expect(panel.box).toHaveValue("Rejected");
  await expect.poll(() => drafts(page)).toEqual(["Rejected"]);
  await expect.poll(() => readStore(page, "outbox")).toEqual([]);
});

test("a rejected ticket that is edited stays in the outbox if the device cannot store the draft", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await host();
  await page.route("**/tickets", (route) => (route.request().method() == "POST" ? route.abort() : route.continue()));
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Rejected later");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await page.unroute("**/tickets");
  await rejectTickets(page);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect(panel.button("Edit")).toBeVisible();
  await refuseDrafts(page);
  await panel.button("Edit").click();
  await expect(panel.box).toHaveValue("Rejected later");
  await expect(panel.root.getByText("This browser can't save drafts.")).toBeVisible();
  expect((await readStore(page, "outbox")).map(({ text }) => text)).toEqual(["Rejected later"]);
});

test("the text of the simple form stays where it is if the device cannot store it as a draft", async ({
  host,
  page,
  panel,
}) => {
  await host({ path: "/?signed-out" });
  const place = "deskbell:demo:plain:";
  await page.evaluate(
    (place) => (localStorage[place] = JSON.stringify({ text: "From the simple form", at: Date.now() })),
    place,
  );
  await refuseDrafts(page);
  await panel.open();
  await expect(panel.box).toHaveValue("From the simple form");
  await expect(panel.root.getByText("This browser can't save drafts.")).toBeVisible();
  expect(await page.evaluate((place) => localStorage[place], place)).toContain("From the simple form");
});
