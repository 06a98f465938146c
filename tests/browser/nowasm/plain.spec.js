import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, expectAccessible, test } from "../deskbell.js";
import { WITHOUT_WASM } from "../policies.js";

// Pages that forbid WebAssembly get a plain form, which loses nothing and sends nothing twice either.

/** @typedef {any} Any */

test.beforeEach(({ trouble }) => trouble.expect(/wasm-eval|WebAssembly|wasm code generation/i));

/**
 * Opens the form on the current page.
 * @param {import("@playwright/test").Page} page @param {import("../panel.js").Panel} panel @param {string} [send]
 */
const open = async (page, panel, send = "Send") => {
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.button(send)).toBeVisible();
};

/** The number of submissions on the device. @param {import("@playwright/test").Page} page */
const submissionCount = (page) =>
  page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith("deskbell-plain:")).length);

/** Blocks requests that create tickets until the returned function is called. @param {import("@playwright/test").Page} page */
const blockTickets = async (page) => {
  const url = "**/tickets";
  await page.route(url, (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  return () => page.unroute(url);
};

/** @param {import("@playwright/test").Page} page @param {string} name @param {...unknown} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

const DOWN = /Failed to load resource|ERR_CONNECTION|ERR_FAILED|ERR_INTERNET|CORS policy/;

test("marks tickets from a page for tests", async ({ host, page, panel, tickets }) => {
  await host({ csp: WITHOUT_WASM, fill: { attributes: 'data-env="test"' } });
  await open(page, panel);
  await panel.box.fill("I try it out");
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "I try it out", test: true }]);
});

test("asks an unknown customer for contact details, and sends the ticket", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/broken for customer/);
  await host({ csp: WITHOUT_WASM, path: "/view?signed-out&secret=1#hash" });
  await page.getByRole("button", { name: "Break" }).click();
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toBeFocused();
  await page.keyboard.type("nothing works & it is urgent");
  await panel.button("Send").click();
  await expect(panel.name).toBeFocused();
  const messageOf = (/** @type {HTMLInputElement} */ field) => field.validationMessage;
  expect(await panel.name.evaluate(messageOf)).toBe("Please enter your name.");
  await panel.name.fill("Ada");
  await panel.email.fill("ada@");
  await panel.button("Send").click();
  await expect(panel.email).toBeFocused();
  await panel.email.fill("ada@host.example");
  await expectAccessible(page);
  await panel.button("Send").click();
  const reference = await panel.received();
  await expect(panel.reference).toBeFocused();
  await expectAccessible(page);
  expect(await tickets()).toMatchObject([
    {
      reference,
      message: "nothing works & it is urgent",
      kind: "question",
      contact: { name: "Ada", email: "ada@host.example" },
      client: { name: "deskbell-plain" },
    },
  ]);
  expect(await command(page, "status")).toMatchObject({ available: false, reason: "wasm", queued: 0, open: true });
  await panel.button("Done").click();
  await expect(panel.dialog).toBeHidden();
  await open(page, panel);
  await expect(panel.box).toHaveValue("");
});

test("sends what the OpenAPI document describes, and nothing that could be a secret", async ({
  host,
  page,
  gateway,
  panel,
  trouble,
}) => {
  trouble.expect(/broken for customer/);
  await host({ csp: WITHOUT_WASM, path: "/view?secret=1#hash" });
  await page.getByRole("button", { name: "Break" }).click();
  await command(page, "capture", Object.assign(new Error("x"), { name: "sk-live-1234" }));
  await open(page, panel);
  await expect(panel.name).toHaveCount(0);
  await panel.box.fill("What is sent");
  const request = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/tickets"));
  await panel.button("Send").click();
  const body = (await request).postDataJSON();

  const answer = await fetch(`${gateway.url}/v1/openapi.json`);
  const valid = validator(await answer.json());
  expect(valid(body), JSON.stringify(valid.errors)).toBe(true);
  expect(valid({ ...body, kind: "wish" })).toBe(false);
  expect(valid({ ...body, context: { ...body.context, surprise: 1 } })).toBe(false);
  expect(valid({ ...body, context: { ...body.context, user: { ...body.context.user, id: 7 } } })).toBe(false);

  expect(body.context).toEqual({
    version: 1,
    frozen_at: body.context.frozen_at,
    page: { url: new URL("/view", page.url()).href },
    user: {
      id: "7",
      name: "Ada Host",
      email: "ada@host.example",
      plan: "team",
      role: "",
      organization: { id: "o-1", name: "Host Ltd" },
    },
    errors: [{ name: "RangeError" }],
  });
});

