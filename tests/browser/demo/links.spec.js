import { expect, test } from "../deskbell.js";

// Links that open the panel.

test("a link on the page opens the form it names and leaves the URL unchanged", async ({ page, gateway, panel }) => {
  await page.goto(gateway.url);
  const before = await page.evaluate(() => history.length);
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await page.getByRole("menuitem", { name: "Send a bug report" }).click();
  await expect(panel.kind("bug")).toBeChecked();
  await expect(panel.severity).toHaveValue("medium");
  await expect(panel.title).toHaveText("Send a ticket");
  await expect(panel.box).toBeFocused();
  expect(page.url()).toBe(`${gateway.url}/`);
  expect(await page.evaluate(() => history.length)).toBe(before);
});

test("the page's URL opens the form, and loses the parameters without a new history entry", async ({
  page,
  gateway,
  panel,
  tickets,
}) => {
  // The page's own state, and the length of the history before the panel could change it.
  await page.addInitScript(() => history.replaceState({ length: history.length }, ""));
  const link = "deskbell=ticket&kind=bug&topic=billing&severity=high&via=x&question=meadow-001";
  await page.goto(`${gateway.url}/alerts?period=7&${link}&message=sent%20by%20a%20link`);
  await expect(panel.title).toHaveText("Community question");
  await expect(panel.answers).toHaveCount(3);

  await expect(page).toHaveURL(/\/alerts\?period=7/);
  expect(page.url()).not.toMatch(/deskbell|kind|topic|severity|via|question/);
  const { length, state } = await page.evaluate(() => ({ length: history.length, state: history.state }));
  expect(state).toEqual({ length });

  await panel.button("Still need help").click();
  await expect(panel.kind("bug")).toBeChecked();
  await expect(panel.topic).toHaveValue("billing");
  await expect(panel.severity).toHaveValue("high");
  await expect(panel.box, "message text is never taken from a link").toHaveValue("");
  await panel.box.fill("written by me");
  const reference = await panel.send();
  const [ticket, ...others] = await tickets();
  expect(others).toEqual([]);
  expect(ticket).toMatchObject({
    reference,
    kind: "bug",
    topic: "billing",
    severity: "high",
    via: "x",
    message: "written by me",
  });
  expect(ticket.questions).toContainEqual(
    expect.objectContaining({
      id: "meadow-001",
      outcome: "unhelpful",
      title: expect.stringContaining("Export chart fails"),
    }),
  );
});

test("a hash opens the form, repeatedly", async ({ page, gateway, panel }) => {
  await page.goto(`${gateway.url}/billing#deskbell=ticket&kind=feedback`);
  await expect(panel.kind("feedback")).toBeChecked();
  await expect(panel.topic).toHaveValue("billing");
  await expect(page).toHaveURL(`${gateway.url}/billing`);
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await page.evaluate(() => void (location.hash = "deskbell=ticket&kind=bug"));
  await expect(panel.kind("bug")).toBeChecked();
  await expect(page).toHaveURL(`${gateway.url}/billing`);
});

test("ignores invalid parameters of a link, and keeps the others", async ({ page, gateway, panel, tickets }) => {
  const invalid = "kind=complaint&topic=nowhere&via=%3Cb%3E&message=x&question=";
  await page.goto(`${gateway.url}/?deskbell=nonsense&severity=high&${invalid}`);
  await panel.ready();
  await expect(panel.title).toHaveText("Help");
  await panel.toTicket();
  await expect(panel.kind("question")).toBeChecked();
  await expect(panel.topic).toHaveValue("dashboards");
  await expect(panel.severity).toHaveValue("high");
  await panel.box.fill("mine");
  await panel.send();
  expect(await tickets()).toMatchObject([{ via: "", kind: "question", severity: "high", message: "mine" }]);
});

test("sends no ticket by a link", async ({ page, gateway, panel, tickets }) => {
  await page.goto(`${gateway.url}/?deskbell=ticket&kind=bug&send=1`);
  await expect(panel.severity).toBeVisible();
  await panel.button("Send").click();
  await expect(panel.root.locator(".error")).toHaveText("Please describe what happened.");
  expect(await tickets()).toEqual([]);
});
