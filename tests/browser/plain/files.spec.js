import { createHash } from "node:crypto";
import { expect, test } from "../deskbell.js";
import { drafts, readStore } from "../drafts.js";
import { gps, picture } from "../pictures.js";

// Attachments of a ticket or a reply.

/** @typedef {any} Any */

/** @param {import("../panel.js").Panel} panel @param {...{name: string, mimeType: string, buffer: Buffer}} files */
const choose = async (panel, ...files) => {
  const chooser = panel.page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (await chooser).setFiles(files);
};
const log = (/** @type {string} */ name, text = "a line\n") => ({
  name,
  mimeType: "text/plain",
  buffer: Buffer.from(text),
});
const sha = (/** @type {Uint8Array} */ bytes) => createHash("sha256").update(bytes).digest("hex");

test("sends several files, keeps them through a reload, and serves them unchanged", async ({
  host,
  page,
  panel,
  inbox,
}) => {
  await host();
  await panel.open();
  await panel.toTicket();
  const png = picture();
  await choose(panel, log("server.log"), { name: "shot.png", mimeType: "image/png", buffer: png });
  const rows = panel.root.locator(".file");
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("server.log");
  await expect(rows.last().locator("canvas")).toBeVisible();
  await expect(rows.locator("progress:visible")).toHaveCount(0);
  await panel.box.fill("With two files");
  await choose(panel, log("third.log"));
  await expect(rows).toHaveCount(3);
  await expect.poll(() => drafts(page)).toEqual(["With two files"]);
  await expect.poll(async () => (await readStore(page, "files")).length).toBe(3);

  await page.reload();
  await panel.open();
  await expect(panel.box).toHaveValue("With two files");
  await panel.toTicket();
  await expect(rows).toHaveCount(3);
  await panel.button("Remove third.log").click();
  await expect(rows).toHaveCount(2);
  const reference = await panel.send();

  await panel.button("See the conversation").click();
  const links = panel.root.locator(".messages a");
  await expect(links).toHaveText(["server.log", "shot.png"]);
  const response = await page.request.get((await links.last().getAttribute("href")) ?? "");
  expect(response.headers()).toMatchObject({ "x-content-type-options": "nosniff", "content-type": "image/png" });
  expect(response.headers()["content-disposition"]).toMatch(/^attachment;/);
  expect(sha(await response.body())).toBe(sha(png));
  const agent = await inbox(reference);
  await expect(agent.getByText("server.log")).toBeVisible();
});

test("removes the location from a picture", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("From my phone");
  await choose(panel, { name: "phone.jpg", mimeType: "image/jpeg", buffer: gps() });
  await panel.send();
  await panel.button("See the conversation").click();
  const link = panel.root.locator(".messages a");
  const bytes = await (await page.request.get((await link.getAttribute("href")) ?? "")).body();
  expect(gps().includes("GPS-LATITUDE")).toBe(true);
  expect(bytes.includes("GPS-LATITUDE")).toBe(false);
  expect(bytes.includes("Exif")).toBe(false);
});

test("shows why a file was rejected, and sends the others", async ({ host, panel, tickets, trouble }) => {
  trouble.expect(/415/);
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("With a program");
  const program = {
    name: "tool.exe",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("MZ\0\0\u0001".repeat(50)),
  };
  const large = { name: "large.log", mimeType: "text/plain", buffer: Buffer.alloc(10_000_001, "a") };
  await choose(panel, log("good.log"), program, large, log("empty.log", ""));
  await expect(panel.root.locator(".file").filter({ hasText: "tool.exe" })).toContainText(
    /Support doesn't take this type of file, so it won't be sent. Put it in a ZIP archive and add that./,
  );
  await expect(panel.root.locator("#files > div .error")).toHaveText([
    "large.log: Larger than 10 MB, so it won't be sent.",
    "empty.log: Empty, so it won't be sent.",
  ]);
  await panel.send();
  const [ticket] = await tickets();
  expect(ticket.attachments).toHaveLength(1);
});