test("leaves out what the site withholds", async ({ host, page, panel, tickets }) => {
  await host({ csp: WITHOUT_WASM });
  await command(page, "configure", { context: { off: ["page"], ask: ["user"] } });
  await open(page, panel);
  await panel.box.fill("Less of it");
  await panel.button("Send").click();
  await panel.received();
  const [ticket] = await tickets();
  expect(ticket.context.page ?? null).toBeNull();
  expect(ticket.context.user ?? null).toBeNull();
  expect(ticket.contact.email).toBe("ada@host.example");
});

test("keeps a submission through a reload while the gateway is down, and sends it once", async ({
  host,
  page,
  gateway,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM });
  await open(page, panel);
  await panel.box.fill("sealed before the network was asked");
  const unblock = await blockTickets(page);
  await panel.button("Send").dblclick();
  await expect(panel.alert).toContainText("Support hasn't confirmed your message.");
  await expect(panel.box).toHaveValue("sealed before the network was asked");
  await expect(panel.box).not.toBeEditable();
  await expectAccessible(page);
  expect(await command(page, "status")).toMatchObject({ queued: 1 });
  await expect(panel.root.getByRole("link", { name: "help@host.example" })).toHaveAttribute(
    "href",
    /sealed%20before%20the%20network/,
  );

  await page.reload();
  await open(page, panel, "Try again");
  await expect(panel.box).toHaveValue("sealed before the network was asked");
  await expect(panel.box).not.toBeEditable();
  await gateway.stop("SIGKILL");
  await gateway.start();
  await unblock();
  await panel.again();
  const reference = await panel.received();
  expect(await submissionCount(page)).toBe(0);
  expect(await tickets()).toMatchObject([{ reference, message: "sealed before the network was asked" }]);
});

test("shows an unsent submission in the form of the next page, and sends it on Try again", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM });
  await open(page, panel);
  await panel.box.fill("waits for a press");
  const unblock = await blockTickets(page);
  await panel.button("Send").click();
  await expect(panel.button("Try again")).toBeVisible();
  await unblock();
  await page.reload();
  await open(page, panel, "Try again");
  await expect(panel.box).toHaveValue("waits for a press");
  expect(await submissionCount(page)).toBe(1);
  expect(await tickets()).toEqual([]);
  await panel.button("Try again").click();
  await panel.received();
  expect(await submissionCount(page)).toBe(0);
  expect(await tickets()).toMatchObject([{ message: "waits for a press" }]);
});

test("retries with the same bytes and key after a lost response, and creates one ticket", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM });
  /** @type {string[]} */
  const submissions = [];
  await page.route("**/tickets", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    submissions.push(`${route.request().headers()["idempotency-key"]} ${route.request().postData()}`);
    if (submissions.length > 3) return route.continue();
    await route.fetch();
    const headers = { "access-control-allow-origin": "*", "content-type": "text/html" };
    if (submissions.length === 1) return route.abort("connectionreset");
    if (submissions.length === 2) return route.fulfill({ status: 502, headers, body: "<h1>Bad gateway</h1>" });
    return route.fulfill({ status: 201, headers, body: '{"id": "cut off' });
  });
  await open(page, panel);
  await panel.box.fill("only once");
  await panel.button("Send").click();
  for (const attempt of [1, 2, 3]) {
    await expect.poll(() => submissions.length).toBe(attempt);
    await expect(panel.alert).toContainText("Support hasn't confirmed your message.");
    await panel.button("Try again").click();
  }
  const reference = await panel.received();
  expect(submissions).toHaveLength(4);
  expect(new Set(submissions).size, "the same bytes with the same key").toBe(1);
  expect(await tickets()).toMatchObject([{ reference, message: "only once" }]);
});

test("lets the customer correct and send a rejected ticket", async ({ host, page, panel, tickets, trouble }) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM });
  /** @type {(string | undefined)[]} */
  const keys = [];
  await page.route("**/tickets", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) return route.continue();
    const problem = { status: 422, code: "invalid", title: "no", errors: [{ pointer: "/message", detail: "is odd" }] };
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    return route.fulfill({ status: 422, headers, body: JSON.stringify(problem) });
  });
  await open(page, panel);
  await panel.box.fill("refused at first");
  await panel.button("Send").click();
  await expect(panel.root.getByRole("alert")).toContainText("Support couldn't accept it: Something you entered");
  await expect(panel.box).toBeEditable();
  await expect(panel.box).toHaveValue("refused at first");
  expect(await submissionCount(page)).toBe(0);
  await panel.box.fill("mended");
  await panel.button("Send").click();
  await panel.received();
  expect(new Set(keys).size).toBe(2);
  expect(await tickets()).toMatchObject([{ message: "mended" }]);
});

