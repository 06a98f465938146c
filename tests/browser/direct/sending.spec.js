import { BARE, expect, posts, test } from "./direct.js";

// Without a gateway a ticket was sent, was not sent, or may have been sent. The customer is told which, and nothing is
// sent twice automatically.

/** @typedef {any} Any */

const DOWN =
  /Failed to load resource|ERR_FAILED|ERR_EMPTY|ERR_CONNECTION|ERR_CONTENT|ERR_INCOMPLETE|ERR_INTERNET|CORS policy/;

/** A configuration with a custom field and consent. */
const ASKS =
  'deskbell("configure", { consent: true, fields: [{ id: "seats", label: "Seats", type: "number", needed: true }] });';

test.afterEach(({ otherRequests }) => expect(otherRequests, "requests to other hosts").toEqual([]));

/** @param {import("@playwright/test").Page} page @param {string} name @param {...unknown} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

/** Writes a message and presses Send, from Home. @param {import("../panel.js").Panel} panel @param {string} text */
const write = async (panel, text) => {
  await panel.toTicket();
  await panel.box.fill(text);
  await panel.button("Send").click();
};

/** @param {import("../panel.js").Panel} panel */
const expectReceived = (panel) => expect(panel.root.getByRole("heading", { name: "Ticket sent" })).toBeVisible();

/** @param {import("../panel.js").Panel} panel */
const expectUnsure = (panel) => expect(panel.title).toHaveText("May have been sent");