test("adds files that were chosen while another part of the panel loads", async ({ host, page, panel, tickets }) => {
  let release = () => {};
  const gate = new Promise((/** @type {(none?: undefined) => void} */ resolve) => (release = resolve));
  await page.route("**/screens*.wasm", async (route) => {
    await gate;
    await route.continue();
  });
  // Suggestions may need it as soon as the panel opens.
  const screensRequest = page.waitForRequest("**/screens*.wasm");
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("export chart");
  await screensRequest;
  const chooserEvent = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  const chooser = await chooserEvent;
  const screensFinished = page.waitForEvent("requestfinished", (request) => request.url().includes("/screens"));
  release();
  await screensFinished;
  // What the chunk draws is there: the dialog of the browser outlives it.
  await expect(panel.root.locator(".near")).toBeVisible();
  await chooser.setFiles([log("one.log")]);
  await expect(panel.root.locator(".file")).toHaveText(/one\.log/);
  await panel.send();
  expect((await tickets())[0].attachments).toHaveLength(1);
});

test("adds dropped and pasted files, but none that were copied with text", async ({ host, page, panel, tickets }) => {
  await host();
  await panel.open();
  const dispatch = (/** @type {"drop" | "paste"} */ type, text = "") =>
    panel.dialog.evaluate(
      (dialog, { type, text }) => {
        const data = new DataTransfer();
        data.items.add(new File(["words\n"], `${type}.log`, { type: "text/plain" }));
        if (text) data.setData("text/plain", text);
        const options = { bubbles: true, cancelable: true, composed: true };
        const event =
          type == "drop"
            ? new DragEvent("drop", { ...options, dataTransfer: data })
            : new ClipboardEvent("paste", { ...options, clipboardData: data });
        dialog.querySelector("textarea")?.dispatchEvent(event);
        return event.defaultPrevented;
      },
      { type, text },
    );
  // The module that accepts files is loaded right after the form, and the configuration says which.
  await expect(panel.root.locator("[name=db-more]")).toBeAttached();
  await expect(panel.root.locator(".links a").first()).toBeVisible();
  // On Home as well: the file belongs to whatever the text becomes.
  expect(await dispatch("paste")).toBe(true);
  await expect(panel.live).toHaveText("paste.log added.");
  await panel.toTicket();
  await expect(panel.root.locator(".file")).toHaveCount(1);
  expect(await dispatch("drop")).toBe(true);
  await expect(panel.root.locator(".file")).toHaveCount(2);
  expect(await dispatch("paste", "cells of a table")).toBe(false);
  await expect(panel.root.locator(".file")).toHaveCount(2);
  await panel.box.fill("Dropped and pasted");
  await panel.send();
  expect((await tickets())[0].attachments).toHaveLength(2);
  await panel.button("Done").click();
  await panel.open();
  await panel.toTicket();
  await expect(panel.root.locator(".file"), "a new ticket has none").toHaveCount(0);
  await page.keyboard.press("Escape");
});

test("shows the progress of an upload, and cancels it when the file is removed", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/attachments/**", (route) => void releases.push(() => route.continue()));
  await panel.open();
  await panel.toTicket();
  await choose(panel, log("slow.log"));
  await expect(panel.root.getByRole("progressbar", { name: "Uploading slow.log" })).toBeVisible();
  await expect.poll(() => releases.length).toBe(1);
  const uploadFailure = page.waitForEvent("requestfailed");
  await panel.button("Remove slow.log").click();
  await uploadFailure;
  await expect(panel.root.locator(".file")).toHaveCount(0);
  await expect(panel.button("Add a file")).toBeFocused();
  await panel.box.fill("Without it after all");
  await panel.send();
  expect((await tickets())[0].attachments).toBe(undefined);
});

test("retries failed uploads on request, and otherwise when the ticket is sent", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await host();
  let aborted = 0;
  await page.route("**/attachments/**", (route) => {
    aborted += 1;
    return route.abort();
  });
  await panel.open();
  await panel.toTicket();
  await choose(panel, log("one.log"), log("two.log"));
  const rows = panel.root.locator(".file");
  // Until they are tried they have the same text.
  await expect.poll(() => aborted).toBe(2);
  await expect(rows.getByText("Will be uploaded when you send.")).toHaveCount(2);
  await page.unroute("**/attachments/**");
  await rows.first().getByRole("button", { name: "Try again" }).click();
  await expect(rows.getByText("Will be uploaded when you send.")).toHaveCount(1);
  await panel.box.fill("Both of them");
  await panel.send();
  expect((await tickets())[0].attachments).toHaveLength(2);
});

test("sends a ticket with its files after a reload if the gateway was down", async ({
  host,
  page,
  panel,
  gateway,
  tickets,
  trouble,
}) => {
  trouble.expect(/ERR_|Failed to load/);
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Both survive");
  await panel.formLoaded();
  await gateway.stop();
  await choose(panel, log("kept.log"));
  await expect(panel.root.locator(".file")).toContainText("Will be uploaded when you send.");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await gateway.start();
  await page.reload();
  await expect.poll(async () => (await tickets()).length).toBe(1);
  expect((await tickets())[0].attachments).toHaveLength(1);
});

test("uploads a file again that the gateway has lost, and sends the ticket once", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/409/);
  await page.clock.install();
  await host();
  let isLost = false;
  await page.route("**/tickets", (route) => {
    if (isLost || route.request().method() != "POST") return route.continue();
    isLost = true;
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    const problem = { status: 409, code: "attachments_missing", title: "no", errors: [] };
    return route.fulfill({ status: 409, headers, body: JSON.stringify(problem) });
  });
  let uploads = 0;
  page.on("request", (request) => (uploads += Number(request.method() == "PUT")));
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Lost and found");
  await choose(panel, log("lost.log"));
  await expect(panel.root.locator(".file progress:visible")).toHaveCount(0);
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await page.clock.fastForward(5_000);
  await panel.received();
  expect(uploads).toBe(2);
  expect((await tickets())[0].attachments).toHaveLength(1);
});

