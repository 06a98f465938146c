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
  const phone = await device.newPage();
  await phone.goto(`${gateway.url}/help/demo`);
  await phone.getByRole("link", { name: "Read tickets that you sent from another device" }).click();
  await expectAccessible(phone, "html");
  const forget = phone.getByRole("button", { name: "Forget these tickets on this device" });
  await expect(forget).toBeHidden();
  await phone.getByLabel("E-mail address").fill("ada@example.com");
  await phone.getByRole("button", { name: "E-mail me a link" }).click();
  await expect(phone.getByRole("status")).toContainText("within 30 minutes");
  await expect.poll(() => links(mailbox).length, { timeout: 60_000 }).toBe(1);
  const [link] = links(mailbox);

  await phone.goto(link);
  await expect(phone.getByText("Please reload.")).toHaveCount(0);
  const keep = phone.getByRole("checkbox", { name: "Keep reading and answering on this device" });
  await expect(keep).not.toBeChecked();
  await expectAccessible(phone, "html");
  await keep.check();
  await phone.getByRole("button", { name: "Read my tickets" }).click();
  await expect(phone.getByText("Please reload.")).toBeVisible();
  expect(phone.url(), "the address has no key").not.toContain("key=");
  await expect(forget).toBeVisible();
  await expectAccessible(phone, "html");

  await phone.getByRole("link", { name: "Answer, and follow your tickets in this browser" }).click();
  const phonePanel = new Panel(phone);
  await phonePanel.root.getByText("The export stops").first().click();
  await expect(phonePanel.root.getByText("Please reload.")).toBeVisible();
  await phonePanel.root.getByRole("textbox").last().fill("Now it works");
  await phonePanel.button("Send").click();
  await expect(phonePanel.root.locator(".messages article").last()).toContainText("Now it works");

  // The first device has the ticket as well, and the link is used up.
  await page.goto(`${gateway.url}/help/demo?deskbell=tickets`);
  await expect(panel.root.getByText("The export stops").first()).toBeVisible();
  await phone.goto(link);
  await expect(phone.getByRole("button", { name: "E-mail me a link" })).toBeVisible();
  await expect(phone.getByText("This link doesn't work any more.")).toBeVisible();

  await expectAccessible(phone, "html");
  await forget.click();
  await expect(phone.getByRole("status")).toContainText("aren't shown here any more");
  await expectAccessible(phone, "html");
  await phone.goto(`${gateway.url}/help/demo?deskbell=tickets`);
  await expect(phonePanel.root.getByText("No tickets sent from this browser yet.")).toBeVisible();
  await expect(phonePanel.root.getByText("The export stops")).toHaveCount(0);
  await device.close();
  await mailbox.stop();
});

test("shows the tickets once on a device that is not to keep them", async ({
  browser,
  gateway,
  page,
  panel,
  trouble,
}) => {
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
  await panel.send();
  for (const javaScriptEnabled of [true, false]) {
    const device = await browser.newContext({ javaScriptEnabled });
    const phone = await device.newPage();
    await phone.goto(`${gateway.url}/help/demo/access`);
    const before = links(mailbox).length;
    await phone.getByLabel("E-mail address").fill("ada@example.com");
    await phone.getByRole("button", { name: "E-mail me a link" }).click();
    await expect.poll(() => links(mailbox).length, { timeout: 60_000 }).toBe(before + 1);
    await phone.goto(links(mailbox)[before]);
    await expect(phone.getByRole("checkbox")).toHaveCount(javaScriptEnabled ? 1 : 0);
    await phone.getByRole("button", { name: "Read my tickets" }).click();
    await expect(phone.getByText("The export stops").first()).toBeVisible();
    await expect(phone.getByText("Once you close this page")).toBeVisible();
    await expect(phone.getByRole("button", { name: "Forget these tickets on this device" })).toHaveCount(0);
    if (javaScriptEnabled) expect(await phone.evaluate(() => localStorage["deskbell:demo:session"])).toBeUndefined();
    await device.close();
  }
  await mailbox.stop();
});
