import { expect, test } from "../deskbell.js";

/** @typedef {(...args: any[]) => Promise<any>} Deskbell */
/** @typedef {Window & {deskbell: Deskbell, events: any[]}} Page */

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    addEventListener("unhandledrejection", () => (document.documentElement.dataset.unhandled = "true"));
  });
});

test.afterEach(async ({ page }) => {
  await expect(page.locator("html"), "no promise of ours rejects unhandled").not.toHaveAttribute(
    "data-unhandled",
    "true",
  );
});

test("rejects a wrong command with an error that names what is allowed, and never throws", async ({ host, page }) => {
  await host();
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell.version);
  /** @type {[any[], RegExp][]} */
  const calls = [
    [["opne"], /opne.*open/],
    [["__proto__"], /configure/],
    [["toString"], /configure/],
    [[], /configure/],
    [["open", { screen: "inbox" }], /screen.*home.*ticket/],
    [["open", { kind: "complaint" }], /kind.*question.*bug.*feedback/],
    [["open", { severity: 3 }], /severity.*critical/],
    [["open", { mesage: "x" }], /mesage.*message/],
    [["open", { message: 7 }], /message.*text/],
    [["open", "ticket"], /open.*object/],
    [["identify"], /identify.*object/],
    [["identify", "u-1"], /identify.*object/],
    [["identify", { token: 7 }], /identify.*token.*function/],
    [["set", null], /set.*object/],
    [["configure", 7], /configure.*object/],
    [["reset", "all"], /reset.*object/],
    [["on", "open"], /on.*function/],
    [["on", "oepn", "x"], /no event "oepn".*open/],
    [["once", "told", "x"], /no event "told".*sent/],
    [["suggest", {}], /suggest.*list/],
    [["provide", "cart", 7], /provide.*function/],
  ];
  for (const [args, pattern] of calls) {
    const answer = await page.evaluate(async (args) => {
      const { deskbell } = /** @type {Page} */ (/** @type {unknown} */ (window));
      try {
        const promise = deskbell(...args);
        if (!(promise instanceof Promise)) return "no promise";
        return await promise.then(
          () => "was taken",
          (error) => `${error instanceof Error}: ${error.message}`,
        );
      } catch (error) {
        return `threw ${error}`;
      }
    }, args);
    expect(answer, JSON.stringify(args)).toMatch(/^true: deskbell: /);
    expect(answer, JSON.stringify(args)).toMatch(pattern);
  }
  // Unhandled rejections of the same calls would be reported by the end of this.
  await page.evaluate(
    async (calls) => {
      const { deskbell } = /** @type {Page} */ (/** @type {unknown} */ (window));
      for (const args of calls) deskbell(...args);
      await new Promise((done) => setTimeout(done));
    },
    calls.map(([args]) => args),
  );
});

test("opens, closes and toggles the panel, and status reports it", async ({ host, page, panel }) => {
  await host();
  /** @param {any[]} args */
  const call = (...args) =>
    page.evaluate((args) => /** @type {Page} */ (/** @type {unknown} */ (window)).deskbell(...args), args);
  expect(await call("status")).toEqual({
    available: true,
    reason: "",
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    queued: 0,
    unread: 0,
    open: false,
  });
  await call("toggle");
  await expect(panel.dialog).toBeVisible();
  expect(await call("status")).toMatchObject({ open: true });
  await call("toggle");
  await expect(panel.dialog).toBeHidden();
  await call("open", {
    screen: "ticket",
    kind: "feedback",
    topic: "api",
    severity: "high",
    message: "from the page",
    via: "app",
  });
  await expect(panel.kind("feedback")).toBeChecked();
  await expect(panel.topic).toHaveValue("api");
  await expect(panel.severity).toHaveValue("high");
  await expect(panel.box).toHaveValue("from the page");
  await call("close");
  await expect(panel.dialog).toBeHidden();
  await call("close");
});

