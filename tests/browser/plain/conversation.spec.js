import { sign } from "../../../docs/sign/sign.mjs";
import { expect, test } from "../deskbell.js";
import { readStore } from "../drafts.js";
import { SEND_MS, withoutLimit } from "../limits.js";
import { Panel } from "../panel.js";

// The conversation after a ticket: two customers and an agent, two tabs, a failing network.

const SECRET = "0123456789abcdef0123456789abcdef";
const SETTINGS = `
[sites.demo]
origins = ["*"]
[[sites.demo.signers]]
algorithm = "HS256"
secret = "${SECRET}"
`;

/** @param {import("@playwright/test").Page} page @param {string} id */
const signIn = (page, id) => {
  const token = sign(SECRET, "demo", { sub: id, name: id, email: `${id}@example.com` });
  return page.evaluate((jwt) => /** @type {any} */ (window).deskbell("identify", { token: jwt }), token);
};

/** @param {import("@playwright/test").Page} ticket its page in the inbox @param {string} text */
const answer = async (ticket, text) => {
  await ticket.getByRole("textbox", { name: /^Your answer/ }).fill(text);
  await ticket.getByRole("button", { name: "Answer", exact: true }).click();
  await expect(ticket.locator("#conversation")).toContainText(text.replaceAll("*", ""));
};

/** @param {Panel} panel */
const messages = (panel) => panel.root.locator(".messages article");

test("a ticket is answered, replied to from a second device, solved and reopened, and no other customer sees it", async ({
  browser,
  page,
  panel,
  host,
  gateway,
  inbox,
}) => {
  await gateway.stop();
  await gateway.start(SETTINGS);
  const site = await host({ path: "/?signed-out" });
  await signIn(page, "ada");
  await panel.open();
  const reference = await panel.sendTicket("The export breaks");
  await panel.button("See the conversation").click();
  await expect(panel.title).toHaveText("Your tickets");
  await expect(messages(panel)).toHaveText([/You.*The export breaks/]);

  const agent = await inbox(reference);
  await answer(agent, "Which *browser* is it?");
  await expect(messages(panel).nth(1)).toContainText("Which browser is it?");
  await expect(messages(panel).nth(1).locator("em")).toHaveText("browser");
  await expect(panel.live).toHaveText("A new answer has arrived.");
  // The customer has seen it, so nothing is unread.
  await expect
    .poll(() => page.evaluate(() => /** @type {any} */ (window).deskbell("status")))
    .toMatchObject({ unread: 0 });

  const otherContext = await browser.newContext();
  const second = await otherContext.newPage();
  await second.goto(`${site.url}/?signed-out`);
  await signIn(second, "ada");
  const otherPanel = new Panel(second);
  await otherPanel.open();
  await otherPanel.button(/^Your tickets/).click();
  await otherPanel.hit("The export breaks").click();
  await expect(messages(otherPanel)).toHaveCount(2);
  await otherPanel.root.getByLabel("Your reply").fill("Firefox <b>141</b>");
  await otherPanel.button("Send").click();
  await expect(messages(otherPanel).nth(2)).toContainText("Firefox <b>141</b>");
  await expect(messages(panel).nth(2)).toContainText("Firefox <b>141</b>");
  await agent.reload();
  await expect(agent.getByText("Firefox <b>141</b>")).toBeVisible();

  await agent.getByRole("button", { name: "Mark as solved" }).click();
  await expect(panel.root.locator(".by .good")).toHaveText("Solved");
  await panel.button("Reopen").click();
  await expect(panel.root.locator(".by .good")).toHaveCount(0);
  await agent.reload();
  await expect(agent.getByRole("button", { name: "Mark as solved" })).toBeVisible();

  const third = await otherContext.newPage();
  await third.goto(`${site.url}/?signed-out`);
  await third.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  await signIn(third, "bob");
  const bob = new Panel(third);
  await third.evaluate(() => /** @type {any} */ (window).deskbell("open", { screen: "tickets" }));
  await expect(bob.root.getByText("No tickets sent from this browser yet.")).toBeVisible();
  await otherContext.close();
});

