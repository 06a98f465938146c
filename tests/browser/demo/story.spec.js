import { expect, test } from "../deskbell.js";

// From an error on the page to the ticket in the inbox, as a customer experiences it.

const ERROR = /Cannot read properties of undefined \(reading 'rows'\)/;

test.beforeEach(async ({ page, gateway, trouble }) => {
  trouble.expect(ERROR);
  await page.goto(gateway.url);
});

test("by mouse: a button fails, an answer does not help, and the ticket arrives with its context", async ({
  page,
  gateway,
  panel,
  inbox,
  tickets,
}) => {
  await page.getByRole("button", { name: "Export chart" }).click();
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await page.getByRole("menuitem", { name: "Get help" }).click();
  await expect(panel.box).toBeFocused();

  await panel.search("export chart does nothing");
  await expect(panel.live).toHaveText(/\d results?/);
  await panel.hit("Export chart fails").click();
  await expect(panel.answers).toHaveCount(3);
  await expect(panel.answers.first()).toContainText("Accepted answer");
  await expect(panel.answers.first().locator("pre")).toContainText("curl -H");
  await expect(panel.answers.first().getByRole("link", { name: "Export a chart" })).toHaveAttribute("target", "_blank");

  await panel.button("Still need help").click();
  await expect(panel.box).toHaveValue("export chart does nothing");
  await expect(panel.topic).toHaveValue("dashboards");
  await expect(panel.severity).toHaveValue("low");
  await panel.kind("bug").check();
  await expect(panel.severity).toHaveValue("medium");
  await expect(panel.root.locator("#meaning")).toHaveText("A feature does not work as it should.");
  await expect(panel.root.getByText("First answer within 1 business day")).toBeVisible();
  await expect(panel.root.getByText(/Also sent: .*1 error/)).toBeVisible();
  const reference = await panel.send();
  await expect(panel.root.getByText("You'll find our answer here, under Your tickets.")).toBeVisible();

  const ticket = await inbox(reference);
  await expect(ticket.getByRole("region", { name: "Message" })).toContainText("export chart does nothing");
  await expect(ticket.getByRole("region", { name: "Page", exact: true })).toContainText(gateway.url);
  const person = ticket.getByRole("region", { name: "Customer" });
  for (const detail of ["Ada Lovett (u-ada)", "ada@northwind.example", "enterprise", "Northwind Tea", "unverified"])
    await expect(person).toContainText(detail);
  await expect(ticket.getByRole("region", { name: "Errors on the page" })).toContainText(
    "TypeError: Cannot read properties",
  );
  const question = ticket.getByRole("row", { name: "Export chart fails" });
  await expect(question).toContainText("Did not help");
  await expect(ticket.getByRole("region", { name: "Release" })).toContainText("2026.11.2");

  const [storedTicket, ...others] = await tickets();
  expect(others).toEqual([]);
  expect(storedTicket).toMatchObject({
    reference,
    kind: "bug",
    topic: "dashboards",
    severity: "medium",
    via: "",
    locale: "en",
  });
  expect(storedTicket.questions).toContainEqual(expect.objectContaining({ id: "meadow-001", outcome: "unhelpful" }));
  expect(storedTicket.context.errors).toHaveLength(1);
  expect(storedTicket.context.errors[0]).toMatchObject({ source: "error", name: "TypeError", count: 1 });
});

test("by keyboard alone: the focus moves into the panel, through it, and back to the trigger", async ({
  page,
  panel,
  tickets,
}) => {
  const help = page.getByRole("button", { name: "Help", exact: true });
  await tabTo(page, page.getByRole("button", { name: "Export chart" }));
  await page.keyboard.press("Enter");
  await tabTo(page, help, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Get help" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(panel.box).toBeFocused();

  await panel.search("export chart");
  await expect(panel.hit("Export chart fails")).toBeVisible();
  await tabTo(page, panel.hit("Export chart fails"));
  await page.keyboard.press("Enter");
  await expect(panel.title).toBeFocused();
  await expect(panel.title).toHaveText("Community question");
  await expect(panel.answers).toHaveCount(3);
  await tabTo(page, panel.button("Still need help"));
  await page.keyboard.press("Enter");
  await expect(panel.box).toBeFocused();

  await page.keyboard.press("End");
  await page.keyboard.type(" stays silent");
  await tabTo(page, panel.root.getByRole("radio", { name: "Question" }));
  await page.keyboard.press("ArrowRight");
  await expect(panel.root.getByRole("radio", { name: "Bug" })).toBeChecked();
  await expect(panel.severity).toHaveValue("medium");
  await tabTo(page, panel.severity);
  await page.keyboard.press("ArrowUp");
  await expect(panel.severity).toHaveValue("high");
  await tabTo(page, panel.button("Send"));
  await page.keyboard.press("Enter");
  const reference = await panel.received();
  await expect(panel.title).toBeFocused();
  await expect(panel.live).toHaveText("Ticket sent");

  await tabTo(page, panel.button("Done"));
  await page.keyboard.press("Enter");
  await expect(panel.dialog).toBeHidden();
  await expect(help).toBeFocused();
  expect(await tickets()).toMatchObject([
    { reference, kind: "bug", severity: "high", message: "export chart stays silent" },
  ]);
});

test("Escape closes the panel, keeps the text, and returns the focus", async ({ page, panel }) => {
  const help = page.getByRole("button", { name: "Help", exact: true });
  await help.press("Enter");
  await page.keyboard.press("Enter");
  await panel.ready();
  await page.keyboard.type("half a sentence");
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await expect(help).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(panel.box).toBeFocused();
  await expect(panel.box).toHaveValue("half a sentence");
  await page.keyboard.type(" and the rest");
  await expect(panel.box).toHaveValue("half a sentence and the rest");
});

test("closing the panel leaves the focus where the customer has moved it", async ({ page, panel }) => {
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await page.getByRole("menuitem", { name: "Get help" }).click();
  await panel.ready();
  await page.getByLabel("Theme").focus();
  await page.evaluate(() => /** @type {any} */ (window).deskbell("close"));
  await expect(panel.dialog).toBeHidden();
  await expect(page.getByLabel("Theme")).toBeFocused();
});

test("an answer that helps needs no ticket, and is not offered again", async ({ page, panel, tickets }) => {
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await page.getByRole("menuitem", { name: "Get help" }).click();
  await panel.search("could not refresh");
  await panel.hit("Refresh data says").click();
  await expect(panel.answers.first()).toContainText("Check tiles");
  await panel.button("Solved it").click();
  await expect(panel.root.getByRole("heading", { name: "Glad that helped" })).toBeVisible();
  await expect(panel.title).toBeFocused();
  await panel.button("Done").click();
  await expect(panel.dialog).toBeHidden();
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await page.getByRole("menuitem", { name: "Get help" }).click();
  await expect(panel.box).toHaveValue("");
  await panel.search("could not refresh");
  await expect(panel.live).toHaveText(/\d results?/);
  await expect(panel.hit("Refresh data says")).toHaveCount(0);
  expect(await tickets()).toEqual([]);
});

/**
 * Presses a key until the element has the focus.
 * @param {import("@playwright/test").Page} page
 * @param {import("@playwright/test").Locator} target
 */
async function tabTo(page, target, key = "Tab") {
  const hasFocus = () => target.evaluate((node) => /** @type {Document} */ (node.getRootNode()).activeElement === node);
  for (let presses = 0; presses < 60; presses++) {
    if (await hasFocus()) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not lead to ${target}`);
}
