import { sign } from "../../../docs/sign/sign.mjs";
import { expect, test } from "../deskbell.js";
import { drafts, readStore } from "../drafts.js";
import { SEND_MS, TOKEN_MS, withoutLimit } from "../limits.js";

// What began for one user, draft or screen never ends up with the next one, however late it finishes.

const SECRET = "0123456789abcdef0123456789abcdef";
const SETTINGS = `
[sites.demo]
origins = ["*"]
plans = { enterprise = "high" }
[sites.demo.hours]
zone = "UTC"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "00:00"
to = "24:00"
[[sites.demo.signers]]
algorithm = "HS256"
secret = "${SECRET}"
`;
const ADA = sign(SECRET, "demo", { sub: "u-ada", name: "Ada", email: "ada@example.com", plan: "enterprise" });
const BEN = sign(SECRET, "demo", { sub: "u-ben", name: "Ben", email: "ben@example.com" });

/** @typedef {any} Any */

test.use({ settings: SETTINGS });

/** @param {import("@playwright/test").Page} page @param {string} name @param {...unknown} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

for (const [when, isHeld] of /** @type {const} */ ([
  ["in the same moment", false],
  ["while its first call still runs", true],
]))
  test(`calls the same token function again if another user logs in ${when}`, async ({
    host,
    page,
    panel,
    tickets,
  }) => {
    await withoutLimit(page, TOKEN_MS);
    await host({ path: "/?signed-out" });
    await page.evaluate(([ada, isHeld]) => {
      const win = /** @type {Any} */ (window);
      win.jwt = ada;
      win.calls = 0;
      win.token = async () => {
        const { jwt } = win;
        win.calls += 1;
        if (isHeld && win.calls == 1) await new Promise((go) => (win.release = go));
        return jwt;
      };
      void win.deskbell("identify", { token: win.token });
    }, /** @type {const} */ ([ADA, isHeld]));
    await panel.open();
    await expect.poll(() => page.evaluate(() => /** @type {Any} */ (window).calls)).toBe(1);
    if (!isHeld) {
      await panel.toTicket();
      await expect(panel.root.getByText("Sending as ada@example.com.")).toBeVisible();
    }
    await page.evaluate((ben) => {
      const win = /** @type {Any} */ (window);
      win.jwt = ben;
      void win.deskbell("reset");
      void win.deskbell("identify", { token: win.token });
      win.release?.();
    }, BEN);
    await panel.toTicket();
    await expect(panel.root.getByText("Sending as ben@example.com.")).toBeVisible();
    await panel.box.fill("Ben's words");
    await panel.send();
    expect((await tickets()).map(({ context }) => context.user.id)).toEqual(["u-ben"]);
  });

test("a text that is written while the host's function runs belongs to the user whom it identifies", async ({
  host,
  page,
  panel,
}) => {
  await withoutLimit(page, TOKEN_MS);
  await host({ path: "/?signed-out" });
  await command(page, "identify", { token: ADA });
  await panel.open();
  await expect(panel.ticketButton).toBeVisible();
  await page.evaluate(() => {
    const win = /** @type {Any} */ (window);
    void win.deskbell("identify", { token: () => new Promise((resolve) => (win.resolve = resolve)) });
  });
  await panel.box.fill("Ben's words");
  await expect.poll(() => drafts(page)).toEqual(["Ben's words"]);
  await page.waitForFunction(() => /** @type {Any} */ (window).resolve);
  await page.evaluate((ben) => /** @type {Any} */ (window).resolve(ben), BEN);
  await expect.poll(() => drafts(page)).toEqual(["Ben's words"]);
  await expect(panel.box).toHaveValue("Ben's words");
  await command(page, "identify", { token: ADA });
  await expect(panel.box).toHaveValue("");
  await command(page, "identify", { token: BEN });
  await expect(panel.box).toHaveValue("Ben's words");
});

test("a draft that is restored while the host's function runs stays its author's", async ({ host, page, panel }) => {
  await withoutLimit(page, TOKEN_MS);
  await host({ path: "/?signed-out" });
  await command(page, "identify", { token: ADA });
  await panel.open();
  await expect(panel.ticketButton).toBeVisible();
  await panel.box.fill("Ada's words");
  await expect.poll(() => drafts(page)).toEqual(["Ada's words"]);
  await page.reload();
  await command(page, "identify", { token: ADA });
  await page.route("**/modules.js", async (route) => {
    // Identified while the box is still empty.
    await page.evaluate(() => {
      const win = /** @type {Any} */ (window);
      void win.deskbell("identify", { token: () => new Promise((resolve) => (win.resolve = resolve)) });
    });
    await route.continue();
  });
  await panel.open();
  await expect(panel.box).toHaveValue("Ada's words");
  await page.evaluate((ben) => /** @type {Any} */ (window).resolve(ben), BEN);
  await expect(panel.box).toHaveValue("");
  expect(await drafts(page)).toEqual(["Ada's words"]);
});

