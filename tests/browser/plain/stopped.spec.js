import { expect, test } from "../deskbell.js";

// Requests that a proxy or a firewall on the way to the gateway blocks.

/** The beginning of a Windows program. */
const PROGRAM = [0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff, 0, 0];

/** @param {import("../panel.js").Panel} panel */
const choose = async (panel) => {
  const chooser = panel.page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  const file = { name: "trace.log", mimeType: "text/plain", buffer: Buffer.from("a line\n".repeat(50)) };
  await (await chooser).setFiles(file);
};

const refusals = {
  "that rejects it with a page of its own": { status: 413, headers: { "access-control-allow-origin": "*" } },
  "whose rejection the page may not read": { status: 0, headers: {} },
  "that fails each time": { status: 500, headers: { "access-control-allow-origin": "*" } },
};

for (const [name, { status, headers }] of Object.entries(refusals))
  test(`sends a ticket without its file, and names the file, behind a proxy ${name}`, async ({
    host,
    page,
    panel,
    tickets,
    trouble,
  }) => {
    trouble.expect(/413|500|ERR_FAILED|CORS|Failed to load/);
    await host();
    await page.route("**/attachments/**", (route) =>
      !status
        ? route.abort()
        : route.fulfill({ status, headers, contentType: "text/html", body: "<html><title>no</title></html>" }),
    );
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("The export stops");
    await choose(panel);
    await panel.send();
    await expect(panel.root.getByText("trace.log couldn't be sent")).toBeVisible();
    const [ticket] = await tickets();
    expect(ticket.message).toContain("The export stops");
    expect(ticket.message).toContain("trace.log couldn't be sent");
    expect(ticket.attachments ?? []).toEqual([]);
  });

test("sends a reply without its file, and names the file, behind a proxy that rejects it", async ({
  host,
  page,
  panel,
  inbox,
  trouble,
}) => {
  trouble.expect(/413|Failed to load/);
  await host();
  await panel.open();
  const reference = await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  await page.route("**/attachments/**", (route) =>
    route.fulfill({
      status: 413,
      headers: { "access-control-allow-origin": "*" },
      contentType: "text/html",
      body: "<html><title>413 Request Entity Too Large</title></html>",
    }),
  );
  await panel.root.getByLabel("Your reply").fill("Here is the log");
  await choose(panel);
  await panel.button("Send").click();
  const reply = panel.root.locator(".messages article").nth(1);
  await expect(reply).toContainText("Here is the log");
  await expect(reply).toContainText("trace.log couldn't be sent");
  const agent = await inbox(reference);
  await expect(agent.getByText("trace.log couldn't be sent")).toBeVisible();
});

test("announces whether each file was added or rejected", async ({ host, page, panel, trouble }) => {
  trouble.expect(/415|Failed to load/);
  await host();
  await panel.open();
  await panel.toTicket();
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (
    await chooser
  ).setFiles([
    { name: "setup.exe", mimeType: "application/octet-stream", buffer: Buffer.from(PROGRAM) },
    { name: "trace.log", mimeType: "text/plain", buffer: Buffer.from("a line\n") },
  ]);
  await expect(panel.live).toContainText("trace.log");
  await expect(panel.live).toContainText("setup.exe: ");
  await expect(panel.live).not.toContainText(/setup.exe (goes along|added)/);
});

test("emits the cause `blocked` if a firewall rejects the text", async ({ host, page, panel, trouble }) => {
  trouble.expect(/403|ERR_FAILED|CORS|Failed to load/);
  await host();
  await page.route("**/tickets", (route) =>
    route.request().method() == "POST"
      ? route.fulfill({
          status: 403,
          headers: { "access-control-allow-origin": "*" },
          contentType: "text/html",
          body: "<html><title>403 Forbidden</title></html>",
        })
      : route.continue(),
  );
  const failureCause = page.evaluate(
    () => new Promise((resolve) => window.deskbell("on", "failed", ({ cause }) => resolve(cause))),
  );
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("<script>alert(1)</script> UNION SELECT");
  await panel.button("Send").click();
  expect(await failureCause).toBe("blocked");
  await expect(panel.title).toHaveText("Not sent yet");
});

for (const [name, { answer, text }] of Object.entries({
  "a firewall that rejects everything": {
    answer: { status: 403, contentType: "text/html", body: "<html><title>403 Forbidden</title></html>" },
    text: "Something between you and support, such as a firewall, is blocking this message",
  },
  "a gateway whose disk is full": {
    answer: {
      status: 507,
      contentType: "application/problem+json",
      body: '{"status":507,"code":"disk_full","title":"The disk is full."}',
    },
    text: "Support can't store any more messages right now.",
  },
}))
  test(`explains ${name} to the customer, and sends the ticket later`, async ({
    host,
    page,
    panel,
    tickets,
    trouble,
  }) => {
    trouble.expect(/403|507|Failed to load/);
    await host();
    const blocked = /\/(tickets|probe)$/;
    const headers = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" };
    await page.route(blocked, (route) =>
      route.request().method() === "POST" ? route.fulfill({ ...answer, headers }) : route.continue(),
    );
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("It waits");
    await panel.button("Send").click();
    await expect(panel.alert).toContainText(text);
    await page.unroute(blocked);
    await panel.again();
    await panel.received();
    expect(await tickets()).toMatchObject([{ message: "It waits" }]);
  });