test("sends again to a busy gateway on Try again", async ({ host, page, panel, tickets, trouble }) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM });
  let attempts = 0;
  await page.route("**/tickets", (route) => {
    if (route.request().method() !== "POST" || ++attempts > 1) return route.continue();
    const headers = { "access-control-allow-origin": "*", "content-type": "application/problem+json" };
    return route.fulfill({ status: 429, headers, body: JSON.stringify({ status: 429, code: "rate_limited" }) });
  });
  await open(page, panel);
  await panel.box.fill("one of many");
  await panel.button("Send").click();
  await panel.button("Try again").click();
  await panel.received();
  expect(attempts).toBe(2);
  expect(await tickets()).toHaveLength(1);
});

test("says that the device is offline, and sends on Try again once it is online", async ({
  host,
  page,
  context,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM });
  await open(page, panel);
  await panel.box.fill("from a tunnel");
  await context.setOffline(true);
  await panel.button("Send").click();
  await expect(panel.alert).toContainText("You're offline.");
  await context.setOffline(false);
  await panel.button("Try again").click();
  await panel.received();
  expect(await tickets()).toMatchObject([{ message: "from a tunnel" }]);
});

test("sends a ticket that the device cannot store", async ({ host, page, panel, tickets }) => {
  await host({ csp: WITHOUT_WASM });
  await page.evaluate(() => {
    Object.defineProperty(window, "localStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  await open(page, panel);
  await panel.box.fill("kept by the page alone");
  await panel.send();
  expect(await tickets()).toMatchObject([{ message: "kept by the page alone" }]);
});

test("restores a draft after a reload, but not after a reset", async ({ host, page, panel }) => {
  await host({ csp: WITHOUT_WASM });
  await open(page, panel);
  await panel.box.fill("half a sentence");
  await page.reload();
  await open(page, panel);
  await expect(panel.box).toHaveValue("half a sentence");
  await command(page, "reset");
  await expect(panel.box).toHaveValue("");
  await page.reload();
  await open(page, panel);
  await expect(panel.box).toHaveValue("");
});

test("a reset keeps a submission and hides it from the next user; with discard it deletes it", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM });
  await open(page, panel);
  await panel.box.fill("of Ada alone");
  const unblock = await blockTickets(page);
  await panel.button("Send").click();
  await expect(panel.button("Try again")).toBeVisible();
  await command(page, "reset");
  await command(page, "identify", { id: "u-2", name: "Bob", email: "bob@host.example" });
  await expect(panel.button("Send")).toBeVisible();
  await expect(panel.box).toHaveValue("");
  expect(await submissionCount(page)).toBe(1);
  await panel.box.fill("of Bob");
  await panel.button("Send").click();
  await expect(panel.button("Try again")).toBeVisible();
  await command(page, "reset", { discard: true });
  await expect.poll(() => submissionCount(page)).toBe(1);
  await unblock();
  await command(page, "identify", { id: "7", name: "Ada Host", email: "ada@host.example" });
  await expect(panel.box).toHaveValue("of Ada alone");
  await panel.button("Try again").click();
  await panel.received();
  expect(await submissionCount(page)).toBe(0);
  expect(await tickets()).toMatchObject([{ message: "of Ada alone", context: { user: { id: "7" } } }]);
});

test("shows a response to nobody that arrives after a change of user", async ({ host, page, panel, tickets }) => {
  await host({ csp: WITHOUT_WASM });
  /** @type {() => void} */
  let release = () => {};
  const gate = new Promise((resolve) => (release = () => resolve(null)));
  await page.route("**/tickets", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    await gate;
    return route.continue();
  });
  await open(page, panel);
  await panel.box.fill("of Ada alone");
  const response = page.waitForResponse((answer) => answer.url().endsWith("/tickets"));
  await panel.button("Send").click();
  await command(page, "identify", { id: "u-2", name: "Bob", email: "bob@host.example" });
  await panel.box.fill("Bob is writing");
  release();
  await (await response).finished();
  await expect.poll(() => submissionCount(page)).toBe(0);
  await expect(panel.box).toHaveValue("Bob is writing");
  await expect(panel.button("Send")).toBeVisible();
  await expect(panel.reference).toHaveCount(0);
  expect(await tickets()).toMatchObject([{ message: "of Ada alone" }]);
});

test("fetches another token once when it is rejected", async ({ host, page, panel, tickets, trouble }) => {
  trouble.expect(DOWN);
  await host({ csp: WITHOUT_WASM, path: "/?signed-out" });
  await page.evaluate(() => {
    const encode = (/** @type {object} */ claims) => `e.${btoa(JSON.stringify(claims))}.s`;
    let call = 0;
    /** @type {Any} */ (window).deskbell("identify", {
      token: () => encode({ sub: "u-9", name: "Eve", email: "eve@host.example", exp: 4e9, call: ++call }),
    });
  });
  /** @type {(string | undefined)[]} */
  const tokens = [];
  await page.route("**/tickets", (route) => {
    if (route.request().method() === "POST") tokens.push(route.request().headers()["authorization"]);
    return route.continue();
  });
  await open(page, panel);
  await expect(panel.name).toHaveCount(0);
  await panel.box.fill("signed by nobody");
  await panel.button("Send").click();
  await panel.received();
  expect(tokens.map((token) => token && JSON.parse(atob(token.split(".")[1] ?? "")).call)).toEqual([1, 2, undefined]);
  expect(await tickets()).toMatchObject([{ contact: { email: "eve@host.example" } }]);
});

