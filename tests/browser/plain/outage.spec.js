import { expect, test } from "../deskbell.js";

// The gateway is down, or its responses are not what they should be.

test.beforeEach(({ trouble }) => trouble.expect(/Failed to load resource|ERR_CONNECTION|ERR_FAILED|CORS policy/));

test("offers an e-mail link if the gateway is down when help is opened, and the widget once it is back", async ({
  host,
  page,
  gateway,
  panel,
}) => {
  await host();
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell.version);
  await gateway.stop();
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toBeFocused();
  await page.keyboard.type("the help is down");
  await expect(panel.alert).toContainText("Help isn't available ");
  await expect(panel.root.getByRole("link", { name: "help@host.example" })).toHaveAttribute(
    "href",
    /the%20help%20is%20down/,
  );
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();

  await gateway.start();
  await panel.open();
  await expect(panel.alert).toBeHidden();
  await expect(panel.box).toHaveValue("the help is down");
  await panel.toTicket();
  await panel.send();
});

test("explains why a ticket was not sent, offers an e-mail link, and sends it once the gateway is back", async ({
  host,
  gateway,
  panel,
  page,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("sent into the void");
  await panel.formLoaded();
  await gateway.stop();
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await expect(panel.alert).toContainText("We can't reach support.");
  await expect(panel.root.locator(".waits")).toContainText("sent into the void");
  await expect(panel.root.getByRole("link", { name: "Write an e-mail" })).toHaveAttribute(
    "href",
    /^mailto:help@host\.example\?.*sent%20into%20the%20void/,
  );
  await panel.button("Try again").click();
  await expect(panel.alert).toContainText("We can't reach support.");
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-deskbell-queued='1']").first()).toBeAttached();

  // The page stays usable, and so does the form.
  await page.getByRole("button", { name: "Open help" }).click();
  await panel.button("Back").click();
  await expect(panel.box).toHaveValue("");
  await expect(panel.box).toBeEditable();
  await panel.button("1 message not sent yet").click();
  await gateway.start();
  await panel.again();
  const reference = await panel.received();
  expect(await tickets()).toMatchObject([{ reference, message: "sent into the void" }]);
  await expect(page.locator("[data-deskbell-queued]")).toHaveCount(0);
});

test("tells the customer and the developer that the gateway does not allow the page", async ({
  host,
  gateway,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/deskbell: .* does not accept tickets/);
  await gateway.stop();
  await gateway.start('[sites.demo]\norigins = ["https://other.example"]\n');
  await host();
  const error = page.waitForEvent("console", (message) => message.text().startsWith("deskbell: "));
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Nobody listens here");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await expect(panel.alert).toContainText("This website isn't set up to send messages to support.");
  expect((await error).text()).toContain("add it to the site's `origins`");
  // Another try cannot help, another way can.
  await expect(panel.root.locator(".button.main")).toHaveText("Write an e-mail");
});

test("says that the device is offline, and sends the ticket automatically once it is online", async ({
  host,
  context,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("from a tunnel");
  await panel.formLoaded();
  await context.setOffline(true);
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("You're offline.");
  await expect(panel.live).toContainText("You're offline.");
  await context.setOffline(false);
  await panel.received();
  expect(await tickets()).toMatchObject([{ message: "from a tunnel" }]);
});

test("creates no second ticket when a lost response makes the customer try again", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  /** @type {(string | undefined)[]} */
  const keys = [];
  // It is also retried automatically, however long this test takes.
  let answers = "are lost";
  await page.route("**/tickets", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(route.request().headers()["idempotency-key"]);
    if (answers === "come") return route.continue();
    await route.fetch();
    return answers === "are lost"
      ? route.abort("connectionreset")
      : route.fulfill({ status: 502, body: "<h1>Bad gateway</h1>" });
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("only once");
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("We can't reach support.");
  answers = "are those of a proxy";
  await panel.again();
  await expect(panel.alert).toContainText("we don't know whether your message arrived");
  answers = "come";
  await panel.again();
  const reference = await panel.received();
  expect(keys.length).toBeGreaterThanOrEqual(3);
  expect(new Set(keys).size, "a submission keeps its key").toBe(1);
  expect(await tickets()).toMatchObject([{ reference, message: "only once" }]);
});

test("lets the customer correct and send a rejected ticket", async ({ host, page, panel, tickets }) => {
  await host();
  let isRefused = false;
  await page.route("**/tickets", (route) => {
    if (isRefused || route.request().method() !== "POST") return route.continue();
    isRefused = true;
    const problem = {
      status: 422,
      code: "invalid",
      title: "no",
      errors: [{ pointer: "/topic", detail: "is not known" }],
    };
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    return route.fulfill({ status: 422, headers, body: JSON.stringify(problem) });
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("refused at first");
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("Support couldn't accept the ticket: Something you entered");
  await expect(panel.box).toBeEditable();
  await panel.box.fill("mended");
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "mended" }]);
});

for (const file of ["widget.wasm", "widget.js"]) {
  test(`does not run a ${file} that was tampered with`, async ({ host, page, panel, trouble }) => {
    trouble.expect(/integrity/i);
    await page.route(`**/${file}`, async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      body[body.length - 1] ^= 1;
      const { "content-encoding": _, "content-length": __, ...headers } = response.headers();
      await route.fulfill({ status: 200, headers, body });
    });
    await host();
    await page.getByRole("button", { name: "Open help" }).click();
    await expect(panel.root.getByText("This is the simple form.")).toBeVisible();
    await expect(panel.ticketButton).toHaveCount(0);
    await expect(panel.box).toBeEditable();
  });
}

test("sends a ticket while the search is down", async ({ host, page, panel, tickets }) => {
  await host();
  await page.route("**/search?*", (route) => route.abort());
  await panel.open();
  await panel.box.fill("export chart");
  await expect(panel.root.getByText("We couldn't search for answers just now.")).toBeVisible();
  await panel.toTicket();
  await panel.send();
  expect(await tickets()).toHaveLength(1);
});
