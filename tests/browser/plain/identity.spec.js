import { sign } from "../../../docs/sign/sign.mjs";
import { expect, test } from "../deskbell.js";
import { drafts } from "../drafts.js";
import { SEND_MS, TOKEN_MS, withoutLimit } from "../limits.js";

// Users that the host's server has signed are verified, also in the ticket; users that only the page claims are not.

const SECRET = "0123456789abcdef0123456789abcdef";
const SETTINGS = `
[sites.demo]
origins = ["*"]
plans = { enterprise = "high" }
[sites.demo.hours]
zone = "UTC"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "00:00"
to = "24:00"
[[sites.demo.panel.links]]
label = "Docs"
url = "https://docs.example/"
[[sites.demo.panel.channels]]
kind = "slack"
label = "Your channel in Slack"
url = "https://x.slack.com/"
plans = ["enterprise"]
[[sites.demo.panel.channels]]
kind = "phone"
label = "Call us"
url = "https://phone.example/"
[[sites.demo.signers]]
algorithm = "HS256"
secret = "${SECRET}"
`;
const ADA = { sub: "u-ada", name: "Ada „L“", email: "ada@example.com", plan: "enterprise" };

/** A token that expired ten minutes ago. */
const expiredToken = () => {
  const now = Date.now;
  Date.now = () => now() - 15 * 60_000;
  try {
    return sign(SECRET, "demo", ADA);
  } finally {
    Date.now = now;
  }
};

test.use({ timezoneId: "Asia/Tokyo", settings: SETTINGS });

/**
 * Identifies with a function that returns these tokens one after the other, and the last one repeatedly.
 *
 * @param {import("@playwright/test").Page} page
 * @param {(() => string)[]} tokens
 */
const identify = async (page, tokens) => {
  let calls = 0;
  await page.exposeFunction("token", () => {
    const token = tokens[Math.min(calls++, tokens.length - 1)]?.();
    if (!token) throw new Error("no token");
    return token;
  });
  await page.evaluate(() => {
    const { deskbell, token } = /** @type {any} */ (window);
    return deskbell("identify", { token: () => token() });
  });
  return { calls: () => calls };
};

test.beforeEach(({ host }) => host({ path: "/?signed-out" }));

/** @param {import("../panel.js").Panel} panel */
const write = async (panel) => {
  await panel.open();
  await panel.toTicket();
  await expect(panel.email).toHaveCount(0);
  await panel.box.fill("It broke");
  await panel.kind("bug").check();
  await panel.severity.selectOption("high");
};

test("shows the channels of the signature, and none that only the page claims", async ({ page, panel }) => {
  const links = panel.root.locator(".links a");
  const claimed = { id: "u-ada", plan: "enterprise" };
  await page.evaluate((user) => /** @type {any} */ (window).deskbell("identify", user), claimed);
  await panel.open();
  await expect(links).toHaveText(["Docs"]);
  await identify(page, [() => sign(SECRET, "demo", { ...ADA, plan: "free", channels: ["slack"] })]);
  await expect(links).toHaveText(["Your channel in Slack", "Docs"]);
});

test("verifies a signed user, asks for no contact details, and shows the due time in the user's time zone", async ({
  page,
  panel,
  inbox,
  tickets,
}) => {
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await write(panel);
  await expect(panel.root.getByText("First answer within 1 business hour", { exact: true })).toBeVisible();
  const format = new Intl.DateTimeFormat("en", { hour: "numeric", timeZone: "Asia/Tokyo" });
  const hourDue = () => format.format(Date.now() + 3_600_000).split(" ")[0];
  // The hour may turn meanwhile.
  const before = hourDue();
  const reference = await panel.send();
  const hours = `(${before}|${hourDue()})`;
  await expect(panel.root.getByText(new RegExp(`First answer by .*\\b${hours}:\\d\\d`))).toBeVisible();
  await expect(panel.root.getByText("You'll find our answer here, under Your tickets.")).toBeVisible();
  const person = (await inbox(reference)).getByRole("region", { name: "Customer" });
  await expect(person).toContainText("Signed by the site");
  const [ticket] = await tickets();
  expect(ticket.context.user).toMatchObject({ id: "u-ada", name: "Ada „L“", verified: true });
  expect(JSON.stringify(ticket)).not.toContain("eyJ");
});

