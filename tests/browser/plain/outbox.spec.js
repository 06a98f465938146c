import { expect, test } from "../deskbell.js";
import { drafts, readStore } from "../drafts.js";
import { REQUEST_MS, withoutLimit } from "../limits.js";
import { Panel } from "../panel.js";

// Submissions in the outbox are sent automatically: once, from any page.

/** @typedef {any} Any */

test.beforeEach(({ trouble }) => trouble.expect(/Failed to load resource|ERR_CONNECTION|ERR_FAILED|CORS policy/));

/** @param {import("@playwright/test").Page} page @param {string} name @param {...unknown} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

/** Blocks every POST request to the gateway. @param {import("@playwright/test").BrowserContext} context */
const block = (context) =>
  context.route("**/v1/**", (route) => (route.request().method() == "POST" ? route.abort() : route.continue()));

/** Lets the device hang in transactions on at least so many stores, counts them, and lets it answer again. */
const hangingStorage = () => {
  const { transaction } = IDBDatabase.prototype;
  const page = /** @type {Any} */ (window);
  page.hanging = 0;
  page.hang = (/** @type {number} */ least = 1) => {
    IDBDatabase.prototype.transaction = function (names, ...rest) {
      if ([names].flat().length < least) return transaction.call(this, names, ...rest);
      page.hanging++;
      const store = { getAll: () => ({}), get: () => ({}) };
      const waits = { onabort() {}, objectStore: () => store, abort: () => void (page.hanging--, waits.onabort()) };
      return /** @type {Any} */ (waits);
    };
  };
  page.answerAgain = () => (IDBDatabase.prototype.transaction = transaction);
};

test("sends a submission after a reload, before help is opened, and emits an event", async ({
  context,
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await page.addInitScript(() => {
    window.deskbell ||= /** @type {Any} */ (
      (/** @type {Any[]} */ ...args) =>
        new Promise((y, n) => /** @type {Any} */ (window.deskbell.q ||= []).push([args, y, n]))
    );
    const events = /** @type {Any} */ (document).events ?? [];
    Object.defineProperty(document, "events", { value: events });
    /** @type {Any} */ (window).deskbell("on", "sent", (/** @type {Any} */ detail) => events.push(detail));
  });
  await block(context);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Sealed before the reload");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  expect((await command(page, "status")).queued).toBe(1);

  await page.reload();
  // Only now, or the page before might send it.
  await context.unroute("**/v1/**");
  await expect.poll(() => page.evaluate(() => /** @type {Any} */ (document).events.length)).toBe(1);
  const [ticket] = await tickets();
  expect(ticket.message).toBe("Sealed before the reload");
  expect(await page.evaluate(() => /** @type {Any} */ (document).events[0].reference)).toBe(ticket.reference);
  await expect(panel.dialog).toBeHidden();
});

test("sends a submission from a page that is never idle", async ({ context, host, page, panel, tickets }) => {
  await host();
  await block(context);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("From a busy page");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await context.unroute("**/v1/**");
  // One task after the other from the start of the page: it is never idle.
  await page.addInitScript(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      for (const end = performance.now() + 10; performance.now() < end;);
      port2.postMessage(0);
    };
    port2.postMessage(0);
  });
  await page.reload();
  await expect.poll(async () => (await tickets()).length, { timeout: 60_000 }).toBe(1);
});

test("sends from one of several tabs, and updates all of them", async ({ context, host, page, panel, tickets }) => {
  const site = await host();
  let posts = 0;
  let blocked = true;
  await context.route("**/tickets", (route) => {
    if (route.request().method() != "POST") return route.continue();
    if (blocked) return route.abort();
    posts += 1;
    return route.continue();
  });
  const second = await context.newPage();
  await second.goto(site.url);
  const otherPanel = new Panel(second);
  await otherPanel.open();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("From one tab of two");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await expect(otherPanel.button("1 message not sent yet")).toBeVisible();
  blocked = false;
  await Promise.all([page, second].map((page) => page.evaluate(() => void window.dispatchEvent(new Event("online")))));
  await expect(otherPanel.button("1 message not sent yet")).toHaveCount(0);
  await panel.received();
  expect(posts).toBe(1);
  expect(await tickets()).toHaveLength(1);
});