test("dispatches events to listeners and on the element, without the customer's text", async ({
  host,
  page,
  panel,
}) => {
  await host({
    fill: {
      // Before the script: the commands are queued.
      head: `<script>
        var events = [];
        window.deskbell ||= (...a) => { const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n])); p.catch(() => {}); return p };
        for (const name of ["ready", "open", "close", "search", "question-shown", "question-opened", "deflected", "sent", "queued", "failed"])
          deskbell("on", name, (detail) => events.push([name, detail]));
        addEventListener("deskbell:open", () => events.push(["window open", {}]));
      </script>`,
    },
  });
  await panel.open();
  await panel.root.evaluate((element) => {
    for (const name of ["sent", "close"])
      element.addEventListener(`deskbell:${name}`, (event) =>
        /** @type {any} */ (window).events.push([`element ${name}`, /** @type {CustomEvent} */ (event).detail]),
      );
  });
  await panel.box.fill("export chart secretly");
  await panel.hit("Export chart fails").click();
  await panel.button("Still need help").click();
  const reference = await panel.send();
  await panel.button("Done").click();
  const events = /** @type {[string, any][]} */ (await page.evaluate(() => /** @type {any} */ (window).events));
  const names = events.map(([name]) => name);
  for (const name of [
    "ready",
    "open",
    "search",
    "question-shown",
    "question-opened",
    "sent",
    "close",
    "element sent",
    "element close",
  ])
    expect(names).toContain(name);
  expect(names[0]).toBe("ready");
  expect(names, "they do not leave the element").not.toContain("window open");
  const detail = (/** @type {string} */ wanted) => events.find(([name]) => name === wanted)?.[1];
  expect(detail("sent")).toMatchObject({ reference, id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(detail("element sent")).toEqual(detail("sent"));
  expect(detail("question-opened")).toEqual({ id: "meadow-001" });
  expect(detail("search").hits).toBeGreaterThan(0);
  expect(detail("search").sources).toEqual(["gateway"]);
  expect(detail("question-shown").questions).toContainEqual(expect.stringMatching(/^meadow-\d+$/));
  expect(detail("question-shown").ids).toBe(detail("question-shown").questions.join());
  expect(JSON.stringify(events)).not.toContain("secretly");
});

test("isolates a failing listener, and calls no removed one", async ({ host, page, panel, trouble }) => {
  trouble.expect(/the listener of the page/);
  await host();
  await page.evaluate(() => {
    const win = /** @type {Page} */ (/** @type {unknown} */ (window));
    win.events = [];
    const off = () => win.events.push("off");
    win.deskbell("on", "open", () => {
      throw new Error("the listener of the page");
    });
    win.deskbell("on", "open", off);
    win.deskbell("on", "open", () => win.events.push("on"));
    win.deskbell("off", "open", off);
  });
  await panel.open();
  expect(await page.evaluate(() => /** @type {any} */ (window).events)).toEqual(["on"]);
});

test("removes a listener with the function that `on` resolves to, and calls a `once` listener once", async ({
  host,
  page,
  panel,
}) => {
  await host();
  await page.evaluate(async () => {
    const win = /** @type {Page} */ (/** @type {unknown} */ (window));
    win.events = [];
    const end = await win.deskbell("on", "open", () => win.events.push("on"));
    await win.deskbell("once", "open", () => win.events.push("once"));
    const never = () => win.events.push("never");
    await win.deskbell("once", "open", never);
    await win.deskbell("off", "open", never);
    await win.deskbell("open");
    await win.deskbell("close");
    await win.deskbell("open");
    end();
    await win.deskbell("close");
    await win.deskbell("open");
  });
  await expect(panel.box).toBeFocused();
  expect(await page.evaluate(() => /** @type {any} */ (window).events)).toEqual(["on", "once", "on"]);
});

test("repeats no warning and keeps the focus when a page configures on every render", async ({ host, page, panel }) => {
  /** @type {string[]} */
  const warnings = [];
  page.on("console", (message) => message.type() == "warning" && warnings.push(message.text()));
  await host({ path: "/?signed-out" });
  const render = () =>
    page.evaluate(async () => {
      const { deskbell } = /** @type {Page} */ (/** @type {unknown} */ (window));
      await deskbell("configure", { theme: { scheme: "dark" }, plans: { team: "high" } });
      await deskbell("configure", { context: { headers: ["x-own"] }, kinds: ["bug", "question"] });
    });
  await render();
  await panel.open();
  await panel.toTicket();
  // The configuration is there, and so are all warnings about it.
  await expect(panel.topic).toBeVisible();
  await panel.name.focus();
  const count = warnings.length;
  expect(count).toBeGreaterThan(0);
  for (let n = 0; n < 10; n++) await render();
  await expect(panel.name).toBeFocused();
  expect(warnings).toHaveLength(count);
  await page.evaluate(() =>
    /** @type {Page} */ (/** @type {unknown} */ (window)).deskbell("configure", { theme: { scheme: "light" } }),
  );
  await expect(panel.dialog).toHaveCSS("color-scheme", "light");
  await render();
  await expect(panel.dialog).toHaveCSS("color-scheme", "dark");
});

test("diagnose reports that every check passes, or which ones fail", async ({ host, page, trouble }) => {
  await host();
  /** @returns {Promise<any>} */
  const diagnose = () =>
    page.evaluate(() => /** @type {Page} */ (/** @type {unknown} */ (window)).deskbell("diagnose"));
  const good = await diagnose();
  expect(good, JSON.stringify(good)).toMatchObject({ ok: true, violations: [] });
  expect(good.checks.map((/** @type {any} */ check) => check.name)).toEqual([
    "files",
    "webassembly",
    "gateway",
    "styles",
    "storage",
    "triggers",
    "recording",
    "token",
  ]);
  trouble.expect(/401|Failed to load|ERR_FAILED/);
  await page.route("**/widget.wasm", (route) => route.abort());
  await page.evaluate(() => {
    document.querySelectorAll("[data-deskbell-open]").forEach((entry) => entry.remove());
    /** @type {Page} */ (/** @type {unknown} */ (window)).deskbell("identify", { id: "u-1", token: "no jwt" });
  });
  const bad = await diagnose();
  const failedChecks = bad.checks.filter((/** @type {any} */ check) => !check.ok);
  expect(failedChecks.map((/** @type {any} */ check) => check.name)).toEqual(["webassembly", "triggers", "token"]);
  expect(failedChecks[1].detail).toContain("data-deskbell-open");
});

test("diagnose rejects and names the policy that blocks its script", async ({ host, page, trouble }) => {
  trouble.expect(/violation|policy/i);
  await host({ csp: "script-src {{gateway}}/deskbell.js" });
  await page.waitForFunction(() => window.deskbell?.version);
  const error = await page.evaluate(() => window.deskbell("diagnose").catch((error) => error.message));
  expect(error).toMatch(/^not loaded: .*\/host\.js script-src-elem .*\/host\.js/);
});

test("runs commands that were queued before the script, and settles their promises", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host({
    fill: {
      head: `<script>
        window.deskbell ||= (...a) => { const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n])); p.catch(() => {}); return p };
        var status = deskbell("status");
        var wrong = deskbell("nonsense").catch((error) => error.message);
        deskbell("set", { early: "yes" });
      </script>`,
    },
  });
  expect(await page.evaluate(() => /** @type {any} */ (window).deskbell("status"))).toMatchObject({ available: true });
  expect(await page.evaluate(() => /** @type {any} */ (window).wrong)).toMatch(/nonsense.*there are configure/);
  await panel.open();
  await panel.sendTicket("queued");
  expect(await tickets()).toMatchObject([{ context: { page_values: { early: "yes" }, user: { id: "u-1" } } }]);
});

test("warns about invalid settings and uses their defaults", async ({ host, page, panel }) => {
  /** @type {string[]} */
  const warnings = [];
  page.on("console", (message) => {
    if (message.type() === "warning") warnings.push(message.text());
  });
  await host({
    fill: {
      attributes: 'data-config="settings"',
      head: `<script>
        var settings = {
          kinds: ["bug", "question"],
          links: [{ label: "Run", url: "javascript:alert(1)" }],
          theme: { scheme: "sepia" },
          plans: { team: "high" },
          texts: { en: { send_ticket: "Ask us" } },
        };
      </script>`,
    },
  });
  await page.getByRole("button", { name: "Open help" }).click();
  await panel.button("Ask us").click();
  await expect(panel.root.locator("[name=kind]")).toHaveCount(2);
  await expect(panel.kind("bug")).toBeChecked();
  for (const pattern of [
    /links:.*javascript/,
    /theme\.scheme: must be auto, light or dark/,
    /plans: can be set in the gateway's configuration only/,
  ])
    expect(
      warnings.some((warning) => pattern.test(warning)),
      `${pattern} in ${warnings}`,
    ).toBe(true);
});

test("reset forgets the user, the session, the draft and the recorded errors", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/broken \d/);
  await host();
  await page.getByRole("button", { name: "Break" }).click();
  await panel.open();
  await panel.sendTicket("as Ada");
  await panel.button("Done").click();
  const session = () =>
    page.evaluate(() => Object.entries(localStorage).find(([key]) => key.endsWith(":session"))?.[1]);
  const before = await session();
  expect(before).toMatch(/^[0-9a-f]{32}$/);
  await panel.open();
  await panel.box.fill("export chart, half written");
  await expect(panel.hits.first()).toBeVisible();
  await panel.toTicket();
  await panel.severity.selectOption("critical");

  await page.evaluate(() => /** @type {Page} */ (/** @type {unknown} */ (window)).deskbell("reset"));
  await expect(panel.box).toHaveValue("");
  await expect(panel.hits).toHaveCount(0);
  expect(await session()).toBeUndefined();
  await panel.toTicket();
  await expect(panel.severity).toHaveValue("low");
  await panel.box.fill("as nobody");
  await panel.name.fill("New");
  await panel.email.fill("new@example.org");
  await panel.send();
  expect(await session()).not.toBe(before);
  const [ticket] = await tickets();
  expect(ticket).toMatchObject({ message: "as nobody", contact: { name: "New" } });
  expect(ticket.questions.map((/** @type {any} */ question) => question.id)).not.toContain("meadow-001");
  expect(ticket.context.user).toBeUndefined();
  expect(ticket.context.errors ?? []).toEqual([]);
});

