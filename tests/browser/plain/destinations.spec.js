import { expect, test as base } from "../deskbell.js";
import { Mailbox } from "../mailbox.js";

// A mailbox as a destination, as a real mail server receives it.

const session = "000102030405060708090a0b0c0d0e0f";
const log = "one\n\ntwo ä\n";

/**
 * @typedef {object} Fixtures
 * @property {Mailbox} mailbox the mail server of the desk
 * @property {(path: string, body: object) => Promise<{id: string, reference: string}>} send posts as the customer
 */

const test = base.extend({
  mailbox: async ({ gateway }, use) => {
    const mailbox = new Mailbox();
    await mailbox.start();
    await gateway.stop();
    await gateway.start(`
[sites.demo]
origins = ["*"]
[sites.demo.destinations.desk]
to = "email"
mailbox = "Desk <desk@desk.example>"
from = "Meadow <help@meadow.example>"
smtp = "smtp://relay:p%40ss%20word@127.0.0.1:${mailbox.port}"
`);
    await use(mailbox);
    await mailbox.stop();
  },

  send: async ({ gateway }, use) => {
    await use(async (path, body) => {
      const response = await fetch(`${gateway.url}/v1/sites/demo/${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "idempotency-key": crypto.randomUUID(),
          "deskbell-session": session,
        },
        body: JSON.stringify(body),
      });
      expect(response.ok).toBe(true);
      return response.json();
    });
  },
});

/** @param {object} more */
const ticket = (more) => ({
  kind: "bug",
  severity: "high",
  message: "Der Export hält an\nJedes Mal",
  contact: { name: "Ada", email: "ada@example.com" },
  client: { name: "test", version: "1" },
  context: { page: { url: "https://app.example.com/exports" } },
  ...more,
});

/** @param {import("../gateway.js").Gateway} gateway @param {string} name */
async function upload(gateway, name) {
  const id = crypto.randomUUID();
  const url = `${gateway.url}/v1/sites/demo/attachments/${id}?name=${encodeURIComponent(name)}`;
  const response = await fetch(url, { method: "PUT", headers: { "deskbell-session": session }, body: log });
  expect(response.status).toBe(201);
  return id;
}

/** @param {Mailbox} mailbox @param {number} count */
const mails = async (mailbox, count) => {
  await expect.poll(() => mailbox.mails.length, { timeout: 60_000 }).toBe(count);
  return mailbox.mails;
};

/** @param {import("../mailbox.js").Mail} mail */
const files = (mail) =>
  mail.attachments.map(({ filename, mimeType, content }) => [
    filename,
    mimeType,
    typeof content === "string" ? content : new TextDecoder().decode(content),
  ]);

test("mails a ticket with its files and context, and later messages in the same thread", async ({
  mailbox,
  gateway,
  send,
}) => {
  const attachments = [await upload(gateway, 'übersicht "1".log')];
  const { id, reference } = await send("tickets", ticket({ attachments }));
  await send(`tickets/${id}/messages`, { message: ".\nNoch immer" });
  const [first, second] = await mails(mailbox, 2);
  expect(first).toMatchObject({
    from: "help@meadow.example",
    to: ["desk@desk.example"],
    subject: `[${reference}] Der Export hält an`,
    messageId: `<${id}.desk@meadow.example>`,
    replyTo: [{ name: "", address: "ada@example.com" }],
  });
  expect(first.text).toContain("Der Export hält an\nJedes Mal\n\n---");
  expect(first.text).toContain("Page: https://app.example.com/exports");
  const [file, context] = files(first);
  expect(file).toEqual(['übersicht "1".log', "text/plain", log]);
  expect(context.slice(0, 2)).toEqual(["deskbell-context.json", "application/json"]);
  expect(JSON.parse(context[2]).page.url).toBe("https://app.example.com/exports");
  expect(second).toMatchObject({
    subject: `Re: [${reference}] Der Export hält an`,
    messageId: `<${id}/1.desk@meadow.example>`,
    inReplyTo: first.messageId,
    references: first.messageId,
    attachments: [],
  });
  // The sender is unverified, which is noted above the text.
  expect(second.text).toMatch(/^\[Not verified\] [^\n]*\n\s*\.\nNoch immer\n/);
  expect(mailbox.users).toEqual(["relay", "relay"]);
});

test("mails a ticket without its files if the mail is too large, and names them in it", async ({
  mailbox,
  gateway,
  send,
}) => {
  mailbox.refusals = [552];
  const attachments = [await upload(gateway, "a.log")];
  await send("tickets", ticket({ attachments }));
  const [mail] = await mails(mailbox, 1);
  expect(files(mail).map(([name]) => name)).toEqual(["deskbell-context.json"]);
  expect(mail.text).toContain("Files that are not attached here: a.log");
  await expect.poll(() => gateway.log).toContain("no files are attached");
  expect(mailbox.attempts).toBe(2);
});

test("delivers in order once the mail server is up again", async ({ mailbox, send }) => {
  await mailbox.stop();
  const { id } = await send("tickets", ticket({}));
  await send(`tickets/${id}/messages`, { message: "Hello?" });
  await mailbox.start();
  const names = (await mails(mailbox, 2)).map(({ messageId }) => messageId);
  expect(names).toEqual([`<${id}.desk@meadow.example>`, `<${id}/1.desk@meadow.example>`]);
});

test("lets no customer's text become a header, a recipient or another mail", async ({ mailbox, send }) => {
  const message = "One\rBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\n.\nlast\u0000";
  const name = 'Ada"\r\nBcc: eve@example.com';
  const context = { user: { id: "1", name, email: "ada@example.com\r\nBcc: eve@example.com" } };
  await send("tickets", ticket({ message, context, contact: { name, email: "" } }));
  const [mail] = await mails(mailbox, 1);
  expect(mail.to).toEqual(["desk@desk.example"]);
  expect(mail.headers.map(({ key }) => key).sort()).toEqual([
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "subject",
    "to",
  ]);
  expect(mail.subject).toMatch(/^\[DB-\w{5}\] One Bcc: eve@example\.com$/);
  expect(mailbox.mails).toHaveLength(1);
});