test("counts unread messages in both tabs, before help is opened, until they are read", async ({
  context,
  page,
  panel,
  host,
  inbox,
}) => {
  const site = await host();
  await panel.open();
  const stream = page.waitForResponse("**/tickets/stream");
  const reference = await panel.sendTicket("It broke");
  await panel.button("Done").click();
  await stream;
  const second = await context.newPage();
  /** @type {string[]} */
  const paths = [];
  second.on("request", (request) => request.url().includes("/v1/") && paths.push(new URL(request.url()).pathname));
  await second.goto(site.url);
  const badges = [page, second].map((tab) => tab.locator("[data-deskbell-open]").first());
  /** @param {string | null} count */
  const expectBadges = async (count) => {
    for (const badge of badges) {
      if (count) await expect(badge).toHaveAttribute("data-deskbell-unread", count);
      else await expect(badge).not.toHaveAttribute("data-deskbell-unread");
    }
  };
  await second.evaluate(() => {
    const { deskbell } = /** @type {any} */ (window);
    const events = /** @type {any} */ (window.events = []);
    deskbell("on", "unread", (/** @type {any} */ detail) => events.push(["unread", detail.count]));
    deskbell("on", "reply", (/** @type {any} */ detail) => events.push(["reply", detail.reference]));
  });
  // One tab has the lock for the stream, and the other waits for it: both follow the tickets.
  const countFollowers = () =>
    second.evaluate(async () => {
      const { held = [], pending = [] } = await navigator.locks.query();
      return [...held, ...pending].filter(({ name }) => name?.startsWith("deskbell:demo:tickets:")).length;
    });
  await expect.poll(countFollowers).toBe(2);
  const agent = await inbox(reference);
  await answer(agent, "One");
  await expectBadges("1");
  await answer(agent, "Two");
  await expectBadges("2");
  expect(await second.evaluate(() => /** @type {any} */ (window).events)).toEqual([
    ["unread", 1],
    ["reply", reference],
    ["unread", 2],
    ["reply", reference],
  ]);
  expect(paths.length).toBeLessThanOrEqual(1);

  const otherPanel = new Panel(second);
  await otherPanel.open();
  await expect(otherPanel.button(/^Your tickets/)).toContainText("2 new messages");
  await otherPanel.button(/^Your tickets/).click();
  await expect(otherPanel.hit("It broke")).toContainText("2 new");
  await otherPanel.hit("It broke").click();
  await expect(messages(otherPanel)).toHaveCount(3);
  await expectBadges(null);
  expect((await second.evaluate(() => /** @type {any} */ (window).deskbell("status"))).unread).toBe(0);
  // Read messages stay read on the next page; a message that nobody sees is unread, although it would be shown next.
  await otherPanel.button("Close").click();
  await page.reload();
  await answer(agent, "Three");
  await expectBadges("1");
});

test("keeps a reply that was not acknowledged, and sends it once", async ({ page, panel, host, inbox, trouble }) => {
  trouble.expect(/Failed to load|ERR_FAILED/);
  // The stream would report that the reply has arrived.
  await page.route("**/tickets/stream", (route) => route.abort());
  await host();
  await panel.open();
  const reference = await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  const field = panel.root.getByLabel("Your reply");
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("Please write something first.");
  await field.fill("More of it");
  await panel.button("Back").click();
  await panel.hit("It broke").click();
  await expect(field).toHaveValue("More of it");
  // The reply arrives, but the response is lost.
  await page.route("**/messages", async (route) => {
    if (route.request().method() == "POST") await route.fetch();
    await route.abort();
  });
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("It's saved here and will be sent automatically.");
  await expect(field).toHaveValue("");
  await panel.button("Back").click();
  await panel.button("Back").click();
  await panel.button("1 message not sent yet").click();
  await expect(panel.root.locator(".waits")).toContainText("More of it");
  await page.unroute("**/messages");
  await panel.again();
  await expect(panel.root.getByText("No unsent messages.")).toBeVisible();
  await panel.button("Back").click();
  await panel.button(/^Your tickets/).click();
  await panel.hit("It broke").click();
  await expect(messages(panel)).toHaveCount(2);
  const agent = await inbox(reference);
  await expect(agent.getByText("More of it")).toHaveCount(1);
});