test("promises no response time to an unverified user, nor after a reset", async ({ page, panel }) => {
  await page.evaluate(() => {
    const user = { id: "u-ada", name: "Ada", email: "ada@example.com", plan: "enterprise" };
    return /** @type {any} */ (window).deskbell("identify", user);
  });
  await write(panel);
  await expect(panel.root.getByText("Sending as ada@example.com.")).toBeVisible();
  await expect(panel.root.getByText(/First answer/)).toHaveCount(0);
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await expect(panel.root.getByText(/First answer/)).toBeVisible();
  await page.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  await panel.toTicket();
  await panel.severity.selectOption("high");
  await page.evaluate(() => {
    const user = { id: "u-eve", name: "Eve", email: "eve@example.com", plan: "enterprise" };
    return /** @type {any} */ (window).deskbell("identify", user);
  });
  await expect(panel.root.getByText("Sending as eve@example.com.")).toBeVisible();
  await expect(panel.root.getByText(/First answer/)).toHaveCount(0);
});

test("fetches another token when the gateway rejects an expired one", async ({ page, panel, tickets, trouble }) => {
  trouble.expect(/401/);
  const host = await identify(page, [expiredToken, () => sign(SECRET, "demo", ADA)]);
  await write(panel);
  await panel.send();
  expect(host.calls()).toBe(2);
  expect((await tickets())[0].context.user.verified).toBe(true);
});

test("fetches another token once when it is rejected, then sends the ticket without one", async ({
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/401/);
  /** @type {(string | undefined)[]} */
  const tokens = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/tickets"))
      tokens.push(request.headers()["authorization"]);
  });
  await identify(page, [() => sign("another secret of at least 32 bytes", "demo", ADA)]);
  await write(panel);
  await panel.send();
  expect(tokens.map(Boolean)).toEqual([true, true, false]);
  expect((await tickets())[0]).toMatchObject({
    message: "It broke",
    context: { user: { id: "u-ada", verified: false } },
  });
});

for (const days of [1, -1])
  test(`fetches one token if the device's clock is ${Math.abs(days)} day ${days > 0 ? "fast" : "slow"}`, async ({
    host,
    page,
    panel,
    tickets,
  }) => {
    await page.addInitScript((shift) => {
      const now = Date.now;
      Date.now = () => now() + shift;
    }, days * 86_400_000);
    await host({ path: "/?signed-out" });
    const { calls } = await identify(page, [() => sign(SECRET, "demo", ADA)]);
    await write(panel);
    await panel.send();
    expect((await tickets())[0].context.user.verified).toBe(true);
    expect(calls()).toBe(1);
  });

test("tells the host's developer once, and no customer, why a token is invalid", async ({
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/401/);
  /** @type {string[]} */
  const warnings = [];
  page.on("console", (message) => message.type() == "warning" && warnings.push(message.text()));
  await page.evaluate(() => {
    const errors = /** @type {any} */ (window.errors = []);
    return /** @type {any} */ (window).deskbell("on", "error", (/** @type {any} */ detail) => errors.push(detail));
  });
  await identify(page, [() => sign(SECRET, "shop", ADA)]);
  await write(panel);
  await panel.send();
  const title = 'the token\'s aud is "shop", but must be "demo"';
  const error = { status: 401, code: "token_audience", title };
  await expect.poll(() => warnings).toEqual([`deskbell: ${title}`]);
  expect(await page.evaluate(() => /** @type {any} */ (window).errors)).toEqual([error]);
  expect((await page.evaluate(() => /** @type {any} */ (window).deskbell("status"))).error).toEqual(error);
  expect(await panel.root.textContent()).not.toContain("aud");
  expect(JSON.stringify(await tickets())).not.toContain("token_audience");
});

