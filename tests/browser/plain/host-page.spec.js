import { expect, test } from "../deskbell.js";

// Pages whose dialogs, frameworks and old libraries interfere.

/** @typedef {any} Any */

/** A dialog like those of Radix and shadcn: it takes the focus back, and closes at a press beside it. */
const TRAP = `<div role="dialog" id="trap" tabindex="-1"><button data-deskbell-open>Help in the trap</button><input id="inside" /></div>
  <script>
    const trap = document.getElementById("trap");
    const inside = document.getElementById("inside");
    inside.focus();
    document.addEventListener("focusin", ({ target }) => trap.contains(target) || inside.focus());
    document.addEventListener("focusout", ({ relatedTarget }) =>
      relatedTarget && !trap.contains(relatedTarget) && inside.focus());
    for (const type of ["pointerdown", "mousedown", "click"])
      document.addEventListener(type, ({ target }) => trap.contains(target) || trap.remove());
  </script>`;

test("the panel can be used above a scripted dialog that traps the focus, and the dialog stays open", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host({ fill: { body: TRAP } });
  await page.getByRole("button", { name: "Help in the trap" }).click();
  await panel.ready();
  await expect(panel.box).toBeFocused();
  await page.keyboard.type("in a trap");
  await panel.toTicket();
  await panel.send();
  await expect(page.locator("#trap")).toBeVisible();
  await panel.button("Done").click();
  await expect(panel.dialog).toBeHidden();
  await expect(page.locator("#trap")).toBeVisible();
  expect(await tickets()).toMatchObject([{ message: "in a trap" }]);
});

test("the panel can be used above a scripted dialog that intercepts every press and focus", async ({
  host,
  page,
  panel,
}) => {
  // Like focus-trap: it listens first, and stops every event from outside its element.
  const strict =
    TRAP.replace(/<script>[^]*/, "") +
    `<script>
    const trap = document.getElementById("trap");
    const inside = document.getElementById("inside");
    inside.focus();
    const isOutside = (event) => !event.composedPath().includes(trap);
    document.addEventListener("focusin", (event) => {
      if (!isOutside(event)) return;
      event.stopImmediatePropagation();
      inside.focus();
    }, true);
    for (const type of ["mousedown", "touchstart", "click"])
      document.addEventListener(type, (event) => {
        if (!isOutside(event)) return;
        event.preventDefault();
        event.stopImmediatePropagation();
      }, { capture: true, passive: false });
  </script>`;
  await host({ fill: { body: strict } });
  await page.getByRole("button", { name: "Help in the trap" }).click();
  await panel.ready();
  await expect(panel.box).toBeFocused();
  await page.keyboard.type("in a strict trap");
  await expect(panel.box).toHaveValue("in a strict trap");
  await panel.toTicket();
  await panel.button("Close").click();
  await expect(panel.dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Help in the trap" })).toBeFocused();
  // The dialog is removed with everything in it.
  await page.locator("#trap").evaluate((trap) => trap.remove());
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toHaveValue("in a strict trap");
});

test("Escape in the panel closes no dialog of the page", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await page.locator("#modal").evaluate((/** @type {HTMLDialogElement} */ modal) => modal.showModal());
  await page.getByRole("button", { name: "Help in the dialog" }).click();
  await expect(panel.box).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await expect(page.locator("#modal")).toBeVisible();
});

test("the key that ends a composition in Safari neither closes the panel nor opens a hit", async ({
  host,
  page,
  panel,
}) => {
  await host();
  await panel.open();
  const compose = (/** @type {string} */ key) =>
    panel.box.evaluate((box, key) => {
      const options = { key, keyCode: 229, bubbles: true, composed: true, cancelable: true };
      box.dispatchEvent(new KeyboardEvent("keydown", options));
    }, key);
  await compose("Escape");
  await expect(panel.dialog).toBeVisible();
  await panel.box.fill("export chart");
  await expect(panel.hits.first()).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await compose("Enter");
  await expect(panel.title).toHaveText("Help");
  await page.keyboard.press("Enter");
  await expect(panel.title).toHaveText("Community question");
  await panel.button("Back").click();
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
});

test("links with only a hash open the panel on a page with <base>", async ({ host, page, panel }) => {
  await host({
    path: "/deep/view",
    fill: { head: '<base href="/" />', body: '<a href="#deskbell=ticket&kind=bug">Report</a>' },
  });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.getByRole("link", { name: "Report" }).click();
  await expect(panel.kind("bug")).toBeChecked();
  expect(new URL(page.url()).pathname).toBe("/deep/view");
});