test("sends a submission once without locks and channels between tabs", async ({
  context,
  page,
  panel,
  host,
  tickets,
}) => {
  await context.addInitScript(() => {
    Object.defineProperty(navigator, "locks", { value: undefined });
    Object.defineProperty(window, "BroadcastChannel", { value: undefined });
  });
  const site = await host();
  await block(context);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("By a lease");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await context.unroute("**/v1/**");
  const second = await context.newPage();
  await Promise.all([second.goto(site.url), page.reload()]);
  await expect.poll(async () => (await tickets()).length).toBe(1);
  await expect.poll(async () => (await command(page, "status")).queued).toBe(0);
  await expect.poll(async () => (await command(second, "status")).queued).toBe(0);
  expect(await tickets()).toHaveLength(1);
});

test("a tab without locks that is closed while it sends does not block the others", async ({
  context,
  page,
  panel,
  host,
  tickets,
}) => {
  await context.addInitScript(() => {
    Object.defineProperty(navigator, "locks", { value: undefined });
    Object.defineProperty(window, "BroadcastChannel", { value: undefined });
  });
  const site = await host();
  let isRequested = false;
  await page.route("**/tickets", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    isRequested = true;
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("From a tab that is gone");
  await panel.button("Send").click();
  await expect.poll(() => isRequested).toBe(true);
  const second = await context.newPage();
  await page.close();
  await second.goto(site.url);
  await expect.poll(async () => (await tickets()).length).toBe(1);
  await expect.poll(async () => (await command(second, "status")).queued).toBe(0);
});

test("sends a new ticket while an earlier one gets no answer", async ({ context, host, page, panel, tickets }) => {
  await withoutLimit(page, REQUEST_MS);
  await host();
  await block(context);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Never answered");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await context.unroute("**/v1/**");
  let isAsked = false;
  await context.route("**/tickets", (route) => {
    if (!route.request().postData()?.includes("Never answered")) return route.continue();
    isAsked = true;
  });
  await page.evaluate(() => void window.dispatchEvent(new Event("online")));
  await expect.poll(() => isAsked).toBe(true);
  await panel.button("Back").click();
  await panel.sendTicket("A new one");
  expect(await tickets()).toHaveLength(1);
  expect((await command(page, "status")).queued).toBe(1);
});

test("sends although another tab never releases its lock", async ({ context, host, page, panel, tickets }) => {
  await page.clock.install();
  const site = await host();
  // As a tab with an earlier version locks the outbox, and is suspended.
  const suspended = await context.newPage();
  await suspended.goto(new URL("/nothing.css", site.url).href);
  await suspended.evaluate(
    () =>
      new Promise((held) => {
        navigator.locks.request("deskbell:demo:outbox", () => {
          held(null);
          return new Promise(() => {});
        });
      }),
  );
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Locked out");
  await panel.button("Send").click();
  const waiting = () => page.evaluate(async () => (await navigator.locks.query()).pending?.length);
  await expect.poll(waiting).toBe(1);
  expect(await tickets()).toEqual([]);
  await page.clock.fastForward(30_000);
  await panel.received();
  expect(await tickets()).toHaveLength(1);
});

test("sends although the device's storage never answers", async ({ host, page, panel, tickets }) => {
  await page.clock.install();
  await page.addInitScript(() => {
    IDBFactory.prototype.open = /** @type {Any} */ (() => ({}));
  });
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Kept by nothing");
  await panel.button("Send").click();
  await expect(async () => {
    await page.clock.fastForward(1000);
    await expect(panel.reference).toBeVisible({ timeout: 500 });
  }).toPass();
  expect(await tickets()).toHaveLength(1);
});