test("leaves the reply field empty when its ticket is opened again while the reply is being sent", async ({
  page,
  panel,
  host,
}) => {
  await host();
  await panel.open();
  await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/messages", (route) =>
    route.request().method() == "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  const field = panel.root.getByLabel("Your reply");
  await field.fill("Only once");
  await panel.button("Send").click();
  await expect.poll(() => releases.length).toBe(1);
  await panel.button("Back").click();
  await panel.hit("It broke").click();
  await expect(messages(panel)).toHaveCount(1);
  await expect(field).toHaveValue("");
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("Please write something first.");
  releases[0]?.();
  await expect(messages(panel)).toHaveText([/It broke/, /Only once/]);
  expect(releases).toHaveLength(1);
});

test("a reply that the device has no room for stays its draft until it has arrived", async ({ page, panel, host }) => {
  await host();
  await panel.open();
  await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/messages", (route) =>
    route.request().method() == "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  const replyDrafts = async () => (await readStore(page, "drafts")).map(({ text }) => text);
  await panel.root.getByLabel("Your reply").fill("Too much for the device");
  await expect.poll(replyDrafts).toEqual(["Too much for the device"]);
  await page.evaluate(() => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (...args) {
      if (this.name == "outbox") throw new DOMException("no", "QuotaExceededError");
      return put.apply(this, args);
    };
  });
  await panel.button("Send").click();
  await expect.poll(() => releases.length).toBe(1);
  expect(await replyDrafts()).toEqual(["Too much for the device"]);
  await panel.button("Back").click();
  await panel.hit("It broke").click();
  await expect(messages(panel)).toHaveCount(1);
  await expect(panel.root.getByLabel("Your reply"), "it is not offered again").toHaveValue("");
  for (const go of releases) go();
  await expect(messages(panel)).toHaveText([/It broke/, /Too much for the device/]);
  await expect.poll(replyDrafts).toEqual([]);
});

test("does not offer a reply again that another tab has sent", async ({ context, page, panel, host }) => {
  const site = await host();
  await panel.open();
  await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  const replyDrafts = async () => (await readStore(page, "drafts")).map(({ text }) => text);
  await panel.root.getByLabel("Your reply").fill("Sent by the other tab");
  await expect.poll(replyDrafts).toEqual(["Sent by the other tab"]);
  await panel.button("Back").click();
  const tab = await context.newPage();
  await tab.goto(site.url);
  const otherPanel = new Panel(tab);
  await otherPanel.open();
  await otherPanel.button(/^Your tickets/).click();
  await otherPanel.hit("It broke").click();
  await expect(otherPanel.root.getByLabel("Your reply")).toHaveValue("Sent by the other tab");
  await otherPanel.button("Send").click();
  await expect(messages(otherPanel)).toHaveText([/It broke/, /Sent by the other tab/]);
  await panel.hit("It broke").click();
  await expect(messages(panel)).toHaveText([/It broke/, /Sent by the other tab/]);
  await expect(panel.root.getByLabel("Your reply")).toHaveValue("");
});

test("shows why a reply was rejected, and keeps it for editing", async ({ page, panel, host, trouble }) => {
  trouble.expect(/422/);
  await host();
  await panel.open();
  await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  await page.route("**/messages", (route) => {
    if (route.request().method() != "POST") return route.continue();
    const problem = { status: 422, code: "too_many_messages", title: "500 is the limit", errors: [] };
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    return route.fulfill({ status: 422, headers, body: JSON.stringify(problem) });
  });
  const field = panel.root.getByLabel("Your reply");
  await field.fill("One more");
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("This ticket can't hold any more messages from you.");
  await expect(field).toHaveValue("One more");
});

