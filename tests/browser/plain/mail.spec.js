import { expect, test as base } from "../deskbell.js";
import { Mailbox } from "../mailbox.js";

// The receipt by e-mail, as a real mail server receives it.

/**
 * @typedef {object} Fixtures
 * @property {Mailbox} mailbox the mail server that the site writes to
 * @property {(ticket?: object) => Promise<{id: string, reference: string}>} post sends a ticket as anybody can
 */

const test = base.extend({
  mailbox: async ({ gateway }, use) => {
    const mailbox = new Mailbox();
    await mailbox.start();
    await gateway.stop();
    await gateway.start(settings(mailbox));
    await use(mailbox);
    await mailbox.stop();
  },

  post: async ({ gateway }, use) => {
    await use(async (ticket = {}) => {
      const response = await fetch(`${gateway.url}/v1/sites/demo/tickets`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
        body: JSON.stringify({
          kind: "bug",
          severity: "high",
          message: "The export stops",
          contact: { name: "Ada", email: "ada@example.com" },
          client: { name: "test", version: "1" },
          ...ticket,
        }),
      });
      expect(response.status).toBe(201);
      return response.json();
    });
  },
});

/** @param {Mailbox} mailbox */
const settings = (mailbox, more = "") => `
[sites.demo]
origins = ["*"]
trust_page = true
plans = { team = "medium" }
[sites.demo.hours]
zone = "Europe/Berlin"
[sites.demo.mail]
smtp = "smtp://relay:p%40ss%20word@127.0.0.1:${mailbox.port}"
from = "Meadow Support <support@meadow.example>"
${more}`;

/** @param {Mailbox} mailbox */
const first = async (mailbox) => {
  await expect.poll(() => mailbox.mails.length, { timeout: 60_000 }).toBe(1);
  return mailbox.mails[0];
};

/** @param {import("../mailbox.js").Mail} mail @param {string} name */
const header = (mail, name) => mail.headers.filter(({ key }) => key === name).map(({ value }) => value);

