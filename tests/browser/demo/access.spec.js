import { expect, expectAccessible, Panel, test } from "../deskbell.js";
import { Mailbox } from "../mailbox.js";

// A ticket is sent on one device; a link by e-mail brings it to another, where it is read and answered.

/** @param {Mailbox} mailbox @param {string} url */
const settings = (mailbox, url) => `
[sites.demo]
origins = ["*"]
[sites.demo.mail]
smtp = "smtp://relay:p%40ss%20word@127.0.0.1:${mailbox.port}"
from = "Meadow Support <support@meadow.example>"
url = "${url}"
answers = "never"
`;

/** The links in the mails so far. @param {Mailbox} mailbox */
const links = (mailbox) =>
  mailbox.mails.flatMap(({ text }) => text?.match(/http\S+\/access\/open\?key=[\w-]{43}/) ?? []);

test("brings a ticket with its answer to another device", async ({ browser, gateway, page, panel, inbox, trouble }) => {
  trouble.expect(/404/);
  const mailbox = new Mailbox();
  await mailbox.start();
  await gateway.stop();
  await gateway.start(settings(mailbox, gateway.url));
  await page.goto(`${gateway.url}/help/demo?deskbell=ticket&kind=bug`);
  await expect(panel.severity).toBeVisible();
  await panel.box.fill("The export stops");
  await panel.name.fill("Ada");
  await panel.email.fill("ada@example.com");
  const reference = await panel.send();
  const agent = await inbox(reference);
  await agent.getByRole("textbox", { name: /^Your answer/ }).fill("Please reload.");
  await agent.getByRole("button", { name: "Answer", exact: true }).click();
  await expect(agent.locator("#conversation")).toContainText("Please reload.");

  const device = await browser.newContext();
  const there = await device.newPage();
  await there.goto(`${gateway.url}/help/demo`);
  await there.getByRole("link", { name: "Read tickets that you sent from another device" }).click();
  await expectAccessible(there, "html");
  await there.getByLabel("E-mail address").fill("ada@example.com");
  await there.getByRole("button", { name: "E-mail me a link" }).click();
  await expect(there.getByRole("status")).toContainText("within 30 minutes");
  await expect.poll(() => links(mailbox).length, { timeout: 60_000 }).toBe(1);
  const [link] = links(mailbox);

  await there.goto(link);
  await expect(there.getByText("Please reload.")).toHaveCount(0);
  await expectAccessible(there, "html");
  await there.getByRole("button", { name: "Read my tickets" }).click();
  await expect(there.getByText("Please reload.")).toBeVisible();
  expect(there.url(), "the address has no key").not.toContain("key=");
  await expectAccessible(there, "html");

  await there.getByRole("link", { name: "Answer, and follow your tickets in this browser" }).click();
  const other = new Panel(there);
  await other.root.getByText("The export stops").first().click();
  await expect(other.root.getByText("Please reload.")).toBeVisible();
  await other.root.getByRole("textbox").last().fill("Now it works");
  await other.button("Send").click();
  await expect(other.root.locator(".messages article").last()).toContainText("Now it works");

  // The first device has it as well, and the link is used up.
  await page.goto(`${gateway.url}/help/demo?deskbell=tickets`);
  await expect(panel.root.getByText("The export stops").first()).toBeVisible();
  await there.goto(link);
  await expect(there.getByRole("button", { name: "E-mail me a link" })).toBeVisible();
  await expect(there.getByText("This link doesn't work any more.")).toBeVisible();
  await device.close();
  await mailbox.stop();
});
