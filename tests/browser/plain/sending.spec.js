import { expect, test } from "../deskbell.js";

test("sends once when Send is double-clicked", async ({ host, page, panel, tickets }) => {
  await host();
  let posts = 0;
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/tickets")) posts += 1;
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("twice");
  await panel.button("Send").dblclick();
  await panel.received();
  expect(posts).toBe(1);
  expect(await tickets()).toHaveLength(1);
});

test("sends once when Send is pressed again while sending", async ({ host, page, panel, tickets }) => {
  await host();
  let posts = 0;
  /** @type {() => void} */
  let release = () => {};
  const gate = new Promise((done) => (release = () => done(undefined)));
  await page.route("**/tickets", async (route) => {
    if (route.request().method() === "POST") posts += 1;
    await gate;
    await route.continue();
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("slowly");
  await panel.button("Send").click();
  await panel.button("Sending…").click();
  await expect(panel.box).not.toBeEditable();
  await panel.button("Sending…").press("Enter");
  release();
  await panel.received();
  expect(posts).toBe(1);
  expect(await tickets()).toHaveLength(1);
});

test("names what is missing on Send, and focuses it", async ({ host, page, panel, tickets }) => {
  await host({ path: "/?signed-out" });
  await panel.open();
  await panel.toTicket();
  await panel.button("Send").click();
  await expect(panel.box).toBeFocused();
  await expect(panel.box).toHaveAttribute("aria-invalid", "true");
  await expect(panel.live).toHaveText("Please describe what happened.");
  await expect(panel.root.locator(".error")).toHaveText([
    "Please describe what happened.",
    "Please enter your name.",
    "Please enter your e-mail address.",
  ]);

  await page.keyboard.type("something");
  await expect(panel.box).not.toHaveAttribute("aria-invalid", "true");
  await panel.button("Send").click();
  await expect(panel.name).toBeFocused();
  await page.keyboard.type("Grace");
  await expect(panel.name, "what is typed stays where it is typed").toHaveValue("Grace");
  await expect(panel.name).toBeFocused();
  await panel.button("Send").click();
  await expect(panel.email).toBeFocused();
  await page.keyboard.type("grace at home");
  await panel.button("Send").click();
  await expect(panel.email).toBeFocused();
  await expect(panel.email).toHaveAttribute("aria-invalid", "true");
  await expect(panel.email).toHaveAccessibleDescription(/Please enter an e-mail address like/);
  await panel.email.fill("grace@example.org");
  const reference = await panel.send();
  expect(await tickets()).toMatchObject([
    { reference, message: "something", contact: { name: "Grace", email: "grace@example.org" } },
  ]);
});

test("keeps the focus while name and address are typed", async ({ host, page, panel }) => {
  await host({ path: "/?signed-out" });
  await panel.open();
  await panel.toTicket();
  await panel.name.focus();
  await page.keyboard.type("Grace");
  await page.keyboard.press("Tab");
  await page.keyboard.type("grace@example.org");
  await expect(panel.name).toHaveValue("Grace");
  await expect(panel.email).toHaveValue("grace@example.org");
});

test("asks an identified user for no contact details", async ({ host, panel, tickets }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await expect(panel.name).toHaveCount(0);
  await expect(panel.email).toHaveCount(0);
  await expect(panel.root.getByText("Sending as ada@host.example.")).toBeVisible();
  await panel.box.fill("known");
  await panel.send();
  expect(await tickets()).toMatchObject([{ contact: { name: "Ada Host", email: "ada@host.example" } }]);
});

test("counts the characters of a message that is too long, and does not send it", async ({ host, panel, tickets }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("x".repeat(9_990));
  await expect(panel.root.getByText("10 characters left")).toBeVisible();
  await panel.box.fill("x".repeat(10_003));
  await expect(panel.root.getByText("3 characters too many")).toBeVisible();
  await panel.button("Send").click();
  await expect(panel.root.locator(".error")).toContainText("Please shorten it to 10,000 characters.");
  expect(await tickets()).toEqual([]);
  await panel.box.fill("x".repeat(10_000));
  await panel.send();
});

test("keeps the text and the choices on the way back", async ({ host, panel, page, tickets }) => {
  await host();
  await panel.open();
  await panel.box.fill("export chart");
  await panel.toTicket();
  await panel.kind("bug").check();
  await panel.topic.selectOption("api");
  await panel.severity.selectOption("high");
  await panel.hits.first().click();
  await expect(panel.root.locator(".asked")).toBeVisible();
  await panel.button("Back").click();
  await expect(panel.kind("bug")).toBeChecked();
  await expect(panel.topic).toHaveValue("api");
  await expect(panel.severity).toHaveValue("high");
  await panel.button("Back").click();
  await expect(panel.title).toHaveText("Help");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Open help" }).click();
  await panel.toTicket();
  await expect(panel.severity).toHaveValue("high");
  const reference = await panel.send();
  expect(await tickets()).toMatchObject([
    { reference, kind: "bug", topic: "api", severity: "high", message: "export chart" },
  ]);
});