test("sends a ticket on a page whose `Array.from` ignores its second argument", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host({
    fill: {
      head: `<script>
        Array.from = (list) => Array.prototype.slice.call(list);
      </script>`,
    },
    path: "/?signed-out",
  });
  await page.getByRole("button", { name: "Open help" }).click();
  await panel.button("Send a ticket").click();
  await panel.box.fill("with an old library");
  await panel.name.fill("Ada");
  await panel.email.fill("ada@example.org");
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "with an old library" }]);
});

test("records requests on a page that replaces Promise", async ({ host, page, panel, tickets, trouble }) => {
  trouble.expect(/status of 503/);
  await host({
    fill: { head: "<script>window.Promise = class extends Promise {};</script>" },
    answer: ({ url }, response) => url == "/api/fails" && response.writeHead(503).end("no"),
  });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.evaluate(() => fetch("/api/fails", { method: "PUT" }));
  await panel.open();
  await panel.sendTicket("with zones");
  expect((await tickets())[0].context.requests).toMatchObject([{ method: "PUT", status: 503 }]);
});

test("pops up while the container is hidden, and is inside it once it is visible or replaced", async ({
  host,
  page,
  panel,
}) => {
  await host({
    fill: { attributes: 'data-mount="#side"', body: '<section id="tab" hidden><aside id="side"></aside></section>' },
  });
  await panel.open();
  await expect(panel.box).toBeFocused();
  await expect(panel.dialog).toBeInViewport();
  await panel.box.fill("kept");
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await page.evaluate(() => document.getElementById("tab")?.removeAttribute("hidden"));
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(page.locator("#side > deskbell-panel")).toHaveCount(1);
  await expect(panel.box).toHaveValue("kept");
  await page.evaluate(() => {
    const tab = /** @type {HTMLElement} */ (document.getElementById("tab"));
    tab.replaceChildren(Object.assign(document.createElement("aside"), { id: "side" }));
  });
  await expect(page.locator("#side > deskbell-panel")).toHaveCount(1);
  await expect(panel.box).toBeVisible();
  await page.evaluate(() => document.getElementById("side")?.remove());
  await expect(panel.box).toBeInViewport();
  expect(await page.evaluate(() => /** @type {Any} */ (window).deskbell("status"))).toMatchObject({ open: true });
});

test("`open` rejects on a page that hides everything", async ({ host, page, panel }) => {
  await host();
  const outcome = await page.evaluate(async () => {
    document.documentElement.style.display = "none";
    const { deskbell } = /** @type {Any} */ (window);
    const error = await deskbell("open").catch((/** @type {Any} */ error) => error.message);
    return { error, open: (await deskbell("status")).open };
  });
  expect(outcome).toEqual({ error: "deskbell: open: the page hides the panel", open: false });
  await page.evaluate(() => document.documentElement.style.removeProperty("display"));
  await panel.open();
});

test("keeps the launcher and the open panel when the page replaces its whole document", async ({
  host,
  page,
  panel,
}) => {
  await host({ fill: { attributes: "data-launcher" } });
  const launcher = panel.root.locator(".launcher");
  await expect(launcher).toBeVisible();
  const replace = () => page.evaluate(() => document.documentElement.replaceChildren(document.head, document.body));
  await replace();
  await expect(launcher).toBeVisible();
  await launcher.click();
  await panel.ready();
  await panel.box.fill("over all of it");
  await replace();
  await expect(panel.box).toBeVisible();
  await expect(panel.box).toHaveValue("over all of it");
  await page.evaluate(() => {
    const root = document.documentElement;
    const next = document.createElement("html");
    next.append(document.head, document.body);
    root.replaceWith(next);
  });
  await expect(panel.box).toBeVisible();
  await expect(launcher).toBeVisible();
});

/** Writes another document into the page, with a trigger and a button that fails. @param {import("@playwright/test").Page} page */
const rewrite = (page) =>
  page.evaluate(() => {
    document.open();
    document.write(
      `<!doctype html><title>Anew</title><button data-deskbell-open>Open help</button>
      <button onclick="throw new RangeError('after it was written anew')">Break</button>`,
    );
    document.close();
  });

test("restores triggers, recorder and launcher after document.open()", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/after it was written anew/);
  await host({ fill: { attributes: "data-launcher" } });
  const launcher = panel.root.locator(".launcher");
  await expect(launcher).toBeVisible();
  await rewrite(page);
  await expect(launcher).toBeVisible();
  await page.getByRole("button", { name: "Break" }).click();
  await panel.open();
  await panel.sendTicket("It breaks");
  const [ticket] = await tickets();
  expect(ticket.context.errors).toMatchObject([{ message: "after it was written anew", count: 1 }]);
});