test("shows nobody the receipt of what an earlier user has sent", async ({ host, page, panel, tickets, trouble }) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await host({ path: "/?signed-out" });
  let blocked = /./;
  await page.route("**/tickets", (route) =>
    blocked.test(route.request().postData() ?? "") ? route.abort() : route.continue(),
  );
  for (const [token, text] of /** @type {const} */ ([
    [ADA, "Ada's words"],
    [BEN, "Ben's words"],
  ])) {
    await command(page, "reset");
    await command(page, "identify", { token });
    await panel.open();
    await panel.toTicket();
    await panel.box.fill(text);
    await panel.button("Send").click();
    await expect(panel.title).toHaveText("Not sent yet");
    if (token == ADA) await panel.button("Close").click();
  }
  // Now Ada's arrives, and then Ben's.
  blocked = /Ben's words/;
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect.poll(async () => (await tickets()).length).toBe(1);
  await expect.poll(async () => (await readStore(page, "outbox")).length).toBe(1);
  blocked = /^never$/;
  await panel.again();
  const [receipt, all] = [await panel.reference.textContent(), await tickets()];
  expect(receipt).toContain(all.find(({ message }) => message == "Ben's words").reference);
});

test("what was added to a ticket is no draft any more, and cannot be changed meanwhile", async ({
  host,
  page,
  panel,
}) => {
  await withoutLimit(page, SEND_MS);
  await host();
  await panel.open();
  await panel.sendTicket("The export of my dashboard stops and the file stays empty");
  await panel.button("Done").click();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("dashboard export: the file is empty again");
  await expect.poll(() => drafts(page)).toEqual(["dashboard export: the file is empty again"]);
  await panel.button("Send").click();
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/messages", (route) =>
    route.request().method() == "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  await panel.root.getByRole("button", { name: "Add to this ticket" }).click();
  await expect.poll(() => releases.length).toBe(1);
  await expect(panel.box).not.toBeEditable();
  for (const go of releases) go();
  await expect(panel.root.locator(".messages article")).toHaveText([/stays empty/, /the file is empty again/]);
  await expect.poll(() => drafts(page)).toEqual([]);
});

test("what is being added to a ticket is not sent as another, whatever is opened meanwhile", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.sendTicket("The export of my dashboard stops and the file stays empty");
  await panel.button("Done").click();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("dashboard export: the file is empty again");
  await panel.button("Send").click();
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/messages", (route) =>
    route.request().method() == "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  await panel.root.getByRole("button", { name: "Add to this ticket" }).click();
  await expect.poll(() => releases.length).toBe(1);
  await panel.button("Review").click();
  await expect(panel.title).toHaveText("What we send");
  await expect(panel.button("Back")).toBeHidden();
  for (const go of releases) go();
  await expect(panel.root.locator(".messages article")).toHaveText([/stays empty/, /the file is empty again/]);
  await expect.poll(() => drafts(page)).toEqual([]);
  expect(await tickets()).toHaveLength(1);
});

test("what is being sent as a new ticket is not added to another as well", async ({ host, page, panel, tickets }) => {
  await host();
  await panel.open();
  await panel.sendTicket("The export of my dashboard stops and the file stays empty");
  await panel.button("Done").click();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("dashboard export: the file is empty again");
  await panel.button("Send").click();
  /** @type {(() => void)[]} */
  const releases = [];
  let replies = 0;
  await page.route("**/tickets", (route) =>
    route.request().method() == "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  page.on("request", (request) => {
    if (request.method() == "POST" && request.url().endsWith("/messages")) replies += 1;
  });
  await panel.button("Send as a new ticket").click();
  await expect.poll(() => releases.length).toBe(1);
  await panel.root.getByRole("button", { name: "Add to this ticket" }).click();
  for (const go of releases) go();
  await panel.received();
  expect(await tickets()).toHaveLength(2);
  expect(replies).toBe(0);
});

test("a question that solves something else while a ticket is sent does not end it", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("export chart");
  await expect(panel.hits.first()).toBeVisible();
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/tickets", (route) =>
    route.request().method() == "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  await panel.button("Send").click();
  await expect.poll(() => releases.length).toBe(1);
  await panel.hits.first().click();
  await panel.button("Solved it").click();
  await expect(panel.box).not.toBeEditable();
  for (const go of releases) go();
  await panel.received();
  expect(await tickets()).toHaveLength(1);
});