for (const [fault, body, cause] of /** @type {[string, string, string][]} */ ([
  ["throws", "throw new Error('not logged in')", " Error: not logged in"],
  ["returns a page", "return '<!doctype html> <title>Log in</title>'", "<!doctype html> <title>Log in</title>"],
  ["returns an object", "return { token: 'a.b.c' }", "[object Object]"],
]))
  test(`tells the developer that the token function ${fault}, and sends the ticket`, async ({
    page,
    panel,
    tickets,
  }) => {
    await page.evaluate((body) => {
      const token = new Function(body);
      return /** @type {any} */ (window).deskbell("identify", { id: "u-ada", email: "ada@example.com", token });
    }, body);
    await write(panel);
    await panel.send();
    const error = async () => (await page.evaluate(() => /** @type {any} */ (window).deskbell("status"))).error;
    await expect.poll(error).toEqual({ code: "token_function", title: `no token: ${cause}` });
    expect(await tickets()).toHaveLength(1);
  });

test("asks for contact details if the token function fails, and sends the ticket", async ({ page, panel, tickets }) => {
  await identify(page, [() => ""]);
  await panel.open();
  await panel.toTicket();
  await panel.name.fill("Ada");
  await panel.email.fill("ada@example.com");
  await panel.box.fill("It broke");
  await panel.send();
  expect(await tickets()).toHaveLength(1);
});

test("sends no token if the customer withholds their identity", async ({ page, panel }) => {
  /** @type {(string | undefined)[]} */
  const tokens = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/tickets"))
      tokens.push(request.headers()["authorization"]);
  });
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await write(panel);
  await panel.button("Review").click();
  await panel.root.getByRole("switch", { name: "You", exact: true }).uncheck();
  await panel.button("Back").click();
  await panel.name.fill("Somebody");
  await panel.email.fill("somebody@example.com");
  await panel.send();
  expect(tokens).toEqual([undefined]);
});

test("sends no user after a reset", async ({ page, panel, tickets }) => {
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await write(panel);
  await page.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  await panel.toTicket();
  await panel.name.fill("Bo");
  await panel.email.fill("bo@example.com");
  await panel.box.fill("Mine");
  await panel.send();
  const [ticket] = await tickets();
  expect(ticket.context.user?.id ?? "").toBe("");
});

/**
 * Identifies with a new function, like a host that calls `identify` on every render. Resolves when its token was
 * read.
 *
 * @param {import("@playwright/test").Page} page
 */
const identifyAgain = (page) =>
  page.evaluate(async () => {
    const { deskbell, token } = /** @type {any} */ (window);
    await new Promise((read) => {
      deskbell("identify", {
        token: async () => {
          const jwt = await token();
          setTimeout(read);
          return jwt;
        },
      });
    });
  });