/**
 * Puts a ticket into the outbox with an attachment that the gateway has lost after confirming it.
 * @param {import("../panel.js").Panel} panel
 */
const waitWithLostFile = async (panel) => {
  const { page } = panel;
  await page.route("**/attachments/**", (route) =>
    route.fulfill({
      status: 201,
      headers: { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" },
      body: "{}",
    }),
  );
  await page.route("**/tickets", (route) => (route.request().method() == "POST" ? route.abort() : route.continue()));
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Lost meanwhile");
  await choose(panel, log("lost.log"));
  await expect(panel.root.locator(".file progress:visible")).toHaveCount(0);
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await page.unroute("**/attachments/**");
};

test("uploads a lost file again after a reload, and sends its ticket with it", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/409|ERR_FAILED|Failed to load/);
  await host();
  await waitWithLostFile(panel);
  await page.unroute("**/tickets");
  await page.reload();
  await expect.poll(async () => (await tickets()).length).toBe(1);
  expect((await tickets())[0].attachments).toHaveLength(1);
});

test("sends a ticket without a file that no longer exists, and tells the customer", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/409|ERR_FAILED|Failed to load/);
  await host();
  await waitWithLostFile(panel);
  await page.reload();
  await page.evaluate(
    () =>
      new Promise((done) => {
        const request = indexedDB.open("deskbell");
        request.onsuccess = () => {
          const transaction = request.result.transaction("files", "readwrite");
          transaction.objectStore("files").clear();
          transaction.oncomplete = () => done(request.result.close());
        };
      }),
  );
  await panel.open();
  await panel.button("1 message not sent yet").click();
  await page.unroute("**/tickets");
  await panel.again();
  await panel.received();
  await expect(panel.root.getByText("lost.log is no longer on this device, so it won't be sent.")).toBeVisible();
  expect((await tickets()).map(({ message, attachments }) => [message, attachments])).toEqual([
    ["Lost meanwhile", undefined],
  ]);
});

test("names a file that exceeds the quota, and sends the ticket without it", async ({
  gateway,
  host,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/429/);
  await gateway.stop();
  await gateway.start('[sites.demo]\norigins = ["*"]\n[quotas]\nunsent_files = 1\n');
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("One of them");
  await choose(panel, log("first.log"));
  const rows = panel.root.locator(".file");
  await expect(rows.locator("progress:visible")).toHaveCount(0);
  await choose(panel, log("second.log"));
  await expect(rows.last()).toContainText("Support can't take more files right now, so it won't be sent.");
  await panel.send();
  expect((await tickets())[0].attachments).toHaveLength(1);
});

test("holds a ticket while there is no room for its file, and sends both automatically later", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/507|ERR_FAILED|Failed to load/);
  await page.clock.install();
  await host();
  await page.route("**/v1/**", (route) =>
    /POST|PUT/.test(route.request().method()) ? route.abort() : route.continue(),
  );
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("With a file");
  await choose(panel, log("waits.log"));
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await page.route("**/attachments/**", (route) => {
    const headers = {
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "retry-after",
      "content-type": "application/problem+json",
      "retry-after": "600",
    };
    const problem = { status: 507, code: "storage_full", title: "no room", errors: [] };
    return route.fulfill({ status: 507, headers, body: JSON.stringify(problem) });
  });
  await page.unroute("**/v1/**");
  await panel.button("Try again").click();
  await expect(panel.root.locator(".waits")).toContainText(/Support can't take more files right now.*Next try at .*\d/);
  await page.unroute("**/attachments/**");
  await page.clock.fastForward(605_000);
  await panel.received();
  expect((await tickets())[0].attachments).toHaveLength(1);
});