test("restores the open panel with its text after document.open()", async ({ host, page, panel, tickets }) => {
  await host();
  await panel.open();
  await panel.box.fill("Written before");
  await rewrite(page);
  // The panel that is there at first has lost its listeners, and is replaced by another.
  await expect(panel.root.locator(".foot button")).toBeVisible();
  await expect(async () => {
    // A press that takes longer to show the form must not be repeated: the button is gone then.
    if (!(await panel.severity.isVisible())) await panel.ticketButton.click({ timeout: 1000 });
    await expect(panel.severity).toBeVisible({ timeout: 1000 });
  }).toPass();
  await expect(panel.box).toHaveValue("Written before");
  await panel.box.fill("Written before and after");
  await panel.send();
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  expect(await tickets()).toMatchObject([{ message: "Written before and after" }]);
});

test("restores the text after document.open() even if nothing could store it yet", async ({ host, page, panel }) => {
  /** @type {() => void} */
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(null)));
  await page.route("**/modules.js", async (route) => {
    await held;
    await route.continue();
  });
  await host();
  await panel.open();
  await panel.box.fill("Written before");
  const first = await panel.root.evaluateHandle((element) => element.shadowRoot?.getElementById("box"));
  await rewrite(page);
  await expect.poll(() => first.evaluate((box) => box?.isConnected)).toBe(false);
  await expect(panel.box).toHaveValue("Written before");
  release();
  await panel.toTicket();
  await panel.send();
});

test("keeps panel, text and recorder when a view transition swaps the root's attributes and runs the script again", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/broken 1/);
  await host();
  await panel.open();
  await panel.box.fill("Half written");
  // Like Astro's swapRootAttributes, and a script tag in the new body.
  await page.evaluate(() => {
    const root = document.documentElement;
    for (const { name } of [...root.attributes]) root.removeAttribute(name);
    for (const [name, value] of Object.entries({ lang: "de", "data-theme": "dark", class: "other" }))
      root.setAttribute(name, value);
    const [script] = [...document.scripts].filter(({ src }) => src.includes("deskbell.js"));
    const copy = document.createElement("script");
    for (const { name, value } of script?.attributes ?? []) copy.setAttribute(name, value);
    return new Promise((resolve) => document.body.append(Object.assign(copy, { onload: () => resolve(null) })));
  });
  await expect(panel.dialog).toBeVisible();
  await expect(panel.root).toHaveCount(1);
  await expect(panel.box).toHaveValue("Half written");
  // The host says when its language has changed.
  await page.evaluate(() => /** @type {Any} */ (window).deskbell("configure", {}));
  await expect(panel.title).toHaveText("Hilfe");
  await expect(panel.box).toHaveValue("Half written");
  await panel.box.fill("");
  await page.getByRole("button", { name: "Break" }).click();
  await panel.box.fill("Half written, then sent");
  await panel.button("Ticket senden").click();
  await panel.button("Senden").click();
  await expect(panel.reference).toBeVisible();
  const [ticket] = await tickets();
  expect(ticket).toMatchObject({ message: "Half written, then sent", context: { errors: [{ count: 1 }] } });
});

test("Escape on the page closes the panel only if it covers the focused element", async ({ host, page, panel }) => {
  const fixedButton = (/** @type {string} */ id, /** @type {string} */ side) =>
    `<button type="button" id="${id}" style="position:fixed;bottom:3em;${side}:3em">${id}</button>`;
  await host({
    fill: {
      body:
        fixedButton("covered", "right") +
        fixedButton("free", "left") +
        `<input id="own" style="position:fixed;bottom:6em;right:3em">
      <script>own.addEventListener("keydown", (event) => event.key == "Escape" && event.preventDefault())</script>`,
    },
  });
  await panel.open();
  const press = async (/** @type {string} */ id) => {
    await page.locator(`#${id}`).focus();
    await page.keyboard.press("Escape");
  };
  await press("free");
  await expect(panel.dialog).toBeVisible();
  await press("own");
  await expect(panel.dialog).toBeVisible();
  await press("covered");
  await expect(panel.dialog).toBeHidden();
  // The focus stays where the customer has moved it.
  await expect(page.locator("#covered")).toBeFocused();
});