test("keeps text, caret, undo and composition when the user is identified again while writing", async ({
  context,
  page,
  panel,
}) => {
  let issued = 0;
  let email = ADA.email;
  await identify(page, [() => sign(SECRET, "demo", { ...ADA, email, jti: String(++issued) })]);
  /**
   * Identifies again, and waits for the effect of another token: by then all earlier calls have had their effect.
   * @param {string} next
   */
  const identifyAgainWith = async (next) => {
    email = next;
    await identifyAgain(page);
    await expect(panel.root.getByText(`Sending as ${next}.`)).toBeVisible();
  };
  await panel.open();
  await panel.toTicket();
  await expect(panel.email).toHaveCount(0);
  await panel.box.click();
  await page.keyboard.type("It broke today");
  for (let times = 0; times < 6; times++) await page.keyboard.press("ArrowLeft");
  await panel.box.evaluate((/** @type {HTMLTextAreaElement} */ box) => {
    const counts = /** @type {any} */ (window.counts = { writes: 0, ended: 0 });
    const { get, set } = /** @type {any} */ (Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value"));
    Object.defineProperty(box, "value", { get, set: (value) => (counts.writes++, set.call(box, value)) });
    box.addEventListener("compositionend", () => counts.ended++);
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
  await identifyAgain(page);
  await identifyAgainWith("ada@example.org");
  expect(issued).toBe(3);
  expect(await page.evaluate(() => /** @type {any} */ (window).counts)).toEqual({ writes: 0, ended: 0 });
  await devtools.send("Input.insertText", { text: "日本" });
  await expect(panel.box).toHaveValue("It broke日本 today");
  expect(await panel.box.evaluate((/** @type {HTMLTextAreaElement} */ box) => box.selectionStart)).toBe(10);
  await page.keyboard.press("Control+z");
  await expect(panel.box).toHaveValue("It broke today");

  // Other fields keep the focus, too.
  await panel.severity.focus();
  await identifyAgain(page);
  await expect(panel.severity).toBeFocused();
});

test("shows the receipt of a verified ticket when its user is identified again while it is sent", async ({
  page,
  panel,
  tickets,
}) => {
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await write(panel);
  /** @type {(() => void)[]} */
  const releases = [];
  await page.route("**/tickets", (route) =>
    route.request().method() === "POST" ? void releases.push(() => route.continue()) : route.continue(),
  );
  await panel.button("Send").click();
  await expect.poll(() => releases.length).toBe(1);
  await identifyAgain(page);
  releases[0]?.();
  const reference = await panel.received();
  await expect(panel.box).toHaveValue("");
  const [ticket, ...others] = await tickets();
  expect(others).toEqual([]);
  expect(ticket).toMatchObject({ reference, context: { user: { id: "u-ada", verified: true } } });
});

const BEN = { sub: "u-ben", name: "Ben", email: "ben@example.com" };

test("does not send one user's submission with the next user's token", async ({ page, panel, tickets, trouble }) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  await withoutLimit(page, TOKEN_MS);
  await page.reload();
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await write(panel);
  await page.route("**/tickets", (route) => (route.request().method() == "POST" ? route.abort() : route.continue()));
  await panel.button("Send").click();
  await expect(panel.title).toHaveText("Not sent yet");
  // Sending is tried while the subject of the next token is unknown.
  await page.evaluate(() => {
    const win = /** @type {any} */ (window);
    const token = new Promise((resolve) => (win.resolveToken = resolve));
    return win.deskbell("identify", { token: () => token });
  });
  await page.unroute("**/tickets");
  await page.evaluate(() => void dispatchEvent(new Event("online")));
  await expect(panel.root.locator(".waits")).toContainText("Sending…");
  await page.evaluate((jwt) => /** @type {any} */ (window).resolveToken(jwt), sign(SECRET, "demo", BEN));
  await expect.poll(async () => (await tickets()).length).toBe(1);
  expect((await tickets())[0].context.user).toMatchObject({ id: "u-ada", verified: false });
});

for (const [cause, change] of /** @type {const} */ ([
  ["another user is identified", "identify"],
  ["the user is reset", "reset"],
]))
  test(`abandons a pending Send once ${cause}`, async ({ page, panel, tickets }) => {
    await withoutLimit(page, SEND_MS);
    await page.reload();
    await identify(page, [() => sign(SECRET, "demo", ADA)]);
    /** @type {(() => void)[]} */
    const releases = [];
    let posts = 0;
    let isHeld = true;
    await page.route("**/tickets", (route) => {
      if (isHeld && route.request().method() == "GET") return void releases.push(() => route.continue());
      posts += Number(route.request().method() == "POST");
      return route.continue();
    });
    await write(panel);
    await panel.button("Send").click();
    await expect(panel.button("Sending…")).toBeVisible();
    await page.evaluate(
      ([change, token]) => /** @type {any} */ (window).deskbell(change, change == "identify" ? { token } : {}),
      /** @type {const} */ ([change, sign(SECRET, "demo", BEN)]),
    );
    await expect(panel.box).toHaveValue("");
    // Later requests are not held.
    isHeld = false;
    for (const go of releases) go();
    await panel.toTicket();
    if (change == "reset") {
      await panel.name.fill("Bo");
      await panel.email.fill("bo@example.com");
    }
    // The first Send would have had its outcome before this one.
    await expect(panel.button("Send")).toBeVisible();
    await panel.box.fill("The next person's");
    await panel.send();
    expect(posts).toBe(1);
    expect((await tickets()).map(({ message }) => message)).toEqual(["The next person's"]);
  });

test("keeps each user's text apart when the next user writes before the earlier draft is stored", async ({
  page,
  panel,
}) => {
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await write(panel);
  await expect.poll(() => drafts(page)).toEqual(["It broke"]);
  await page.evaluate(
    async (token) => {
      const box = document.querySelector("deskbell-panel")?.shadowRoot?.querySelector("textarea");
      if (!box) throw new Error("no box");
      void (/** @type {any} */ (window).deskbell("identify", { token }));
      // Only microtasks, so that the device cannot have stored anything yet.
      for (let turn = 0; box.value && turn < 1000; turn += 1) await null;
      box.value = "Ben's words";
      box.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    },
    sign(SECRET, "demo", BEN),
  );
  await expect.poll(() => drafts(page)).toEqual(["Ben's words", "It broke"]);
  await expect(panel.box).toHaveValue("Ben's words");
  // Each has their own, after the next change as well.
  await page.evaluate(
    (token) => /** @type {any} */ (window).deskbell("identify", { token }),
    sign(SECRET, "demo", ADA),
  );
  await expect(panel.box).toHaveValue("It broke");
  expect(await drafts(page)).toEqual(["Ben's words", "It broke"]);
});

test("a reset before the token was read deletes only the draft of the latest user", async ({ page, panel }) => {
  /** @param {typeof BEN} person */
  const signIn = (person) =>
    page.evaluate(
      (jwt) => /** @type {any} */ (window).deskbell("identify", { token: async () => jwt }),
      sign(SECRET, "demo", person),
    );
  for (const [person, words] of /** @type {const} */ ([
    [ADA, "Ada's words"],
    [BEN, "Ben's words"],
  ])) {
    await page.reload();
    await signIn(person);
    await panel.open();
    await expect(panel.root.getByRole("button", { name: "Send a ticket" })).toBeVisible();
    await panel.box.fill(words);
    await expect.poll(() => drafts(page)).toContain(words);
  }
  await page.reload();
  await signIn(BEN);
  await page.evaluate(() => /** @type {any} */ (window).deskbell("reset"));
  await expect.poll(() => drafts(page)).toEqual(["Ada's words"]);
});

test("does not call a failing token function again for other commands, and sends the ticket", async ({
  page,
  panel,
}) => {
  await page.evaluate(() => {
    const win = /** @type {any} */ (window);
    win.calls = 0;
    return win.deskbell("identify", {
      token: () => {
        win.calls += 1;
        throw new Error("not now");
      },
    });
  });
  await panel.open();
  await panel.toTicket();
  const calls = await page.evaluate(async () => {
    const win = /** @type {any} */ (window);
    await win.deskbell("set", { before: 1 });
    await new Promise((done) => setTimeout(done));
    const before = win.calls;
    for (let nth = 0; nth < 5; nth++) await win.deskbell("set", { nth });
    await new Promise((done) => setTimeout(done));
    return win.calls - before;
  });
  expect(calls).toBe(0);
  await panel.name.fill("Ada");
  await panel.email.fill("ada@example.com");
  await panel.box.fill("It broke");
  await panel.send();
});

test("starts an empty form when another user's token is set", async ({ page, panel }) => {
  await identify(page, [() => sign(SECRET, "demo", ADA)]);
  await write(panel);
  await page.evaluate(
    (jwt) => /** @type {any} */ (window).deskbell("identify", { token: jwt }),
    sign(SECRET, "demo", { sub: "u-ben", name: "Ben", email: "ben@example.com" }),
  );
  await expect(panel.title).toHaveText("Help");
  await expect(panel.box).toHaveValue("");
  await panel.toTicket();
  await expect(panel.root.getByText("Sending as ben@example.com.")).toBeVisible();
});