test("destroy removes everything from the page, later commands reject, and the script can be loaded again", async ({
  host,
  page,
  panel,
  gateway,
  tickets,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  const url = "**/v1/sites/demo/tickets";
  await page.route(url, (route) => (route.request().method() == "POST" ? route.abort() : route.continue()));
  await host({ fill: { attributes: "data-launcher" } });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("It waits");
  await panel.button("Send").click();
  const help = page.getByRole("button", { name: "Open help" });
  await expect(help).toHaveAttribute("data-deskbell-queued", "1");
  await expect(panel.title).toHaveText("Not sent yet");

  const after = await page.evaluate(async () => {
    const deskbell = window.deskbell;
    const original = console.warn;
    const wrapper = (/** @type {any[]} */ ...args) => original(...args);
    console.warn = wrapper;
    await deskbell("destroy");
    await deskbell("destroy");
    const native = (/** @type {Function} */ f) => /native code/.test(`${f}`);
    const messageOf = (/** @type {any} */ error) => error.message;
    return {
      isGone: !("deskbell" in window),
      isNative: [fetch, console.error, XMLHttpRequest.prototype.open, XMLHttpRequest.prototype.send].every(native),
      isTheirs: console.warn == wrapper,
      open: await deskbell("open").catch(messageOf),
      status: await deskbell("status").catch(messageOf),
    };
  });
  const words = "deskbell: destroyed";
  expect(after).toEqual({ isGone: true, isNative: true, isTheirs: true, open: words, status: words });
  await expect(page.locator("deskbell-panel")).toHaveCount(0);
  await expect(help).not.toHaveAttribute("data-deskbell-queued");
  /** @type {string[]} */
  const urls = [];
  page.on("request", (request) => urls.push(request.url()));
  await help.click();
  await page.evaluate(() => {
    dispatchEvent(new Event("online"));
    console.warn("the page's own");
    document.body.append(Object.assign(document.createElement("a"), { href: "#", textContent: "new" }));
  });
  await expect(page.locator("deskbell-panel")).toHaveCount(0);
  expect(urls).toEqual([]);

  await page.unroute(url);
  await page.evaluate((address) => {
    const script = Object.assign(document.createElement("script"), { src: address, crossOrigin: "" });
    script.dataset.site = "demo";
    document.head.append(script);
  }, `${gateway.url}/deskbell.js`);
  await page.waitForFunction(() => window.deskbell?.version);
  await help.click();
  await expect(panel.root).toHaveCount(1);
  await expect.poll(tickets).toMatchObject([{ message: "It waits" }]);
  await panel.box.fill("after it");
  await expect(panel.box).toHaveValue("after it");
});

test("a widget destroyed just after it has shown hits does not count them", async ({ host, page, panel }) => {
  await page.clock.install();
  await host();
  await panel.open();
  // From here on time passes only as far as the test says, so that the hits are not visible for long enough yet.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 60_000));
  await panel.box.fill("export a board");
  await expect(async () => {
    await page.clock.runFor(100);
    await expect(panel.hits.first()).toBeVisible({ timeout: 200 });
  }).toPass();
  await page.evaluate(() => window.deskbell("destroy"));
  /** @type {string[]} */
  const urls = [];
  page.on("request", (request) => urls.push(request.url()));
  await page.clock.runFor(5000);
  await page.evaluate(() => fetch("/"));
  expect(urls.map((address) => new URL(address).pathname)).toEqual(["/"]);
});

test("a widget destroyed while its files load makes no more requests", async ({ host, page, panel }) => {
  let release = () => {};
  const gate = new Promise((resolve) => (release = () => resolve(0)));
  await page.route("**/modules.js", async (route) => {
    await gate;
    await route.continue();
  });
  await host({ fill: { attributes: "data-launcher" } });
  const modulesRequest = page.waitForRequest("**/modules.js");
  await panel.open();
  await panel.toTicket();
  // The configuration is there.
  await expect(panel.topic).toBeVisible();
  // Too short to be searched for.
  await panel.box.fill("x");
  await panel.button("Send").click();
  const modules = (await modulesRequest).url();
  await expect
    .poll(() =>
      page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("context.wasm"))),
    )
    .toBe(true);
  await page.evaluate(() => window.deskbell("destroy"));
  /** @type {string[]} */
  const urls = [];
  page.on("request", (request) => urls.push(request.url()));
  release();
  // Resolves when the widget has the module, too.
  await page.evaluate((address) => import(address), modules);
  await page.evaluate(() => fetch("/"));
  expect(urls.map((address) => new URL(address).pathname)).toEqual(["/"]);
});