test("appends more tickets without duplicates and focuses the first of them", async ({
  page,
  panel,
  host,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await host();
  await panel.open();
  await panel.sendTicket("It broke");
  await panel.button("Done").click();
  const row = (/** @type {number} */ nth) => ({
    id: `t-${nth}`,
    reference: `DB-0000${nth}`,
    status: "open",
    kind: "bug",
    title: `Ticket ${nth}`,
    created_at: "2026-11-23T10:00:00Z",
    updated_at: "2026-11-23T10:00:00Z",
    due_at: null,
    unread: 0,
  });
  const counts = { total: 6, open: 6, unread: 0 };
  /** @type {Record<string, object>} */
  const pages = {
    "": { tickets: [row(1), row(2)], next: "two", ...counts },
    two: { tickets: [row(2), row(3), row(4)], next: "three", ...counts },
    three: { tickets: [row(5), row(6)], ...counts },
  };
  /** @type {string[]} */
  const cursors = [];
  let fails = false;
  await page.route(/\/tickets(\?cursor=\w+)?$/, (route) => {
    const cursor = new URL(route.request().url()).searchParams.get("cursor") ?? "";
    cursors.push(cursor);
    const headers = { "access-control-allow-origin": "*" };
    return fails ? route.abort() : route.fulfill({ json: pages[cursor], headers });
  });
  await page.evaluate(() => /** @type {any} */ (window).deskbell("open", { screen: "tickets" }));
  const rows = panel.root.locator("#tickets .hit .title");
  await expect(rows).toHaveText(["Ticket 1", "Ticket 2"]);
  const more = panel.button("Show more");

  fails = true;
  await more.focus();
  await page.keyboard.press("Enter");
  await expect(panel.root.locator("#tickets .error")).toHaveText("We couldn't load this just now.");
  await expect(more).toBeFocused();
  fails = false;
  cursors.length = 0;
  await page.keyboard.press("Enter");
  await expect(rows).toHaveText(["Ticket 1", "Ticket 2", "Ticket 3", "Ticket 4"]);
  await expect(panel.hit("Ticket 3")).toBeFocused();
  await expect(panel.root.locator("#tickets .error")).toHaveCount(0);
  expect(cursors).toEqual(["two"]);
  await more.click();
  await expect(rows).toHaveCount(6);
  await expect(panel.hit("Ticket 5")).toBeFocused();
  await expect(more).toHaveCount(0);
  expect(cursors).toEqual(["two", "three"]);
});

test("ignores a response that arrives after a reset, also for anonymous customers", async ({
  page,
  panel,
  host,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await page.route("**/tickets/stream", (route) => route.abort());
  await host({ path: "/?signed-out" });
  await listen(page);
  /** @type {((unread: number) => unknown)[]} */
  const releases = [];
  await page.route("**/tickets", (route) => {
    const headers = { "access-control-allow-origin": "*" };
    releases.push((unread) => route.fulfill({ json: { tickets: [], total: 1, open: 1, unread }, headers }));
  });
  await page.evaluate((key) => localStorage.setItem(key, "0123456789abcdef0123456789abcdef"), SESSION);
  await panel.open();
  await expect.poll(() => releases.length).toBe(1);
  await page.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  releases[0]?.(5);
  // Bob has a session from another tab.
  await page.evaluate((key) => localStorage.setItem(key, "fedcba9876543210fedcba9876543210"), SESSION);
  await page.evaluate(() => /** @type {any} */ (window).deskbell("identify", { id: "bob", email: "bob@example.com" }));
  await expect.poll(() => releases.length).toBe(2);
  releases[1]?.(2);
  await expect.poll(() => page.evaluate(() => /** @type {any} */ (window).events)).toEqual([2]);
});

test("polls for replies when streaming is blocked", async ({ page, panel, host, inbox, trouble }) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await page.clock.install();
  await page.route("**/tickets/stream", (route) => route.abort());
  await host();
  await panel.open();
  const reference = await panel.sendTicket("It broke");
  await panel.button("Done").click();
  await answer(await inbox(reference), "Hello");
  await expect(async () => {
    await page.clock.runFor(60_000);
    await expect(page.locator("[data-deskbell-unread='1']").first()).toBeAttached({ timeout: 500 });
  }).toPass();
});

test("a reset removes the badge and the stored tickets of the last customer", async ({ page, panel, host, inbox }) => {
  await host();
  await panel.open();
  await answer(await inbox(await panel.sendTicket("It broke")), "Hello");
  await expect(page.locator("[data-deskbell-unread]").first()).toBeAttached();
  await page.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  await expect(page.locator("[data-deskbell-unread]")).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.getItem("deskbell:demo:tickets"))).toBe(null);
});

/** Records the events of tickets on the page. @param {import("@playwright/test").Page} page */
const listen = (page) =>
  page.evaluate(() => {
    const events = /** @type {any} */ (window.events = []);
    const { deskbell } = /** @type {any} */ (window);
    deskbell("on", "reply", (/** @type {any} */ { reference }) => events.push(reference));
    deskbell("on", "unread", (/** @type {any} */ { count }) => events.push(count));
  });