test("stores what went from memory as soon as the device answers, so that its draft does not come back", async ({
  context,
  host,
  page,
  panel,
  tickets,
}) => {
  await page.clock.install();
  await page.addInitScript(hangingStorage);
  const site = await host();
  // The gateway gets the ticket, and its response is lost.
  await context.route("**/tickets", async (route) => {
    if (route.request().method() != "POST") return route.continue();
    await route.fetch();
    return route.abort();
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Sent from memory");
  await expect.poll(() => drafts(page)).toEqual(["Sent from memory"]);
  await page.evaluate(() => /** @type {Any} */ (window).hang());
  await panel.button("Send").click();
  await expect(async () => {
    await page.clock.fastForward(1000);
    await expect(panel.title).toHaveText("Not sent yet", { timeout: 500 });
  }).toPass();
  expect(await tickets()).toHaveLength(1);
  await page.evaluate(() => /** @type {Any} */ (window).answerAgain());
  await expect(async () => {
    await page.clock.fastForward(1000);
    expect(await readStore(page, "outbox")).toHaveLength(1);
  }).toPass();
  expect(await drafts(page)).toEqual([]);
  await page.close();
  await context.unroute("**/tickets");
  const second = await context.newPage();
  await second.goto(site.url);
  await expect.poll(() => readStore(second, "outbox")).toEqual([]);
  expect(await tickets()).toHaveLength(1);
});

test("never sends what was discarded while the device was about to store it", async ({
  context,
  host,
  page,
  panel,
  tickets,
}) => {
  await page.clock.install();
  await page.addInitScript(hangingStorage);
  await host();
  let requests = 0;
  await context.route("**/tickets", (route) => {
    if (!route.request().postData()?.includes("Think again")) return route.continue();
    requests++;
    return route.abort();
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Think again");
  // The device answers, but it stores no submission.
  await page.evaluate(() => /** @type {Any} */ (window).hang(3));
  await panel.button("Send").click();
  await expect(async () => {
    await page.clock.fastForward(1000);
    await expect(panel.title).toHaveText("Not sent yet", { timeout: 500 });
  }).toPass();
  // From here on time stands still, so that storing it takes until the message is discarded.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 60_000));
  await page.evaluate(() => void window.dispatchEvent(new Event("online")));
  await expect
    .poll(async () => {
      await page.clock.runFor(100);
      return page.evaluate(() => /** @type {Any} */ (window).hanging);
    })
    .toBeGreaterThan(0);
  await panel.button("Discard").click();
  await panel.button("Discard for good").click();
  await page.clock.resume();
  await expect.poll(() => page.evaluate(() => /** @type {Any} */ (window).hanging)).toBe(0);
  await page.evaluate(() => /** @type {Any} */ (window).answerAgain());
  const before = requests;
  await page.evaluate(() => void window.dispatchEvent(new Event("online")));
  await panel.button("Back").click();
  await panel.sendTicket("Something else");
  expect((await tickets()).map(({ message }) => message)).toEqual(["Something else"]);
  expect(requests).toBe(before);
  expect((await command(page, "status")).queued).toBe(0);
});

test("asks before it sends a submission that is older than a day", async ({ context, host, page, panel, tickets }) => {
  await host();
  await block(context);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Long ago");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await page.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 86_400_000 + 1000;
  });
  await page.reload();
  // Only now, or the page before might send it.
  await context.unroute("**/v1/**");
  await panel.open();
  await panel.button("1 message not sent yet").click();
  await expect(panel.root.locator(".waits")).toContainText("Send it now?");
  expect(await tickets()).toEqual([]);
  await panel.button("Try again").click();
  await panel.received();
  expect(await tickets()).toMatchObject([{ message: "Long ago" }]);
});

test("sends a submission although the clock was set back", async ({ context, host, page, panel, tickets }) => {
  await host();
  await block(context);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("An hour off");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await context.unroute("**/v1/**");
  await page.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() - 3_600_000;
  });
  await page.reload();
  await expect.poll(async () => (await tickets()).length).toBe(1);
});

