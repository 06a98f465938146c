import { expect, test } from "../deskbell.js";
import { drafts, readStore } from "../drafts.js";
import { Panel } from "../panel.js";

// Two builds side by side: a page that was opened before an upgrade goes on with its own, while others get the new one.
//
// No version has been released, so there is no earlier one to take. What stands in for it, and what that shows:
// - The other build is this one under another address. Two tabs with different builds share storage, locks and messages;
//   it does not show that two different programs do.
// - What an earlier version has stored is written as commit 5f755cf wrote it, with a submission's body as its widget sent it: this
//   version reads, shows and sends it, and this gateway takes it.
// - An earlier gateway is this one without what it may lack: its configuration says nothing, and it knows neither similar tickets
//   nor streams.
// Once a version is released, its `dist` should take the place of the first.

/** @typedef {any} Any */

const OTHER = "deskbell-0000000000000000";

/**
 * Gives a page the same build under another address.
 * @param {import("@playwright/test").Page} page @returns {Promise<() => string[]>} the paths that it has fetched from there
 */
const useOtherBuild = async (page) => {
  /** @type {string[]} */
  const paths = [];
  let build = "";
  await page.route("**/deskbell.js", async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    build = /** @type {Any} */ (script.match(/\b[0-9a-f]{16}\b/))[0];
    await route.fulfill({ response, body: script.replaceAll(build, OTHER.replace("deskbell-", "")) });
  });
  await page.route(`**/${OTHER}/**`, async (route) => {
    const url = route.request().url();
    paths.push(new URL(url).pathname);
    await route.fulfill({ response: await route.fetch({ url: url.replace(OTHER, `deskbell-${build}`) }) });
  });
  return () => paths;
};

for (const isOtherFirst of [true, false])
  test(`a draft of a tab with ${isOtherFirst ? "another" : "this"} build is sent once, by a tab with ${isOtherFirst ? "this" : "another"} one`, async ({
    context,
    host,
    page,
    panel,
    tickets,
  }) => {
    const second = await context.newPage();
    const fetched = await useOtherBuild(isOtherFirst ? page : second);
    const site = await host();
    await second.goto(site.url);
    const sender = new Panel(second);
    await panel.open();
    await panel.box.fill("Written in one tab");
    await expect.poll(() => drafts(page)).toEqual(["Written in one tab"]);
    await second.bringToFront();
    await sender.open();
    await expect(sender.box).toHaveValue("Written in one tab");
    await sender.toTicket();
    await sender.send();
    // The first tab hears of it.
    await expect(panel.box).toHaveValue("");
    expect(await drafts(page)).toEqual([]);
    expect(await tickets()).toMatchObject([{ message: "Written in one tab" }]);
    expect(fetched().some((path) => path.endsWith("/modules.js"))).toBe(true);
  });

test("sends to a gateway that says and knows less", async ({ host, page, panel, tickets, trouble }) => {
  trouble.expect(/404|Failed to load/);
  const headers = { "access-control-allow-origin": "*", "content-type": "application/json" };
  await page.route("**/config", (route) => route.fulfill({ headers, body: "{}" }));
  await page.route(/\/(alike|stream)$/, (route) => route.fulfill({ status: 404, headers, body: "{}" }));
  await host();
  await panel.open();
  await panel.sendTicket("To an earlier gateway");
  await panel.button("See the conversation").click();
  await panel.root.getByLabel("Your reply").fill("And a reply");
  await panel.button("Send").click();
  await expect(panel.root.locator(".messages article")).toHaveText([/To an earlier gateway/, /And a reply/]);
  expect(await tickets()).toMatchObject([{ message: "To an earlier gateway" }]);
});

/** What that commit's widget sent. @param {string} message @param {string[]} attachments */
const body = (message, attachments) =>
  JSON.stringify({
    kind: "bug",
    topic: "",
    severity: "high",
    message,
    contact: { name: "Ada Host", email: "ada@host.example" },
    context: {},
    questions: [{ source: "gateway", id: "q-1", title: "How to export", url: "", outcome: "unhelpful" }],
    attachments,
    via: "",
    locale: "en",
    created_at: new Date().toISOString(),
    client: { name: "deskbell", version: "0.1.0" },
  });

test("shows and sends what an earlier version has stored on the device", async ({ host, page, panel, tickets }) => {
  const site = await host();
  await panel.open();
  await panel.sendTicket("An open ticket");
  await panel.button("Done").click();
  await panel.open();
  await panel.button(/^Your tickets/).click();
  const id = await panel.hit("An open ticket").getAttribute("id");
  const session = await page.evaluate(() => localStorage["deskbell:demo:session"]);
  const storedAt = Date.now() - 60_000;
  const fileId = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
  const key = "0123456789abcdef0123456789abcdef";
  const item = {
    ...{ key, site: "demo", user: "u-1", session, path: "/tickets", body: body("An old submission", [fileId]) },
    ...{ text: "An old submission", signed: true, files: [fileId], draft: "fedcba98765432100123456789abcdef" },
    ...{ at: storedAt, said: storedAt, tries: 2, wait: 5000, next: storedAt, cause: "unreachable" },
  };
  const draft = {
    ...{ id: "00112233445566778899aabbccddeeff", at: storedAt, tab: 0.5, frozen: null },
    ticket: JSON.parse(body("An old draft", [])),
  };
  const file = { id: fileId, of: key, name: "old.log", at: storedAt, there: false };
  // No widget runs here.
  await page.goto(`${site.url}/host.css`);
  await page.evaluate(
    ({ id, storedAt, item, draft, file }) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("deskbell", 1);
        request.onsuccess = () => {
          const transaction = request.result.transaction(["drafts", "outbox", "files"], "readwrite");
          transaction.objectStore("drafts").put(draft, "demo\nu-1");
          transaction.objectStore("drafts").put({ text: "An old reply", at: storedAt }, `demo\nu-1\n${id}`);
          transaction.objectStore("outbox").put(item, item.key);
          transaction.objectStore("files").put({ ...file, blob: new Blob(["old\n"], { type: "text/plain" }) }, file.id);
          transaction.oncomplete = () => (request.result.close(), resolve(0));
          transaction.onabort = () => reject(transaction.error);
        };
      }),
    { id, storedAt, item, draft, file },
  );

  await page.goto(site.url);
  await panel.open();
  await expect(panel.box).toHaveValue("An old draft");
  // The submission is sent by itself.
  await expect.poll(async () => (await tickets()).map(({ message }) => message)).toContain("An old submission");
  await panel.toTicket();
  await expect(panel.kind("bug")).toBeChecked();
  await panel.send();
  await panel.button("Done").click();
  await panel.open();
  await panel.button(/^Your tickets/).click();
  await expect(panel.hits).toHaveCount(3);
  await panel.hit("An old submission").click();
  await expect(panel.root.locator(".messages a")).toHaveText(["old.log"]);
  await panel.button("Back").click();
  await panel.hit("An open ticket").click();
  await expect(panel.root.getByLabel("Your reply")).toHaveValue("An old reply");
  await panel.button("Send").click();
  await expect(panel.root.locator(".messages article")).toHaveText([/An open ticket/, /An old reply/]);
  const messages = (await tickets()).map(({ message }) => message).sort();
  expect(messages).toEqual(["An old draft", "An old submission", "An open ticket"]);
  expect([...(await drafts(page)), ...(await readStore(page, "outbox"))]).toEqual([]);
});