test("mails a receipt with reference, due time and code, without the customer's name and message", async ({
  mailbox,
  host,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.toTicket();
  // Short, because nobody types a long text this fast.
  await panel.box.fill("No export.\nWhy?");
  const reference = await panel.send();
  const mail = await first(mailbox);
  const [ticket] = await tickets();
  expect(mail).toMatchObject({
    from: "support@meadow.example",
    to: ["ada@host.example"],
    subject: `We have your ticket ${reference}`,
  });
  expect(header(mail, "from")).toEqual(['"Meadow Support" <support@meadow.example>']);
  expect(header(mail, "to")).toEqual(["ada@host.example"]);
  expect(header(mail, "auto-submitted")).toEqual(["auto-generated"]);
  expect(header(mail, "x-auto-response-suppress")).toEqual(["All"]);
  expect(mail.messageId).toMatch(/^<[0-9a-f-]{36}\.1\.[\w-]{16}@meadow\.example>$/);
  expect(mail.text).toContain("Hello,\n");
  expect(mail.text).not.toContain("Ada Host");
  expect(mail.text).toMatch(/code: \d{4} \d{4}\./);
  expect(mail.text).toContain(reference);
  expect(mail.text).toMatch(/first answer by \d{4}-\d\d-\d\d, \d\d:\d\d \(Europe\/Berlin\)/);
  expect(mail.text).not.toContain("No export.");
  expect(mailbox.users).toEqual(["relay"]);
  expect(ticket.reference).toBe(reference);
});

test("retries a receipt if the mail server is down or defers it", async ({ mailbox, gateway, post }) => {
  await mailbox.stop();
  const { id } = await post();
  await expect.poll(() => gateway.log).toContain("mail failed");
  mailbox.refusals = [450];
  await mailbox.start();
  const mail = await first(mailbox);
  expect(mailbox.attempts).toBe(2);
  expect(mail.messageId.startsWith(`<${id}.1.`)).toBe(true);
});

test("sends pending receipts after a restart, and none twice", async ({ mailbox, gateway, post }) => {
  await post();
  await first(mailbox);
  await mailbox.stop();
  const { reference } = await post({ message: "The second" });
  await expect.poll(() => gateway.log).toContain("mail failed");
  await gateway.stop("SIGKILL");
  await mailbox.start();
  await gateway.start();
  // Killed before it has recorded the attempt, the gateway's claim lasts for half a minute.
  await expect.poll(() => mailbox.mails.length, { timeout: 90_000 }).toBe(2);
  expect(mailbox.mails[1].subject).toContain(reference);
});

test("drops a receipt that the mail server rejects, and logs no address", async ({ mailbox, gateway, post }) => {
  mailbox.refusals = [550];
  const rejected = await post();
  await expect.poll(() => gateway.log).toContain("mail dropped");
  const { reference } = await post({ message: "The next one" });
  expect((await first(mailbox)).subject).toContain(reference);
  expect(mailbox.attempts).toBe(2);
  expect(gateway.log).toContain(rejected.reference);
  expect(gateway.log).toContain("550");
  expect(gateway.log).not.toContain("ada@example.com");
});

test("sends neither password nor mail to a server with an untrusted certificate", async ({
  mailbox,
  gateway,
  post,
}) => {
  await mailbox.stop();
  await mailbox.start(true);
  await gateway.stop();
  await gateway.start(settings(mailbox).replace("smtp://", "smtps://"));
  await post();
  await expect.poll(() => gateway.log).toContain("invalid peer certificate");
  expect([mailbox.users, mailbox.attempts]).toEqual([[], 0]);
});

test("lets no customer's text become a header, a recipient or another mail", async ({ mailbox, post }) => {
  const message =
    'One\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\n.\nlast\u0000\u001b[31m"quoted"';
  const name = 'Ada"\r\nBcc: eve@example.com\r\n\r\n<b>';
  await post({ message, contact: { name, email: "ada@example.com" } });
  const mail = await first(mailbox);
  expect(mail.to).toEqual(["ada@example.com"]);
  expect(header(mail, "bcc")).toEqual([]);
  expect(mail.headers.map(({ key }) => key).sort()).toEqual([
    "auto-submitted",
    "content-transfer-encoding",
    "content-type",
    "date",
    "from",
    "message-id",
    "subject",
    "to",
    "x-auto-response-suppress",
  ]);
  expect(mail.text).not.toContain("eve@example.com");
  expect(mailbox.mails).toHaveLength(1);
});

test("mails receipts in Arabic and German, with a reply address", async ({ mailbox, gateway, post }) => {
  await gateway.stop();
  await gateway.start(settings(mailbox, 'reply_to = "Jürgen <answers@meadow.example>"'));
  const message = "لا يعمل التصدير";
  const { reference } = await post({ message, locale: "ar" });
  const arabic = await first(mailbox);
  expect(arabic.subject).toContain(reference);
  expect(arabic.subject).toMatch(/[\u0600-\u06ff]/);
  expect(arabic.text).not.toContain(message);
  expect(arabic.replyTo).toEqual([{ name: "Jürgen", address: "answers@meadow.example" }]);
  await post({ locale: "de-AT" });
  await expect.poll(() => mailbox.mails.length).toBe(2);
  expect(mailbox.mails[1].text).toMatch(/am \d\d\.\d\d\.\d{4}, \d\d:\d\d Uhr \(Europe\/Berlin\)/);
});

test("mails at most two receipts a day to an unverified address, and none for a robot's ticket", async ({
  mailbox,
  post,
}) => {
  await post({ website: "http://robot.example" });
  const address = (/** @type {string} */ email) => ({ contact: { name: "", email } });
  for (const email of ["ada@example.com", "ADA@example.com", "ada+1@example.com", "ada+2@example.com"])
    await post(address(email));
  await post(address("bob@example.com"));
  await expect.poll(() => mailbox.mails.map(({ to }) => to[0])).toContain("bob@example.com");
  expect(mailbox.mails.map(({ to }) => to[0])).toEqual(["ada@example.com", "ADA@example.com", "bob@example.com"]);
});

/** The code that was mailed last. @param {Mailbox} mailbox */
const code = (mailbox) => mailbox.mails.at(-1)?.text?.match(/code: (\d{4} \d{4})\./)?.[1] ?? "";

test("shows an answer only after the code from the e-mail was entered", async ({
  mailbox,
  host,
  page,
  panel,
  inbox,
  trouble,
}) => {
  // The browser reports the responses to a wrong code and to a request that comes too soon.
  trouble.expect(/status of 4(22|29)/);
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Which cards?");
  const reference = await panel.send();
  await first(mailbox);
  await panel.button("See the conversation").click();
  const card = panel.root.locator(".confirm");
  await expect(card).toContainText("To read answers here, enter the code from our e-mail.");
  await expect(card).not.toContainText("You have an answer.");
  const field = panel.root.getByLabel("Code from the e-mail");
  await expect(field).toHaveAccessibleDescription(/To read answers here/);
  await field.pressSequentially("12");
  const agent = await inbox(reference);
  await agent.getByRole("textbox", { name: /^Your answer/ }).fill("The card 4242.");
  await agent.getByRole("button", { name: "Answer", exact: true }).click();
  await expect(card).toContainText("You have an answer. To read answers here, enter the code from our e-mail.");
  const articles = panel.root.locator(".messages article");
  await expect(articles).toHaveCount(1);
  // A customer who is typing is not interrupted.
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("12");

  const alert = card.getByRole("alert");
  /** How often a text was announced; the same text is announced again. */
  const announcements = await alert.evaluateHandle((alert) => {
    const announcements = { times: 0 };
    // Comments only mark places in the tree, and are not announced.
    const isAnnounced = (/** @type {Node} */ node) => node instanceof Element;
    new MutationObserver(
      (changes) => changes.some((change) => [...change.addedNodes].some(isAnnounced)) && announcements.times++,
    ).observe(alert, { childList: true });
    return announcements;
  });
  await field.fill(code(mailbox) == "0000 0000" ? "0000 0001" : "0000 0000");
  for (const times of [1, 2]) {
    await page.keyboard.press("Enter");
    await expect.poll(() => announcements.evaluate((announcements) => announcements.times)).toBe(times);
    await expect(alert).toHaveText("That's not the right code. Please check the latest e-mail.");
  }
  await expect(field).toBeFocused();
  await expect(field).toHaveAccessibleDescription(/That's not the right code/);
  await expect(field).toHaveAttribute("aria-invalid", "true");
  // However long this takes, the second of two requests is too soon.
  await expect(async () => {
    await panel.button("Send a new code").click();
    await expect(alert).toHaveText(/We've just sent you a code/, { timeout: 2000 });
  }).toPass();
  await panel.button("Back").click();
  await expect(panel.root.getByText("Enter the code to read the answer")).toBeVisible();
  await panel.hit("Which cards?").click();
  await expect(async () => {
    await field.fill(code(mailbox));
    await field.press("Enter");
    await expect(articles).toHaveCount(2, { timeout: 2000 });
  }).toPass();
  await expect(articles.nth(1)).toContainText("The card 4242.");
  await expect(card).toHaveCount(0);
  await expect(panel.root.getByRole("heading", { name: "Which cards?" })).toBeFocused();
});

test("offers to send a code if none was sent", async ({ mailbox, host, panel, page }) => {
  await host();
  await panel.open();
  // Only robots fill it in, and they get no mail.
  await panel.toTicket();
  await panel.root.locator("[name=db-more]").evaluate((/** @type {HTMLInputElement} */ trap) => (trap.value = "x"));
  await panel.box.fill("Which cards?");
  await panel.send();
  await panel.button("See the conversation").click();
  const card = panel.root.locator(".confirm");
  await expect(card).toContainText("request a code. We'll send it to the e-mail address you gave.");
  await expect(card.locator("input")).toHaveCount(0);
  await panel.button("Send a code").click();
  await expect(card).toContainText("enter the code from our e-mail");
  await expect(card.locator("input")).toBeFocused();
  await first(mailbox);
  await page.keyboard.type(code(mailbox));
  await page.keyboard.press("Enter");
  await expect(card).toHaveCount(0);
});

for (const [problem, text] of /** @type {const} */ ([
  ["no_code", "No code is valid right now. Please request a new one."],
  ["too_many_attempts", "Too many wrong codes were entered"],
  ["code_quota", "We can't send any more codes today."],
  ["too_many_codes", "We can't send any more codes for this ticket."],
  ["too_much", "We can't send another code right now."],
]))
  test(`explains ${problem}`, async ({ mailbox, host, page, panel, trouble }) => {
    trouble.expect(/status of 4/);
    await host();
    await panel.open();
    await panel.sendTicket("Which cards?");
    await first(mailbox);
    await panel.button("See the conversation").click();
    await page.route("**/confirmation{,/code}", (route) => {
      const status = problem == "code_quota" || problem == "too_much" ? 429 : 409;
      const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
      const body = JSON.stringify({ status, code: problem, title: "x", errors: [] });
      return route.fulfill({ status, headers, body });
    });
    const alert = panel.root.locator(".confirm").getByRole("alert");
    const requestsCode = /code_quota|too_many_codes|too_much/.test(problem);
    if (!requestsCode) await panel.root.getByLabel("Code from the e-mail").fill("1234 5678");
    await panel.button(requestsCode ? "Send a new code" : "Confirm").click();
    await expect(alert).toContainText(text);
  });