test("the next page sends what a destroyed widget had not sent", async ({ host, page, panel, tickets }) => {
  let posts = 0;
  page.on("request", (request) => {
    if (request.method() == "POST" && request.url().endsWith("/tickets")) posts += 1;
  });
  await host({ fill: { attributes: "data-launcher" } });
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Cut off");
  // It is stored, and not sent yet.
  const destruction = page.evaluate(() => {
    const help = [...document.querySelectorAll("button")].find((button) => button.textContent == "Open help");
    return new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        observer.disconnect();
        resolve(window.deskbell("destroy"));
      });
      observer.observe(/** @type {Element} */ (help), { attributeFilter: ["data-deskbell-queued"] });
    });
  });
  await panel.button("Send").click();
  await destruction;
  expect(posts).toBe(0);
  await page.reload();
  await expect.poll(tickets).toMatchObject([{ message: "Cut off" }]);
});

for (const isOpen of [true, false])
  test(`keeps text, screen and choices when the language changes while the panel is ${isOpen ? "open" : "closed"}`, async ({
    host,
    page,
    panel,
    tickets,
  }) => {
    await host({ fill: { attributes: "data-launcher" } });
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("It stays");
    await panel.severity.selectOption("high");
    const box = await panel.box.elementHandle();
    /** @param {object} options */
    const configure = (options) => page.evaluate((options) => window.deskbell("configure", options), options);
    for (const [lang, dir, send, help, change] of /** @type {const} */ ([
      ["de", "ltr", "Senden", "Hilfe", () => configure({ lang: "de" })],
      ["ar", "rtl", "إرسال", "المساعدة", () => configure({ lang: "ar" })],
    ])) {
      if (!isOpen) await page.keyboard.press("Escape");
      await change();
      await expect(panel.root).toHaveAttribute("lang", lang);
      await expect(panel.root.locator(".launcher")).toHaveAccessibleName(help);
      if (!isOpen) await page.getByRole("button", { name: "Open help" }).click();
      await expect(panel.button(send)).toBeVisible();
      await expect(panel.dialog).toHaveAttribute("dir", dir);
      await expect(panel.box).toHaveValue("It stays");
      await expect(panel.severity).toHaveValue("high");
      expect(await panel.box.evaluate((now, before) => now == before, box)).toBe(true);
    }
    // Without a language of its own it follows the page's, at the next `configure`.
    await configure({ lang: "en" });
    await panel.button("Send").click();
    await panel.received();
    expect(await tickets()).toMatchObject([{ message: "It stays", severity: "high" }]);
  });