test.describe("signed-in customers", () => {
  test.use({ settings: SETTINGS });

  test("emits no events for the previous customer's tickets after another is identified", async ({
    host,
    page,
    panel,
    inbox,
  }) => {
    await host({ path: "/?signed-out" });
    await signIn(page, "ada");
    await panel.open();
    const adaStream = page.waitForResponse("**/tickets/stream");
    const adaReference = await panel.sendTicket("Ada's");
    await adaStream;
    await panel.button("Done").click();
    const agent = await inbox(adaReference);
    await answer(agent, "One");
    await expect(page.locator("[data-deskbell-unread='1']").first()).toBeAttached();

    await listen(page);
    await signIn(page, "bob");
    await expect(page.locator("[data-deskbell-unread]")).toHaveCount(0);
    await panel.open();
    const bobStream = page.waitForResponse("**/tickets/stream");
    const bobReference = await panel.sendTicket("Bob's");
    await bobStream;
    await panel.button("Done").click();
    await answer(agent, "Two");
    await answer(await inbox(bobReference), "Hello Bob");
    await expect.poll(() => page.evaluate(() => /** @type {any} */ (window).events)).toEqual([0, 1, bobReference]);
    await expect(page.locator("[data-deskbell-unread='1']").first()).toBeAttached();
  });

  test("closes an open conversation when another customer is identified", async ({ host, page, panel }) => {
    await host({ path: "/?signed-out" });
    await signIn(page, "ada");
    await panel.open();
    await panel.sendTicket("Ada's secret");
    await panel.button("See the conversation").click();
    await expect(messages(panel)).toHaveText([/Ada's secret/]);
    await signIn(page, "bob");
    await expect(panel.title).toHaveText("Help");
    await expect(panel.root.getByText("Ada's secret")).toHaveCount(0);
    await page.evaluate(() => /** @type {any} */ (window).deskbell("open", { screen: "tickets" }));
    await expect(panel.root.getByText("No tickets sent from this browser yet.")).toBeVisible();
  });

  test("shows the tickets of a customer who is identified after the panel has opened", async ({
    browser,
    host,
    page,
    panel,
  }) => {
    const site = await host({ path: "/?signed-out" });
    const otherContext = await browser.newContext();
    const second = await otherContext.newPage();
    await second.goto(`${site.url}/?signed-out`);
    await signIn(second, "ada");
    const otherPanel = new Panel(second);
    await otherPanel.open();
    await otherPanel.sendTicket("From another device");
    await otherContext.close();
    await panel.open();
    await signIn(page, "ada");
    await panel.button(/^Your tickets/).click();
    await expect(panel.hit("From another device")).toBeVisible();
  });

  test("streams replies to a customer who is identified after the page has begun to follow tickets", async ({
    host,
    page,
    panel,
    inbox,
  }) => {
    await host({ path: "/?signed-out" });
    await signIn(page, "ada");
    await panel.open();
    const reference = await panel.sendTicket("Ada's");
    await panel.button("Done").click();
    const anonymousStream = page.waitForResponse("**/tickets/stream");
    await page.reload();
    await anonymousStream;
    const signedStream = page.waitForResponse(
      (response) => response.url().endsWith("/tickets/stream") && !!response.request().headers()["authorization"],
    );
    await signIn(page, "ada");
    await signedStream;
    await listen(page);
    await answer(await inbox(reference), "Hello");
    await expect.poll(() => page.evaluate(() => /** @type {any} */ (window).events)).toEqual([1, reference]);
  });
});

const SESSION = "deskbell:demo:session";

test("replaces a malformed session with one that lasts", async ({ page, panel, host }) => {
  await host();
  await page.evaluate((key) => localStorage.setItem(key, "broken"), SESSION);
  await panel.open();
  await panel.sendTicket("It broke");
  const session = await page.evaluate((key) => localStorage.getItem(key), SESSION);
  expect(session).toMatch(/^[0-9a-f]{32}$/);
  await page.reload();
  await panel.open();
  await panel.button(/^Your tickets/).click();
  await expect(panel.hit("It broke")).toBeVisible();
  expect(await page.evaluate((key) => localStorage.getItem(key), SESSION)).toBe(session);
});

test("keeps the session in memory when storage is forbidden", async ({ page, panel, host }) => {
  await page.addInitScript(() =>
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("denied", "SecurityError");
      },
    }),
  );
  await host();
  await panel.open();
  await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  await expect(messages(panel)).toHaveCount(1);
});