test("warns about a file that may contain hidden details", async ({ host, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("An archive");
  const archive = Buffer.from("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==", "base64");
  await choose(panel, { name: "logs.zip", mimeType: "application/zip", buffer: archive });
  await expect(panel.root.locator(".file")).toContainText(
    "May contain hidden details, such as a location or an author's name.",
  );
});

test("sends files with a reply, and shows them to agents", async ({ host, panel, inbox }) => {
  await host();
  await panel.open();
  const reference = await panel.sendTicket("It broke");
  await panel.button("See the conversation").click();
  await choose(panel, log("later.log"));
  await expect(panel.root.locator(".file")).toHaveCount(1);
  await panel.root.getByLabel("Your reply").fill("Here it is");
  await panel.button("Send").click();
  await expect(panel.root.locator(".messages a")).toHaveText(["later.log"]);
  await expect(panel.root.locator(".file")).toHaveCount(0);
  const agent = await inbox(reference);
  await expect(agent.locator("#conversation").getByText("later.log")).toBeVisible();
});

test("offers no files if the site accepts none", async ({ gateway, host, panel }) => {
  await gateway.stop();
  await gateway.start('[sites.demo]\norigins = ["*"]\n[sites.demo.attachments]\nmax_count = 0\n');
  await host();
  await panel.open();
  await panel.toTicket();
  await expect(panel.severity).toBeVisible();
  await panel.box.fill("Without");
  await panel.send();
  await expect(panel.button("Add a file")).toHaveCount(0);
});

test("sends a picture with the part black that was blacked out in the form", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("With a secret in it");
  await choose(panel, { name: "secret.png", mimeType: "image/png", buffer: picture(200, 100, [255, 0, 0]) });
  await panel.button("Black out or crop secret.png").click();
  const editor = panel.root.getByRole("dialog", { name: "Edit the picture" });
  const canvas = editor.locator("canvas");
  const box = await canvas.boundingBox();
  if (!box) throw new Error("the picture is not shown");
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.25);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.75, { steps: 4 });
  await page.mouse.up();
  // A device that takes its time to create the file.
  await page.evaluate(() => {
    const { toBlob } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.toBlob = function (...args) {
      Object.assign(window, { finish: () => toBlob.apply(this, args) });
    };
  });
  await editor.getByRole("button", { name: "Use the picture" }).click();
  await page.waitForFunction(() => "finish" in window);
  expect(await editor.evaluate((dialog) => dialog.matches(":modal")), "nothing can be sent meanwhile").toBe(true);
  await page.evaluate(() => /** @type {any} */ (window).finish());
  await expect(editor).toHaveCount(0);
  await expect(panel.root.locator(".file")).toContainText("secret.png");
  await expect(panel.button("Add a file")).toBeFocused();
  await panel.send();
  await panel.button("See the conversation").click();
  const link = (await panel.root.locator(".messages a").getAttribute("href")) ?? "";
  const [middle, corner] = await page.evaluate(async (link) => {
    const bitmap = await createImageBitmap(await (await fetch(link)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context?.drawImage(bitmap, 0, 0);
    const colourAt = (/** @type {number} */ x, /** @type {number} */ y) => [
      ...(context?.getImageData(x, y, 1, 1).data ?? []),
    ];
    return [colourAt(bitmap.width / 2, bitmap.height / 2), colourAt(2, 2)];
  }, link);
  expect(middle).toEqual([0, 0, 0, 255]);
  expect(corner).toEqual([255, 0, 0, 255]);
});

test("names rejected files on the receipt, and offers no editing of them", async ({
  gateway,
  host,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/415/);
  await gateway.stop();
  await gateway.start('[sites.demo]\norigins = ["*"]\n[sites.demo.attachments]\ntypes = ["text/plain"]\n');
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("With a picture");
  await choose(panel, { name: "shot.png", mimeType: "image/png", buffer: picture() }, log("kept.log"));
  const row = panel.root.locator(".file").filter({ hasText: "shot.png" });
  await expect(row).toContainText("so it won't be sent");
  await expect(row.getByRole("button")).toHaveText(["✕"]);
  await panel.send();
  await expect(panel.root.getByText("shot.png wasn't sent: support doesn't accept it.")).toBeVisible();
  expect((await tickets())[0].attachments).toHaveLength(1);
});