for (const [colorScheme, lang, size] of /** @type {const} */ ([
  ["light", "de", { width: 360, height: 640 }],
  ["dark", "ar", { width: 360, height: 640 }],
  ["dark", "de", { width: 1440, height: 900 }],
  ["light", "ar", { width: 1440, height: 900 }],
])) {
  const words = {
    de: { send: "Senden", again: "Erneut versuchen", there: "Ticket gesendet" },
    ar: { send: "إرسال", again: "إعادة المحاولة", there: "أُرسلت التذكرة" },
  }[lang];

  test.describe(`${lang}, ${colorScheme}, ${size.width}`, () => {
    test.use({ viewport: size, colorScheme, hasTouch: size.width < 600, isMobile: size.width < 600 });

    test("the form is accessible", async ({ host, page, panel, trouble }) => {
      trouble.expect(DOWN);
      await host({ csp: WITHOUT_WASM, fill: { lang }, path: "/?signed-out" });
      await open(page, panel, words.send);
      await expect(panel.dialog).toHaveAttribute("dir", lang === "ar" ? "rtl" : "ltr");
      await panel.box.fill("Ada");
      await panel.name.fill("Ada");
      await panel.email.fill("ada@host.example");
      await expectAccessible(page);
      const scrolls = await panel.dialog.evaluate((dialog) => dialog.scrollWidth > dialog.clientWidth);
      expect(scrolls, "sideways").toBe(false);
      const unblock = await blockTickets(page);
      await panel.button(words.send).click();
      await expect(panel.button(words.again)).toBeVisible();
      await expectAccessible(page);
      await unblock();
      await panel.again(words.again);
      await expect(panel.root.getByRole("heading", { name: words.there })).toBeVisible();
      await expectAccessible(page);
    });
  });
}

/** A validator for tickets according to the OpenAPI document, without undocumented members. @param {Any} document */
function validator(document) {
  const strict = (/** @type {Any} */ schema) => {
    if (typeof schema !== "object" || !schema) return;
    if (schema.properties) schema.additionalProperties ??= false;
    Object.values(schema).forEach(strict);
  };
  strict(document.components.schemas);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "api");
  return ajv.compile({ $ref: "api#/components/schemas/NewTicket" });
}

test("violates a policy that forbids WebAssembly once, however often the page asks for the status", async ({
  host,
  page,
  panel,
  trouble,
}) => {
  await host({ csp: WITHOUT_WASM });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  for (let times = 0; times < 5; times++)
    expect(await command(page, "status")).toMatchObject({ available: false, reason: "wasm" });
  for (const name of ["Open help", "Break", "Open help", "Break"]) await page.getByRole("button", { name }).hover();
  await open(page, panel);
  expect(trouble.lines.filter((line) => /^violation: .*wasm/.test(line))).toHaveLength(1);
});

test("marks what looks confidential, and nothing else", async ({ host, page, panel, tickets }) => {
  await host({ csp: WITHOUT_WASM });
  await open(page, panel);
  const warning = panel.root.locator(".secret");
  for (const secret of [
    "my key sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "card 4111 1111 1111 1111",
    "password: hunter2hunter2",
  ]) {
    await panel.box.fill(secret);
    await expect(warning).toHaveText(/^“.+…” looks confidential\. Support doesn't need it\.$/);
    await panel.box.fill("");
    await expect(warning).toHaveText("");
  }
  await panel.box.fill("order 4111 1111 1111 1112 of 2026-11-29, see https://host.example/a?page=2");
  await expect(warning).toHaveText("");
  await panel.send();
  expect(await tickets()).toHaveLength(1);
});

test("follows a change of the panel's language, and keeps the text", async ({ host, page, panel, tickets }) => {
  await host({ csp: WITHOUT_WASM });
  await open(page, panel);
  await panel.box.fill("Half written");
  await command(page, "configure", { lang: "de" });
  await expect(panel.button("Senden")).toBeVisible();
  await expect(panel.title).toHaveText("Hilfe");
  await expect(panel.box).toHaveValue("Half written");
  await panel.button("Senden").click();
  await expect(panel.reference).toBeVisible();
  expect(await tickets()).toMatchObject([{ message: "Half written", locale: "de" }]);
});