test("offers a similar ticket before sending, and adds the message to it once", async ({
  host,
  page,
  panel,
  trouble,
  tickets,
  inbox,
}) => {
  trouble.expect(/ERR_FAILED|ERR_CONNECTION|Failed to load/);
  await withoutLimit(page, SEND_MS);
  await host();
  await panel.open();
  const reference = await panel.sendTicket("The export of my dashboard stops and the file stays empty");
  await panel.button("Done").click();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("dashboard export: the file is empty again");
  await panel.button("Send").click();
  const offer = panel.root.locator(".alike");
  await expect(offer.getByRole("heading", { name: "You may have sent this already" })).toBeFocused();
  await expect(offer).toContainText(reference);

  // The response is lost: the reply was added, and is added once.
  await page.route("**/messages", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await offer.getByRole("button", { name: "Add to this ticket" }).click();
  await expect(panel.alert).toContainText("We can't reach support");
  await expect(panel.root.locator(".waits")).toContainText("dashboard export: the file is empty again");
  await page.unroute("**/messages");
  await panel.again();
  await expect(panel.root.getByText("No unsent messages.")).toBeVisible();
  await panel.button("Back").click();
  await expect(panel.box).toHaveValue("");
  await panel.button(/^Your tickets/).click();
  await panel.hit("The export of my dashboard").click();
  await expect(messages(panel)).toHaveText([/stays empty/, /the file is empty again/]);
  expect(await tickets()).toHaveLength(1);
  await expect((await inbox(reference)).locator("#conversation")).toContainText("the file is empty again");
});

test("sends a similar message as a new ticket if the customer says so, and asks about no other", async ({
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
  await panel.sendTicket("How do I invite a colleague?");
  await panel.button("Done").click();

  await panel.open();
  await panel.toTicket();
  await panel.box.fill("The export of another dashboard stops, its file is empty");
  await panel.button("Send").click();
  await panel.root.locator(".alike").getByRole("button", { name: "Send as a new ticket" }).click();
  await panel.received();
  await panel.button("Done").click();

  // A gateway that does not respond makes nobody wait.
  await page.route("**/tickets/alike", () => {});
  await panel.open();
  await panel.sendTicket("dashboard export file empty");
  expect(await tickets()).toHaveLength(4);
});

test("offers a similar ticket even if the module that follows tickets loads after Send was pressed", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await withoutLimit(page, SEND_MS);
  await host();
  await panel.open();
  await panel.sendTicket("The export of my dashboard stops and the file stays empty");
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/deskbell-*/tickets.js", (route) => void releases.push(() => route.continue()));
  // The page does not know of its earlier ticket.
  await page.evaluate(() => localStorage.removeItem("deskbell:demo:tickets"));
  await page.reload();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("dashboard export: the file is empty again");
  await expect.poll(() => releases.length).toBe(1);
  await panel.button("Send").click();
  await expect(panel.button("Sending…")).toBeVisible();
  releases[0]?.();
  await expect(panel.root.locator(".alike")).toBeVisible();
  expect(await tickets()).toHaveLength(1);
});

test("offers a similar ticket while the list of tickets is being refreshed", async ({ host, page, panel, trouble }) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await page.route("**/tickets/stream", (route) => route.abort());
  await withoutLimit(page, SEND_MS);
  await host();
  await panel.open();
  let listRequests = 0;
  await page.route("**/tickets", (route) =>
    route.request().method() == "GET" ? void listRequests++ : route.continue(),
  );
  await panel.sendTicket("The export of my dashboard stops and the file stays empty");
  await expect.poll(() => listRequests).toBeGreaterThan(0);
  await panel.button("Done").click();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("dashboard export: the file is empty again");
  await panel.button("Send").click();
  await expect(panel.root.locator(".alike")).toBeVisible();
});

test("offers the tickets only below all suggestions, so that nothing moves them under the finger", async ({
  host,
  page,
  panel,
}) => {
  await host();
  await panel.open();
  await panel.sendTicket("The chart is empty");
  /** @type {() => void} */
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(null)));
  await page.route("**/search?**", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload();
  const counted = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith("/tickets"));
  await panel.open();
  await (await counted).finished();
  await expect(panel.button(/^Your tickets/)).toHaveCount(0);
  release();
  await expect(panel.button(/^Your tickets/)).toBeVisible();
});