test("sends a ticket with its files and context to Zendesk once, and announces the e-mail that confirms it", async ({
  page,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(/broken for customer/);
  await visit({ script: ASKS });
  /** @type {Record<string, string>[]} */
  const headers = [];
  page.on("request", (request) => {
    if (request.method() === "POST") headers.push(request.headers());
  });
  await page.getByRole("button", { name: "Break" }).click();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("The export stops\nright after it began");
  await panel.kind("bug").check();
  await panel.root.getByLabel("Seats").fill("12");
  await panel.root.getByLabel("Support may access my account").check();
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (await chooser).setFiles({ name: "server.log", mimeType: "text/plain", buffer: Buffer.from("a line\n") });
  await expect(panel.root.locator(".file")).toContainText("Will be uploaded when you send.");
  await expect(panel.button("Try again")).toHaveCount(0);
  expect(await zendesk.requestsTo("/api"), "nothing goes before Send").toEqual([]);
  await panel.button("Send").click();

  await expectReceived(panel);
  const { tickets, users } = await zendesk.state();
  const [ticket] = tickets;
  await expect(panel.reference).toHaveText(`Ticket #${ticket.id}`);
  const below = panel.root.locator(".below");
  await expect(below).toContainText("Answers go to ada@host.example.");
  await expect(below).toContainText("You'll get a confirmation by e-mail. Answers come by e-mail, not here.");
  await expect(panel.button("See the conversation")).toHaveCount(0);

  expect(tickets).toHaveLength(1);
  expect(ticket).toMatchObject({ subject: "The export stops", tags: ["deskbell"] });
  expect(users.find((/** @type {Any} */ user) => user.email === "ada@host.example")).toMatchObject({
    name: "Ada Host",
  });
  const [{ body, attachments }] = ticket.comments;
  expect(body).toMatch(/^The export stops\nright after it began\n\n---\nKind: bug\nSeverity: medium\nPage: http:/);
  for (const line of [
    "Release: 2026.11.2",
    "User: u-1, team",
    "seats: 12",
    "Account access allowed: yes",
    "- RangeError: broken for customer 4021",
    "Deskbell reference: ",
  ])
    expect(body).toContain(line);
  expect(attachments.map((/** @type {Any} */ file) => file.file_name ?? file.name)).toEqual([
    "server.log",
    "deskbell-context.json",
  ]);
  expect(headers.length).toBe(3);
  for (const header of headers)
    expect(Object.keys(header).filter((name) => /cookie|authorization|idempotency|deskbell/.test(name))).toEqual([]);
  expect(await command(page, "status")).toMatchObject({ queued: 0, unread: 0 });
});

test("marks a test in Zendesk", async ({ panel, visit, zendesk }) => {
  await visit({ fill: { attributes: 'data-env="test"' } });
  await panel.open();
  await write(panel, "I try it out");
  await expectReceived(panel);
  const { tickets } = await zendesk.state();
  expect(tickets).toMatchObject([{ subject: "[Test] I try it out", tags: ["deskbell", "deskbell_test"] }]);
});

test("offers no list of tickets, neither on Home nor by a link or command", async ({ page, panel, visit }) => {
  const site = await visit();
  await panel.open();
  await write(panel, "And then?");
  await expectReceived(panel);
  await panel.button("Done").click();
  await page.goto(`${site.url}/again`);
  await panel.open();
  await expect(panel.button(/Your tickets/)).toHaveCount(0);
  await command(page, "open", { screen: "tickets" });
  await expect(panel.title).toHaveText("Help");
  await page.goto(`${site.url}/third?deskbell=tickets`);
  await panel.ready();
  await expect(panel.title).toHaveText("Help");
});

test("derives a missing name from the e-mail address, and asks for a missing address", async ({
  page,
  panel,
  visit,
  zendesk,
}) => {
  await visit({ known: false, script: 'deskbell("identify", { id: "u-2", email: "grace@host.example" });' });
  await panel.open();
  await write(panel, "Without a name");
  await expectReceived(panel);
  const { users } = await zendesk.state();
  expect(users.map((/** @type {Any} */ { name }) => name)).toContain("grace");

  await panel.button("Done").click();
  await command(page, "identify", { id: "u-3", name: "Nobody" });
  await panel.open();
  await write(panel, "Without an address");
  await panel.name.fill("Nobody");
  await panel.email.fill("nobody@host.example");
  await panel.button("Send").click();
  await expectReceived(panel);
  expect(await posts(zendesk)).toHaveLength(2);
});

test("shows the reason and restores the draft if Zendesk rejects the ticket readably", async ({
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await zendesk.quirks({ cors_on_422: true });
  const { account } = await zendesk.state();
  // Fields that a portal requires are required of everybody who is not an agent.
  const forms = account.forms.map((/** @type {Any} */ form) => ({ ...form, default: !form.default }));
  await zendesk.account({ forms });
  await visit();
  await panel.open();
  await write(panel, "Without the portal's field");
  await expect(panel.alert).toContainText(/couldn't accept the ticket: .*cannot be blank/);
  await expect(panel.box).toHaveValue("Without the portal's field");
  expect((await zendesk.state()).tickets).toEqual([]);

  await zendesk.account({ forms: account.forms });
  await panel.box.fill("With it");
  await panel.button("Send").click();
  await expectReceived(panel);
  expect((await zendesk.state()).tickets).toHaveLength(1);
});

test("says that customers must sign in if Zendesk's response can be read", async ({
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await zendesk.quirks({ require_auth: true, no_cors_on_refusals: false });
  await visit();
  await panel.open();
  await write(panel, "May I?");
  await expect(panel.alert).toContainText("Only people who are signed in there can send tickets.");
  await expect(panel.box).toHaveValue("May I?");
});

test("sends nothing and names the files as the reason if sign-in is required and the response cannot be read", async ({
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await zendesk.quirks({ require_auth: true });
  await visit();
  await panel.open();
  await write(panel, "With a context");
  await expect(panel.title).toHaveText("Not sent yet");
  await expect(panel.root.locator(".waits")).toContainText(
    /Your message hasn't been sent.*doesn't take files from people who aren't signed in/,
  );
  expect(await posts(zendesk)).toEqual([]);
  await zendesk.quirks({ require_auth: false });
  await panel.again();
  await expectReceived(panel);
  expect((await zendesk.state()).tickets).toHaveLength(1);
});

test("treats an unreadable rejection as unknown, and sends again only when the customer says so", async ({
  page,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await zendesk.quirks({ require_auth: true });
  await visit({ script: BARE });
  await panel.open();
  await write(panel, "Refused without a word");
  // The user is not sent either, so the form asks.
  await panel.name.fill("Ada");
  await panel.email.fill("ada@host.example");
  await panel.button("Send").click();
  await expectUnsure(panel);
  await expect(panel.root.locator(".waits")).toContainText(
    /Your message may have been sent.*If you get a confirmation e-mail, it was.*turned it down without saying so.*it may arrive twice/,
  );
  expect(await posts(zendesk)).toHaveLength(1);
  expect(await command(page, "status")).toMatchObject({ queued: 1 });

  await page.evaluate(() => void window.dispatchEvent(new Event("online")));
  await page.reload();
  await panel.open();
  await panel.button("1 message needs your attention").click();
  await expectUnsure(panel);
  expect(await posts(zendesk), "neither the network's return nor a reload sends it").toHaveLength(1);

  await panel.button("Send again").click();
  await expect.poll(async () => (await posts(zendesk)).length).toBe(2);
  await expectUnsure(panel);
  await zendesk.quirks({ require_auth: false });
  await panel.button("Send again").click();
  await expectReceived(panel);
  expect((await zendesk.state()).tickets).toHaveLength(1);
  expect(await command(page, "status")).toMatchObject({ queued: 0 });
});

for (const kind of ["torn", "lost"])
  test(`treats a ticket whose response is ${kind} as unknown, and never sends it twice`, async ({
    page,
    panel,
    visit,
    zendesk,
    trouble,
  }) => {
    trouble.expect(DOWN);
    // The browser itself repeats a request that got no response on a reused connection. Zendesk rejects the repetition,
    // because its files are used up. This must not be taken for a rejection of the first request.
    await zendesk.quirks({ no_cors_on_refusals: false });
    await visit();
    let attempts = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().includes("/requests.json")) attempts += 1;
    });
    await zendesk.faults({ method: "POST", path_prefix: "/api/v2/requests", kind });
    await panel.open();
    await write(panel, "Did it arrive?");
    await expectUnsure(panel);
    expect((await zendesk.state()).tickets).toHaveLength(1);
    await page.reload();
    await panel.open();
    await panel.button("1 message needs your attention").click();
    await panel.button("Done").click();
    await expect(panel.root.getByText("No unsent messages.")).toBeVisible();
    await page.reload();
    await panel.open();
    await expect(panel.button(/needs? your attention|not sent yet/)).toHaveCount(0);
    const { tickets } = await zendesk.state();
    expect(tickets).toHaveLength(1);
    expect(attempts).toBe(1);
    expect(await zendesk.requestsTo("/api/v2/uploads"), "its files are not uploaded again either").toHaveLength(1);
  });

test("ignores a press on a button that has just become Send again", async ({
  page,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await visit();
  await zendesk.quirks({ require_auth: true });
  await panel.open();
  await write(panel, "Pressed a moment too late");
  await expect(panel.title).toHaveText("Not sent yet");
  const button = await panel.button("Try again").elementHandle();
  const pressed = button?.evaluate(
    (button) =>
      new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          if (button.textContent != "Send again") return;
          observer.disconnect();
          /** @type {HTMLElement} */ (button).click();
          resolve(0);
        });
        observer.observe(button, { childList: true, characterData: true, subtree: true });
      }),
  );
  await zendesk.faults({ method: "POST", path_prefix: "/api/v2/requests", kind: "torn" });
  await zendesk.quirks({ require_auth: false });
  await page.evaluate(() => void window.dispatchEvent(new Event("online")));
  await pressed;
  await expectUnsure(panel);
  // It can be pressed a second later.
  await expect(panel.button("Send again")).toBeEnabled();
  await panel.button("Done").click();
  await expect(panel.root.getByText("No unsent messages.")).toBeVisible();
  expect((await zendesk.state()).tickets).toHaveLength(1);
});

