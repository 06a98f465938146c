import { sign } from "../../../docs/sign/sign.mjs";
import { expectAccessible, test as base, expect } from "../deskbell.js";
import { SEND_MS, withoutLimit } from "../limits.js";
import { Zendesk } from "../zendesk.js";

// A ticket on its way to Zendesk and back: the customer in the panel, an agent at a stand-in, the gateway between
// them.

const SECRET = "0123456789abcdef0123456789abcdef";
const HOOK = "a secret of the webhook";
// Ids of the stand-in's account.
const [GRACE, ENGINEERING, BUG_FORM, SEVERITY] = [17000000000002, 17100000000002, 17300000000002, 17400000000101];

/** @param {string} url */
const settings = (url) => `
[sites.demo]
origins = ["*"]
panel.topics = [{ id = "exports", label = "Exports", team = "data" }]
[[sites.demo.signers]]
algorithm = "HS256"
secret = "${SECRET}"
[sites.demo.rota.data]
from = "2026-11-23"
people = ["Ana"]
[sites.demo.destinations.desk]
to = "zendesk"
url = "${url}"
client_id = "deskbell"
client_secret = "secret"
webhook_secret = "${HOOK}"
form_id = ${BUG_FORM}
tags = ["deskbell", "plan_{plan}"]
groups = { data = ${ENGINEERING} }
fields = { ${SEVERITY} = "{severity}" }
`;

/** @type {ReturnType<typeof base.extend<{zendesk: Zendesk}>>} */
const test = base.extend({
  zendesk: async ({ gateway }, use) => {
    const zendesk = new Zendesk();
    await zendesk.start();
    await gateway.stop();
    await gateway.start(settings(zendesk.url));
    await zendesk.control("webhook", { endpoint: `${gateway.url}/v1/sites/demo/hooks/desk`, secret: HOOK });
    await use(zendesk);
    await zendesk.stop();
  },
});

/** @param {import("@playwright/test").Page} page */
const signIn = (page) => {
  const claims = { sub: "u-ada", name: "Ada", email: "ada@example.com", email_verified: true, plan: "scale" };
  const token = sign(SECRET, "demo", claims);
  return page.evaluate((jwt) => /** @type {any} */ (window).deskbell("identify", { token: jwt }), token);
};

/** @param {import("../panel.js").Panel} panel */
const messages = (panel) => panel.root.locator(".messages article");

