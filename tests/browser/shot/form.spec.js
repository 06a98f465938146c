import { launch } from "../chromium.js";
import { expect, test } from "../deskbell.js";

// From the form: a screenshot is captured by the browser, edited, and attached.

test.use({ launchOptions: { ...launch, args: [...launch.args, "--auto-accept-this-tab-capture"] } });

test("takes a screenshot from the form, blacks out a part, and sends it with the ticket", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host({ folder: "plain" });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("It looks wrong");
  await panel.button("Take a screenshot").click();
  const editor = panel.root.getByRole("dialog", { name: "Edit the picture" });
  await editor.locator("canvas").press("Enter");
  await editor.getByRole("button", { name: "Use the picture" }).click();
  await expect(panel.root.locator(".file")).toContainText("screenshot.png");
  await expect(panel.box).toHaveValue("It looks wrong");
  await panel.send();
  const [ticket] = await tickets();
  expect(ticket.attachments).toHaveLength(1);
  await panel.button("See the conversation").click();
  const link = (await panel.root.locator(".messages a").getAttribute("href")) ?? "";
  const size = await page.evaluate(async (link) => {
    const { width, height } = await createImageBitmap(await (await fetch(link)).blob());
    return { width, height };
  }, link);
  expect(size).toEqual(page.viewportSize());
});