test("Try again does not send a ticket that another tab may have sent meanwhile", async ({
  page,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await visit();
  await zendesk.quirks({ require_auth: true });
  await panel.open();
  await write(panel, "Another tab was faster");
  await expect(panel.title).toHaveText("Not sent yet");
  // The state that the other tab leaves, before this one knows of it; under the lock of attempts, which would change it.
  await page.evaluate(() =>
    navigator.locks.request(
      "deskbell:acme:outbox",
      () =>
        new Promise((resolve) => {
          const request = indexedDB.open("deskbell");
          request.onsuccess = () => {
            const transaction = request.result.transaction("outbox", "readwrite");
            const cursor = transaction.objectStore("outbox").openCursor();
            cursor.onsuccess = () => cursor.result?.update({ ...cursor.result.value, cause: "unsure" });
            transaction.oncomplete = () => {
              request.result.close();
              resolve(0);
            };
          };
        }),
    ),
  );
  await zendesk.quirks({ require_auth: false });
  const before = (await posts(zendesk)).length;
  await panel.button("Try again").click();
  await expectUnsure(panel);
  await panel.button("Done").click();
  await expect(panel.root.getByText("No unsent messages.")).toBeVisible();
  expect((await posts(zendesk)).length).toBe(before);
});

test("does not send a ticket again if the page was left before the response came", async ({
  page,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await visit();
  await zendesk.faults({ method: "POST", path_prefix: "/api/v2/requests", kind: { slow_after: 60_000 } });
  await panel.open();
  await write(panel, "Left too early");
  await expect.poll(async () => (await zendesk.state()).tickets.length).toBe(1);
  await page.reload();
  await expect.poll(async () => (await command(page, "status")).queued).toBe(1);
  await panel.open();
  await panel.button("1 message needs your attention").click();
  await expectUnsure(panel);
  expect(await posts(zendesk)).toHaveLength(1);
});

test("keeps a ticket while offline, and sends it automatically", async ({
  context,
  page,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await visit();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("From a tunnel");
  await panel.formLoaded();
  await context.setOffline(true);
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await expect(panel.root.locator(".waits")).toContainText("You're offline.");
  expect(await posts(zendesk)).toEqual([]);
  await context.setOffline(false);
  await expectReceived(panel);
  expect(await posts(zendesk)).toHaveLength(1);
  expect(await command(page, "status")).toMatchObject({ queued: 0 });
});

test("uploads failed and expired files again, and sends the ticket once with all of them", async ({
  page,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  await page.clock.install();
  await visit();
  await panel.open();
  await panel.toTicket();
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (
    await chooser
  ).setFiles([
    { name: "one.log", mimeType: "text/plain", buffer: Buffer.from("1") },
    { name: "two.log", mimeType: "text/plain", buffer: Buffer.from("2") },
  ]);
  await zendesk.faults({ method: "POST", path_prefix: "/api/v2/uploads", after: 1, times: 1000, kind: "torn" });
  await panel.box.fill("With two files");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  expect(await posts(zendesk)).toEqual([]);
  // Uploads from an hour ago have expired.
  await zendesk.advance(3700);
  await zendesk.faultsInstead();
  await page.clock.fastForward(10_000);
  await expectReceived(panel);
  const { tickets } = await zendesk.state();
  expect(tickets).toHaveLength(1);
  const names = tickets[0].comments[0].attachments.map((/** @type {Any} */ file) => file.file_name ?? file.name);
  expect(names).toEqual(["one.log", "two.log", "deskbell-context.json"]);
});

test("sends once from one of two tabs, and both show that the outcome is unknown", async ({
  context,
  panel,
  visit,
  zendesk,
  trouble,
}) => {
  trouble.expect(DOWN);
  const site = await visit();
  const second = await context.newPage();
  await second.goto(site.url);
  await second.getByRole("button", { name: "Open help" }).click();
  await expect(second.locator("deskbell-panel .foot button")).toBeVisible();
  await zendesk.faults({ method: "POST", path_prefix: "/api/v2/requests", kind: "torn" });
  await panel.open();
  await write(panel, "From one tab of two");
  await expectUnsure(panel);
  await expect(second.getByRole("button", { name: "1 message needs your attention" })).toBeVisible();
  expect(await posts(zendesk)).toHaveLength(1);
});

test("does not record failed requests to Zendesk as requests of the page", async ({
  page,
  panel,
  trouble,
  visit,
  zendesk,
}) => {
  trouble.expect(DOWN);
  // The body that a page's own `fetch` gets for the context file.
  await page.addInitScript(() => {
    const [native, contexts] = [fetch, /** @type {Any[]} */ ([])];
    Object.assign(window, {
      contexts,
      fetch: async (/** @type {Any} */ url, /** @type {Any} */ init) => {
        if (`${url}`.includes("deskbell-context.json")) contexts.push(JSON.parse(await init.body.text()));
        return native(url, init);
      },
    });
  });
  await visit();
  await page.route(`${zendesk.url}/api/v2/uploads.json**`, (route) => route.abort(), { times: 1 });
  await panel.open();
  await write(panel, "First");
  await expect(panel.title).toHaveText("Not sent yet");
  await panel.again();
  await expectReceived(panel);
  await panel.button("Done").click();
  await page.evaluate(() => fetch("/missing.css").then((answer) => answer.text()));
  await panel.open();
  await write(panel, "Second");
  await expectReceived(panel);
  const { requests } = await page.evaluate(() => /** @type {Any} */ (window).contexts.pop());
  expect(requests.map((/** @type {Any} */ { url }) => new URL(url).pathname)).toEqual(["/missing.css"]);
});