test("delivers a ticket to Zendesk with its context, carries answers both ways, and follows solving and reopening", async ({
  host,
  page,
  panel,
  zendesk,
  inbox,
}) => {
  await host({ path: "/?signed-out" });
  await signIn(page);
  await panel.open();
  await panel.toTicket();
  await panel.kind("bug").check();
  await panel.topic.selectOption("exports");
  await panel.severity.selectOption("high");
  await panel.box.fill("The export stops.");
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (await chooser).setFiles([{ name: "log.txt", mimeType: "text/plain", buffer: Buffer.from("a line\n") }]);
  const reference = await panel.send();

  // The receipt does not wait longer than three seconds for Zendesk.
  await expect.poll(async () => (await zendesk.state()).tickets).toHaveLength(1);
  const [zendeskTicket] = (await zendesk.state()).tickets;
  expect(zendeskTicket).toMatchObject({
    subject: `The export stops. [${reference}]`,
    priority: "high",
    type: "incident",
    group_id: ENGINEERING,
    ticket_form_id: BUG_FORM,
    tags: ["deskbell", "plan_scale", "high"],
  });
  expect(zendeskTicket.custom_fields).toContainEqual({ id: SEVERITY, value: "high" });
  const [first] = zendeskTicket.comments;
  expect(first.author).toMatchObject({ name: "Ada", email: "ada@example.com" });
  expect(first.body).toMatch(/^The export stops\.\n\n-+\nReference: /);
  expect(first.attachments.map((/** @type {any} */ file) => file.file_name)).toEqual([
    "log.txt",
    "deskbell-context.json",
  ]);

  await panel.button("See the conversation").click();
  await zendesk.control(`tickets/${zendeskTicket.id}/comments`, {
    author: "agent",
    body: "She is on the old plan.",
    public: false,
  });
  await zendesk.control(`tickets/${zendeskTicket.id}/comments`, {
    author: "agent",
    body: "Which browser is it?",
    html_body: "<p>Which <b>browser</b> is it?</p>",
    attachments: [{ name: "steps.txt", content_type: "text/plain", text: "Press it twice.\n" }],
  });
  await expect(messages(panel)).toHaveCount(2);
  await expect(messages(panel).nth(1)).toContainText("Which browser is it?");
  await expect(messages(panel).nth(1).locator("strong", { hasText: "browser" })).toBeVisible();
  await expect(messages(panel).nth(1)).toContainText("Grace");
  await expect(messages(panel).nth(1).getByRole("link", { name: "steps.txt" })).toBeVisible();
  await expect(panel.root.getByText("old plan")).toHaveCount(0);
  await expectAccessible(page);

  await panel.root.getByLabel("Your reply").fill("Firefox");
  await panel.button("Send").click();
  await expect(messages(panel).nth(2)).toContainText("Firefox");
  const comments = async () => (await zendesk.state()).tickets[0].comments;
  await expect.poll(async () => (await comments()).at(-1)).toMatchObject({ body: "Firefox", author: { name: "Ada" } });

  await zendesk.control(`tickets/${zendeskTicket.id}/status`, { status: "solved" });
  await expect(panel.root.locator(".by .good")).toHaveText("Solved");
  await panel.button("Reopen").click();
  await expect(panel.root.locator(".by .good")).toHaveCount(0);
  await expect.poll(async () => (await zendesk.state()).tickets[0].status).toBe("open");
  expect(await comments()).toHaveLength(4);
  expect((await zendesk.state()).users.find((/** @type {any} */ user) => user.id === GRACE).name).toBe("Grace");

  const agent = await inbox(reference);
  await expect(agent.getByRole("heading", { name: "Delivery" })).toBeVisible();
});

test("offers a ticket that came by e-mail as a similar one, and adds the message to it", async ({
  host,
  page,
  panel,
  zendesk,
}) => {
  const requester = { name: "Ada", email: "ada@example.com" };
  const body = "The export of my dashboard stops after a few minutes and the file stays empty.";
  await zendesk.control("tickets", { via: "email", requester, subject: "Dashboard export", body });
  await withoutLimit(page, SEND_MS);
  await host({ path: "/?signed-out" });
  await signIn(page);
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("My dashboard export stops after minutes, the file is empty");
  await panel.button("Send").click();
  const offer = panel.root.locator(".alike");
  await expect(offer.getByRole("heading", { name: "You may have sent this already" })).toBeVisible();
  await expect(offer).toContainText("Dashboard export");
  await offer.getByRole("button", { name: "Add to this ticket" }).first().click();
  await expect
    .poll(async () => (await zendesk.state()).tickets.map((/** @type {any} */ ticket) => ticket.comments.length))
    .toEqual([2]);
});

test("accepts a ticket while Zendesk is unavailable, and delivers it later", async ({
  host,
  panel,
  zendesk,
  inbox,
}) => {
  await zendesk.quirks({ down: true });
  await host();
  await panel.open();
  const first = await panel.sendTicket("One");
  const agent = await inbox(first);
  await expect(agent.getByText("Zendesk is unavailable (503)")).toBeVisible();
  await panel.button("Done").click();
  await zendesk.quirks({ down: false });
  await expect.poll(async () => (await zendesk.state()).tickets.length, { timeout: 60_000 }).toBe(1);
  await agent.reload();
  await expect(agent.getByText("Zendesk is unavailable (503)")).toHaveCount(0);
});