test("keeps the previews of the other files and moves the focus when one is removed", async ({ host, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  const png = (/** @type {string} */ name, /** @type {[number, number, number]} */ colour) => ({
    name,
    mimeType: "image/png",
    buffer: picture(40, 40, colour),
  });
  await choose(panel, png("red.png", [255, 0, 0]), png("green.png", [0, 255, 0]), png("blue.png", [0, 0, 255]));
  const colours = () =>
    panel.root
      .locator(".file canvas")
      .evaluateAll((canvases) =>
        canvases.map((canvas) =>
          [.../** @type {HTMLCanvasElement} */ (canvas.getContext("2d")?.getImageData(40, 40, 1, 1).data ?? [])].slice(
            0,
            3,
          ),
        ),
      );
  const [red, green, blue] = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ];
  await expect.poll(colours).toEqual([red, green, blue]);
  await expect(panel.live).toHaveText("red.png added. green.png added. blue.png added.");
  await panel.button("Remove red.png").click();
  await expect(panel.live).toHaveText("red.png removed.");
  await expect.poll(colours).toEqual([green, blue]);
  await expect(panel.button("Remove green.png")).toBeFocused();
});

test("a file that was added before the stored draft was read stays in the form", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("Stored before");
  await expect.poll(() => drafts(page)).toEqual(["Stored before"]);
  await page.addInitScript(() => {
    const { open } = IDBFactory.prototype;
    const win = /** @type {any} */ (window);
    win.held = [];
    IDBFactory.prototype.open = function (...args) {
      /** @type {any} */
      const request = {};
      const begin = () => {
        const real = open.apply(this, args);
        Object.defineProperty(request, "result", { get: () => real.result });
        for (const name of ["onupgradeneeded", "onsuccess", "onerror", "onblocked"])
          /** @type {any} */ (real)[name] = () => request[name]?.();
      };
      if (win.held) win.held.push(begin);
      else begin();
      return request;
    };
  });
  const config = page.waitForResponse((response) => response.url().endsWith("/config"));
  await page.reload();
  await panel.open();
  await (await config).finished();
  // The module that stores drafts and accepts files.
  await expect(panel.root.locator("[name=db-more]")).toBeAttached();
  await panel.dialog.evaluate((dialog) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["new"], "new.log", { type: "text/plain" }));
    dialog.dispatchEvent(new DragEvent("drop", { cancelable: true, dataTransfer }));
  });
  await page.evaluate(() => {
    const win = /** @type {any} */ (window);
    const { held } = win;
    win.held = undefined;
    for (const begin of held) begin();
  });
  await panel.toTicket();
  await expect(panel.root.getByText("You also have another unsent message.")).toBeVisible();
  await expect(panel.root.locator(".file")).toHaveText([/new\.log/]);
  await panel.button("Switch to it").click();
  await expect(panel.box).toHaveValue("Stored before");
  await expect(panel.root.locator(".file")).toHaveCount(0);
  await panel.button("Switch to it").click();
  await expect(panel.box).toHaveValue("");
  await expect(panel.root.locator(".file")).toHaveText([/new\.log/]);
});

test("a file without a text stays apart from a rejected ticket that is edited", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await host();
  let isRefused = false;
  await page.route("**/tickets", (route) => {
    if (route.request().method() != "POST") return route.continue();
    if (!isRefused) return route.abort();
    const problem = {
      status: 422,
      code: "invalid",
      title: "no",
      errors: [{ pointer: "/topic", detail: "is unknown" }],
    };
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    return route.fulfill({ status: 422, headers, body: JSON.stringify(problem) });
  });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Rejected");
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  await panel.button("Back").click();
  await panel.toTicket();
  const chooser = page.waitForEvent("filechooser");
  await panel.button("Add a file").click();
  await (await chooser).setFiles([{ name: "apart.log", mimeType: "text/plain", buffer: Buffer.from("apart") }]);
  await expect(panel.root.locator(".file")).toHaveText([/apart\.log/]);
  isRefused = true;
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await panel.button("Back").click();
  await panel.root.locator("button.yours").click();
  await panel.button("Edit").click();
  await expect(panel.box).toHaveValue("Rejected");
  await expect(panel.root.locator(".file")).toHaveCount(0);
  await panel.button("Switch to it").click();
  await expect(panel.box).toHaveValue("");
  await expect(panel.root.locator(".file")).toHaveText([/apart\.log/]);
});