test("the launcher has a text, a position and a badge, and is not printed", async ({ host, page, panel, trouble }) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await page.route("**/v1/sites/demo/tickets", (route) =>
    route.request().method() == "POST" ? route.abort() : route.continue(),
  );
  await host({
    fill: {
      attributes: 'data-launcher="Ask us"',
      head: "<style>deskbell-panel { --deskbell-inset-inline: 8px auto }</style>",
    },
  });
  const launcher = panel.root.getByRole("button", { name: "Ask us", exact: true });
  await expect(launcher).toHaveText("Ask us");
  expect((await launcher.boundingBox())?.x).toBe(8);
  await launcher.click();
  await panel.ready();
  await panel.toTicket();
  await panel.box.fill("It waits");
  await panel.button("Send").click();
  await expect(panel.root.locator(".badge")).toHaveText("1");
  await expect(panel.root.getByRole("button", { name: "Ask us (1)" })).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(panel.root.locator(".launcher")).toBeHidden();
  await expect(panel.dialog).toBeHidden();
});

test("reopens a database that the browser closed in the background", async ({ host, page, panel, tickets }) => {
  await page.addInitScript(() => {
    const { open } = IDBFactory.prototype;
    /** @type {IDBDatabase[]} */
    const databases = /** @type {Any} */ (window.databases = []);
    IDBFactory.prototype.open = function (...args) {
      const request = open.apply(this, args);
      request.addEventListener("success", () => databases.push(request.result));
      return request;
    };
  });
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("before");
  await expect.poll(() => page.evaluate(() => /** @type {Any} */ (window).databases.length)).toBeGreaterThan(0);
  await page.evaluate(() =>
    /** @type {Any} */ (window).databases.forEach((/** @type {IDBDatabase} */ database) => database.close()),
  );
  await panel.box.fill("written after it was closed");
  const storedMessages = () =>
    page.evaluate(
      () =>
        new Promise((done) => {
          const request = indexedDB.open("deskbell");
          request.onsuccess = () => {
            const all = request.result.transaction("drafts").objectStore("drafts").getAll();
            all.onsuccess = () => done(all.result.map(({ ticket }) => ticket.message));
          };
        }),
    );
  await expect.poll(storedMessages).toEqual(["written after it was closed"]);
  await page.reload();
  await panel.open();
  await expect(panel.box).toHaveValue("written after it was closed");
  await panel.toTicket();
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "written after it was closed" }]);
});

test("sends a ticket and follows its answers in a sandboxed frame without storage", async ({
  host,
  page,
  gateway,
  tickets,
}) => {
  /** @type {string[]} */
  const streams = [];
  page.on("request", (request) => request.url().endsWith("/tickets/stream") && streams.push(request.url()));
  const frame = `<!doctype html><button data-deskbell-open>Open help</button>
    <script async crossorigin src="${gateway.url}/deskbell.js" data-site="demo"><\/script>`;
  await host({ html: `<iframe sandbox="allow-scripts" srcdoc='${frame}' width="700" height="700"></iframe>` });
  const content = page.frameLocator("iframe");
  const panel = content.locator("deskbell-panel");
  await content.getByRole("button", { name: "Open help" }).click();
  await panel.getByRole("button", { name: "Send a ticket" }).click();
  await panel.locator("#box").fill("From a frame");
  await expect(panel.getByText("can't save drafts")).toBeVisible();
  await panel.locator("#name").fill("Ada");
  await panel.locator("#email").fill("ada@example.org");
  await panel.getByRole("button", { name: "Send", exact: true }).click();
  await expect(panel.getByRole("heading", { name: "Ticket sent" })).toBeVisible();
  expect(await tickets()).toMatchObject([{ message: "From a frame", contact: { email: "ada@example.org" } }]);
  await expect.poll(() => streams.length).toBeGreaterThan(0);
});

test("says that it cannot send while the scripts that send are blocked, and sends once they are not", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await page.addInitScript(() => {
    const rejections = /** @type {string[]} */ (/** @type {Any} */ (window).rejections = []);
    addEventListener("unhandledrejection", ({ reason }) => rejections.push(String(reason)));
  });
  let blocked = 0;
  await page.route("**/modules.js", (route) => ((blocked += 1), route.abort()));
  await host();
  await panel.open();
  await panel.box.fill("Written while it was blocked");
  await panel.toTicket();
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("We couldn't reach support. Please try again.");
  await expect(panel.box).toHaveValue("Written while it was blocked");
  await expect(panel.box).toBeEditable();
  expect(blocked).toBeGreaterThan(0);
  expect(await page.evaluate(() => /** @type {Any} */ (window).rejections)).toEqual([]);

  await page.unroute("**/modules.js");
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "Written while it was blocked" }]);
  expect(await page.evaluate(() => /** @type {Any} */ (window).rejections)).toEqual([]);
});