for (const [how, ada, ben] of /** @type {const} */ ([
  ["by a token", { token: ADA }, { token: BEN }],
  [
    "by the page",
    { id: "u-ada", name: "Ada", email: "ada@example.com" },
    { id: "u-ben", name: "Ben", email: "ben@example.com" },
  ],
]))
  test(`a draft has its author's name and address after another user is identified ${how}`, async ({
    host,
    page,
    panel,
  }) => {
    await host({ path: "/?signed-out" });
    await command(page, "identify", ada);
    await panel.open();
    await panel.toTicket();
    await expect(panel.root.getByText("Sending as ada@example.com.")).toBeVisible();
    await panel.box.fill("Ada's words");
    await expect.poll(() => drafts(page)).toEqual(["Ada's words"]);
    await command(page, "identify", ben);
    await expect(panel.box).toHaveValue("");
    await panel.box.fill("Ben's words");
    await expect.poll(() => drafts(page)).toEqual(["Ada's words", "Ben's words"]);
    const stored = await readStore(page, "drafts");
    expect(Object.fromEntries(stored.map(({ ticket }) => [ticket.message, ticket.contact.email]))).toEqual({
      "Ada's words": "ada@example.com",
      "Ben's words": "ben@example.com",
    });
  });

test("what an answer has solved is no draft any more", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("export chart");
  await expect.poll(() => drafts(page)).toEqual(["export chart"]);
  await panel.hits.first().click();
  await panel.button("Solved it").click();
  await expect.poll(() => drafts(page)).toEqual([]);
});

test("a rejected ticket that is edited leaves what was being written to be shown again", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await host();
  let isRefused = false;
  await page.route("**/tickets", (route) => {
    if (route.request().method() != "POST") return route.continue();
    if (!isRefused) return route.abort();
    const problem = {
      status: 422,
      code: "invalid",
      title: "no",
      errors: [{ pointer: "/topic", detail: "is unknown" }],
    };
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    return route.fulfill({ status: 422, headers, body: JSON.stringify(problem) });
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("The first");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await panel.button("Back").click();
  await panel.box.fill("The second");
  await expect.poll(() => drafts(page)).toEqual(["The second"]);
  isRefused = true;
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await panel.root.locator("button.yours").click();
  await panel.button("Edit").click();
  await expect(panel.box).toHaveValue("The first");
  await expect.poll(() => drafts(page)).toEqual(["The first", "The second"]);
  await panel.button("Switch to it").click();
  await expect(panel.box).toHaveValue("The second");
});

test("adds all chosen files at once, however slowly the device stores them", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await expect(panel.button("Add a file")).toBeVisible();
  await page.evaluate(() => {
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (names, mode, ...rest) {
      if (mode != "readwrite" || ![names].flat().includes("files")) return transaction.call(this, names, mode, ...rest);
      return /** @type {Any} */ ({ onabort() {}, abort() {}, objectStore: () => ({ put: () => ({}) }) });
    };
  });
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  const file = (/** @type {string} */ name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(name) });
  await (await chooser).setFiles(["one.log", "two.log", "three.log"].map(file));
  await expect(panel.root.locator(".file")).toHaveText([/one\.log/, /two\.log/, /three\.log/]);
});

test("the list of tickets can be used after the language has changed", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.sendTicket("The chart is empty");
  await panel.button("Done").click();
  await panel.open();
  await panel.button(/^Your tickets/).click();
  await expect(panel.hit("The chart is empty")).toBeVisible();
  await command(page, "configure", { lang: "de" });
  await panel.button(/^Ihre Tickets|^Deine Tickets/).click();
  await panel.hit("The chart is empty").click();
  await expect(panel.root.locator(".messages article")).toHaveText([/The chart is empty/]);
});

test("an earlier configuration that arrives late does not replace that of the signed user", async ({
  host,
  page,
  panel,
}) => {
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/config", (route) => {
    if (route.request().headers()["authorization"]) return route.continue();
    releases.push(() => route.continue());
  });
  await host({ path: "/?signed-out" });
  await page.getByRole("button", { name: "Open help" }).click();
  await expect.poll(() => releases.length).toBeGreaterThan(0);
  const signed = page.waitForResponse((response) => !!response.request().headers()["authorization"]);
  await command(page, "identify", { token: ADA });
  await (await signed).finished();
  await panel.toTicket();
  await panel.severity.selectOption("high");
  await expect(panel.root.getByText("First answer within 1 business hour", { exact: true })).toBeVisible();
  const late = page.waitForResponse((response) => response.url().endsWith("/config"));
  for (const go of releases) go();
  await (await late).finished();
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))),
  );
  await expect(panel.root.getByText("First answer within 1 business hour", { exact: true })).toBeVisible();
});

test("files can still be attached if the configuration of the signed user cannot be fetched", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  let failed = 0;
  await page.route("**/config", (route) => {
    if (!route.request().headers()["authorization"]) return route.continue();
    failed += 1;
    return route.abort();
  });
  await host({ path: "/?signed-out" });
  await panel.open();
  await panel.toTicket();
  await expect(panel.button("Add a file")).toBeVisible();
  await command(page, "identify", { token: ADA });
  await expect(panel.root.getByText("Sending as ada@example.com.")).toBeVisible();
  await expect.poll(() => failed).toBeGreaterThan(0);
  await expect(panel.button("Add a file")).toBeVisible();
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (await chooser).setFiles([{ name: "one.log", mimeType: "text/plain", buffer: Buffer.from("one") }]);
  await expect(panel.root.locator(".file")).toHaveText([/one\.log/]);
});