test("waits as long as Retry-After says, shows until when, and then sends", async ({ host, page, panel, tickets }) => {
  await page.clock.install();
  await host();
  let isBusy = true;
  await page.route("**/tickets", (route) => {
    if (!isBusy || route.request().method() != "POST") return route.continue();
    isBusy = false;
    const headers = {
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "retry-after",
      "retry-after": "600",
    };
    return route.fulfill({ status: 429, headers, body: "Too many" });
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("In a crowd");
  await panel.button("Send").click();
  await expect(panel.root.locator(".waits")).toContainText(/receiving a lot of messages.*Next try at .*\d/);
  await page.clock.fastForward(590_000);
  expect(await tickets()).toEqual([]);
  await page.clock.fastForward(15_000);
  await panel.received();
});

test("restores the draft if its idempotency key was used for something else", async ({
  host,
  page,
  panel,
  gateway,
  tickets,
}) => {
  await host();
  let isUsed = false;
  await page.route("**/tickets", async (route) => {
    const request = route.request();
    if (request.method() != "POST") return route.continue();
    const body = { kind: "bug", severity: "low", message: "Something else", contact: { email: "eve@host.example" } };
    const whole = JSON.stringify({ ...body, client: { name: "hand", version: "1" } });
    if (isUsed) return route.continue();
    isUsed = true;
    await fetch(`${gateway.url}/v1/sites/demo/tickets`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": request.headers()["idempotency-key"] ?? "" },
      body: whole,
    });
    return route.continue();
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Mine");
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("Support couldn't accept the ticket");
  await expect(panel.box).toHaveValue("Mine");
  await panel.send();
  expect((await tickets()).map(({ message }) => message).sort()).toEqual(["Mine", "Something else"]);
});

test("a reset keeps the user's submissions and sends them; a reset with discard deletes them", async ({
  context,
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await block(context);
  const submit = async (/** @type {string} */ text) => {
    await panel.open();
    await panel.toTicket();
    await panel.box.fill(text);
    await panel.button("Send").click();
    await expect(panel.title).toHaveText("Not sent yet");
    await panel.button("Close").click();
  };
  await submit("Stays");
  await command(page, "reset");
  await expect.poll(async () => (await command(page, "status")).queued).toBe(0);
  await panel.open();
  await expect(panel.root.getByText("Stays")).toHaveCount(0);
  await panel.button("Close").click();
  await command(page, "identify", { id: "u-2", name: "Bob", email: "bob@host.example" });
  await submit("Goes");
  await command(page, "reset", { discard: true });
  await context.unroute("**/v1/**");
  await page.reload();
  await expect.poll(async () => (await tickets()).map(({ message }) => message)).toEqual(["Stays"]);
  await expect.poll(async () => (await command(page, "status")).queued).toBe(0);
});

test("never sends a submission that was discarded on a page that could fetch nothing", async ({
  context,
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await block(context);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Taken back");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await context.route("**/deskbell-*/**", (route) => route.abort());
  await page.reload();
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await command(page, "reset", { discard: true });
  await context.unroute("**/deskbell-*/**");
  await context.unroute("**/v1/**");
  await page.reload();
  await expect.poll(() => page.evaluate(() => localStorage["deskbell-queued:demo"])).toBe(undefined);
  expect(await readStore(page, "outbox")).toEqual([]);
  expect(await tickets()).toEqual([]);
});

test("lets the customer copy, mail, save and discard an unsent message", async ({
  context,
  host,
  page,
  panel,
  tickets,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await host();
  await block(context);
  await panel.open();
  await panel.toTicket();
  const text = `It went wrong ${"and wrong ".repeat(400)}`.trim();
  await panel.box.fill(text);
  await panel.button("Send").click();
  const waits = panel.root.locator(".waits");
  await waits.getByRole("button", { name: "Copy text" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(text);
  const mail = (await waits.getByRole("link", { name: "Write an e-mail" }).getAttribute("href")) ?? "";
  expect(mail.length).toBeLessThanOrEqual(1900);
  expect(decodeURIComponent(mail)).toContain("mailto:help@host.example?body=It went wrong and wrong");
  const download = page.waitForEvent("download");
  await waits.getByRole("button", { name: "Save as a file" }).click();
  expect((await download).suggestedFilename()).toBe("ticket.txt");
  await waits.getByRole("button", { name: "Discard" }).click();
  // An attempt in between takes nothing back.
  const tries = async () => (await readStore(page, "outbox"))[0].tries;
  const before = await tries();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect.poll(tries).toBeGreaterThan(before);
  await expect(waits.getByText("Sending…")).toHaveCount(0);
  await waits.getByRole("button", { name: "Discard for good" }).click();
  await expect(panel.root.getByText("No unsent messages.")).toBeVisible();
  await context.unroute("**/v1/**");
  await page.reload();
  await panel.open();
  expect((await command(page, "status")).queued).toBe(0);
  expect(await tickets()).toEqual([]);
});

for (const [name, errorName] of /** @type {const} */ ([
  ["is full", "QuotaExceededError"],
  ["is forbidden", "SecurityError"],
]))
  test(`warns that storage ${name}, and sends the ticket while the page is open`, async ({
    context,
    host,
    page,
    panel,
    tickets,
  }) => {
    await page.addInitScript((name) => {
      const refuse = () => {
        throw new DOMException("no", name);
      };
      if (name == "SecurityError") {
        IDBFactory.prototype.open = refuse;
        Object.defineProperty(window, "localStorage", { get: refuse });
      } else IDBObjectStore.prototype.put = Storage.prototype.setItem = refuse;
    }, errorName);
    await host();
    await block(context);
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("Kept by nothing but this page");
    await expect(panel.root.getByText("This browser can't save drafts.")).toBeVisible();
    await panel.button("Send").click();
    await expect(panel.root.getByText("Keep this page open until everything is sent")).toBeVisible();
    await context.unroute("**/v1/**");
    await panel.again();
    await panel.received();
    expect(await tickets()).toHaveLength(1);
  });