test("changes the language before anything but the form has loaded", async ({ host, page, panel, tickets }) => {
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/context.wasm", (route) => void releases.push(() => route.continue()));
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Half written");
  await panel.severity.selectOption("high");
  await page.evaluate(() => window.deskbell("configure", { lang: "de" }));
  await expect(panel.button("Senden")).toBeVisible();
  await expect(panel.box).toHaveValue("Half written");
  await expect(panel.severity).toHaveValue("high");
  expect(releases).toHaveLength(1);
  for (const go of releases) go();
  await panel.button("Senden").click();
  await expect(panel.root.getByRole("heading", { name: "Ticket gesendet" })).toBeVisible();
  expect(await tickets()).toMatchObject([{ message: "Half written", severity: "high", locale: "de" }]);
});

test("a ticket that is being sent stays sealed when the language changes, and its receipt is shown", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("Sent once");
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/tickets", (route) =>
    route.request().method() == "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  await panel.button("Send").click();
  await expect.poll(() => releases.length).toBe(1);
  await page.evaluate(() => window.deskbell("configure", { lang: "de" }));
  await expect(panel.root).toHaveAttribute("lang", "de");
  await expect(panel.box).toHaveValue("Sent once");
  await expect(panel.box).not.toBeEditable();
  for (const go of releases) go();
  await expect(panel.root.getByRole("heading", { name: "Ticket gesendet" })).toBeVisible();
  expect(await tickets()).toHaveLength(1);
});

test("configure does not override the tag's language", async ({ host, page, panel }) => {
  await host({ fill: { attributes: 'data-lang="de"' } });
  await page.waitForFunction(() => window.deskbell?.version);
  await page.evaluate(() => window.deskbell("configure", { lang: "ar" }));
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.button("Ticket senden")).toBeVisible();
});
