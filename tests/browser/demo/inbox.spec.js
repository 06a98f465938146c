import { once } from "node:events";
import { createServer } from "node:http";
import { expect, expectAccessible, test } from "../deskbell.js";

// A ticket in the agents' inbox.

const AT = "2026-11-23T10:00:00.000Z";
const STACK = [
  "TypeError: rows is undefined",
  "    at exportChart (https://app.example/charts.js:1:20411)",
  "    at wrapped (https://cdn.example/a/very/long/path/to/a/file/that/is/not/of/the/page/bundle.min.js:2:5511)",
].join("\n");
const error = { source: "error", name: "TypeError", message: "rows is undefined", stack: STACK, first_at: AT, at: AT };
const request = {
  method: "GET",
  url: "https://app.example/api/reports/revenue?from=2026-11-16&to=2026-11-22&group=day&currency=EUR",
  status: 504,
  at: AT,
  duration_ms: 30_000,
  headers: { "x-request-id": "req-1" },
};
const TICKET = {
  kind: "bug",
  severity: "high",
  message: "The export does nothing.\n\n@everyone look: <b>nothing</b>",
  contact: { name: "Ada", email: "ada@example.com" },
  client: { name: "test", version: "1" },
  consent: true,
  questions: [
    { source: "gateway", id: "q1", title: "Export fails", url: "https://community.example/1", outcome: "unhelpful" },
  ],
  context: {
    version: 1,
    frozen_at: AT,
    page: { url: "https://app.example/revenue", title: "Revenue", routes: [{ url: "https://app.example/", at: AT }] },
    user: { id: "u-ada", name: "Ada", plan: "enterprise" },
    application: { release: "1.2.3", flags: { charts: "on" } },
    device: { browser: "Firefox 144", user_agent: "Mozilla/5.0", viewport: "1440x900", online: true },
    errors: [
      { ...error, name: "Ext", extension: true, count: 1 },
      { ...error, count: 3 },
    ],
    requests: [request],
    breadcrumbs: [
      { at: AT, kind: "click", role: "button", name: "Export", path: "main > button" },
      { at: AT, kind: "error", name: "TypeError: rows is undefined" },
    ],
    links: [
      { source: "posthog", label: "replay", text: "s1", url: "https://posthog.example/replay/s1" },
      { source: "sentry", label: "trace", text: "4bf92f3577b34da6a3ce929d0e0e4736" },
    ],
    unanswered: ["cart"],
    since: { version: 1, frozen_at: AT, errors: [{ ...error, count: 1 }], requests: [request] },
    withheld: [{ group: "page_values", items: 0, by: "customer" }],
    cut: ["/breadcrumbs"],
  },
};

test.describe("with scripts", () => {
  test.use({ permissions: ["clipboard-read", "clipboard-write"] });

  test("one click copies the ticket for a bug tracker", async ({ page, gateway }) => {
    await open(page, gateway);
    await page.getByRole("button", { name: "Copy for a bug tracker" }).click();
    await expect(page.getByRole("status")).toHaveText("Copied");
    const copy = await page.evaluate(() => navigator.clipboard.readText());
    expect(copy).toBe(await page.locator("#markdown").inputValue());
    expect(copy).toMatch(/^# DB-\w{5}: Bug, high severity\n\n> The export does nothing\./);
    expect(copy).toContain("`https://app.example/revenue`");
    expect(copy).toContain(`\`\`\`text\n${STACK}\n\`\`\``);
    expect(copy, "the copy mentions nobody").not.toContain("@everyone");
  });
});

test("selects the text for copying by hand if the clipboard is unavailable", async ({ page, gateway }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    document.execCommand = () => false;
  });
  await open(page, gateway);
  await page.getByRole("button", { name: "Copy for a bug tracker" }).click();
  await expect(page.getByRole("status")).toHaveText(/Ctrl\+C/);
  const field = page.getByRole("textbox", { name: "Ticket as Markdown" });
  await expect(field).toBeFocused();
  const selection = await field.evaluate((/** @type {HTMLTextAreaElement} */ field) => [
    field.selectionStart,
    field.selectionEnd,
  ]);
  expect(selection).toEqual([0, (await field.inputValue()).length]);
});

test("shows when the first answer is due", async ({ page, gateway }) => {
  await open(page, gateway);
  const handling = page.getByRole("region", { name: "Handling" });
  await expect(handling).toContainText(/Due in .* \d{1,2} \w{3} \d{4}, \d\d:\d\d UTC/);
});

test("sends an answer by the keyboard and shows it in the conversation", async ({ page, gateway }) => {
  await open(page, gateway);
  await page.getByLabel("Your answer").fill("Which **browser** is it?");
  await page.keyboard.press("Control+Enter");
  const conversation = page.getByRole("region", { name: "Conversation" });
  await expect(conversation.locator(".ours strong").last()).toHaveText("browser");
  await expect(page.getByLabel("Your answer")).toHaveValue("");
  await expectAccessible(page, "html");
});

test("focuses the search on a slash, and finds a customer by e-mail address", async ({ page, gateway }) => {
  await open(page, gateway);
  await page.goto(`${gateway.url}/inbox`);
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("ADA@example.com");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/q=ADA/);
  await expect(page.getByRole("row")).toHaveCount(2);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("a ticket can be edited, noted, assigned, solved and reopened", async ({ page, gateway }) => {
    await open(page, gateway);
    const conversation = page.getByRole("region", { name: "Conversation" });
    const handling = page.getByRole("region", { name: "Handling" });
    await page.getByText("Internal note").click();
    await page.getByLabel("Note for agents only").fill("Seen before");
    await page.getByRole("button", { name: "Add note" }).click();
    await expect(conversation.locator(".noted")).toHaveText("Seen before");
    await page.getByText("Edit topic and severity").click();
    await page.getByLabel("Topic").selectOption("billing");
    await page.getByLabel("Severity").selectOption("low");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(handling).toContainText("money");
    await expect(handling).toContainText("1 business day, support hero");
    await handling.getByRole("button", { name: "Assign to me" }).click();
    await expect(handling.getByRole("button", { name: "Unassign" })).toBeVisible();
    await page.getByRole("button", { name: "Mark as solved" }).click();
    await expect(page.locator(".marks")).toContainText("Solved");
    await page.getByRole("button", { name: "Reopen" }).click();
    await expect(page.locator(".marks")).toContainText("Open");
  });

  test("a dead letter can be sent again, from its ticket and from the page of deliveries", async ({
    page,
    gateway,
  }) => {
    const desk = await startDestinations();
    await gateway.stop();
    await gateway.start(desk.settings);
    await open(page, gateway);
    const card = page.getByRole("region", { name: "Delivery" });
    const readCard = async () => {
      await page.goto(page.url().replace("#delivery", ""));
      return card.textContent();
    };
    await expectRejected(page);
    await card.getByRole("button", { name: "Send again" }).click();
    await expect(page).toHaveURL(/\/inbox\/tickets\/DB-\w{5}#delivery$/);
    await expect.poll(readCard, "the second attempt is rejected").toMatch(/Given up.*2 times/);
    const ticket = page.url();

    desk.fix();
    await page.getByRole("link", { name: "Deliveries" }).click();
    await expect(page.getByRole("button", { name: "Send all 1 again" })).toBeHidden();
    await page.getByText("Send all again").click();
    await page.getByRole("button", { name: "Send all 1 again" }).click();
    await expect(page).toHaveURL(/\/inbox\/deliveries$/);
    await expect(page.getByText("No deliveries have been given up.")).toBeVisible();
    await page.goto(ticket);
    await expect.poll(readCard, "the ticket arrives").toContain("Open there");
    desk.stop();
  });

  test("shows the text for copying by hand", async ({ page, gateway }) => {
    await open(page, gateway);
    const field = page.locator("#markdown");
    await expect(field).toBeHidden();
    await page.getByRole("link", { name: "Copy for a bug tracker" }).click();
    await expect(field).toBeVisible();
    await expect(field).toHaveAttribute("readonly");
    await expect(field).toHaveText(/^# DB-/);
    await expect(page.getByRole("button", { name: "Copy for a bug tracker" })).toBeHidden();
  });
});

for (const [colorScheme, width] of /** @type {const} */ ([
  ["light", 1440],
  ["dark", 360],
])) {
  test.describe(`${colorScheme}, ${width} px`, () => {
    test.use({ colorScheme, viewport: { width, height: 800 } });

    test("a ticket is accessible, folded and unfolded, and never scrolls sideways", async ({ page, gateway }) => {
      await open(page, gateway);
      await expect(page.getByRole("region", { name: "Errors on the page" })).toBeInViewport();
      await expectAccessible(page, "html");
      await expectNoSidewaysScrolling(page);
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      await expect(page.getByRole("row", { name: "504 Gateway Timeout" })).toHaveCount(2);
      await expectAccessible(page, "html");
      await expectNoSidewaysScrolling(page);
    });

    test("a dead letter is accessible on its ticket, in the list and on the page of deliveries", async ({
      page,
      gateway,
    }) => {
      const desk = await startDestinations();
      await gateway.stop();
      await gateway.start(desk.settings);
      await open(page, gateway);
      const card = page.getByRole("region", { name: "Delivery" });
      await expect(card.getByRole("heading", { name: "desk" })).toBeVisible();
      await expectRejected(page);
      await expect(card).toContainText("On its way");
      await expectAccessible(page, "html");
      await expectNoSidewaysScrolling(page);

      await page.getByRole("link", { name: "All tickets" }).click();
      await expect(page.getByRole("region", { name: "Undelivered items" })).toContainText("1 given up");
      await expectAccessible(page, "html");
      await expectNoSidewaysScrolling(page);

      await page.getByRole("link", { name: "Deliveries 1 given up" }).click();
      await expect(page.getByRole("row", { name: "Unreachable" })).toContainText("is unreachable");
      await page.getByText("Send all again").click();
      await expect(page.getByRole("button", { name: "Send all 1 again" })).toBeVisible();
      await expectAccessible(page, "html");
      await expectNoSidewaysScrolling(page);
      desk.stop();
    });
  });
}

/**
 * Sends the ticket and goes to its page.
 *
 * @param {import("@playwright/test").Page} page
 * @param {import("../gateway.js").Gateway} gateway
 */
async function open(page, gateway) {
  const answer = await page.request.post(`${gateway.url}/v1/sites/demo/tickets`, {
    headers: { "idempotency-key": "inbox", "deskbell-session": "0123456789abcdef0123456789abcdef" },
    data: TICKET,
  });
  const { reference } = await answer.json();
  await page.goto(`${gateway.url}/inbox/tickets/${reference}`);
}

/**
 * Loads the ticket's page until it shows that the delivery was rejected, which may be after the ticket was accepted.
 *
 * @param {import("@playwright/test").Page} page
 */
async function expectRejected(page) {
  const readCard = async () => {
    await page.reload();
    return page.getByRole("region", { name: "Delivery" }).textContent();
  };
  await expect.poll(readCard).toContain("Requester is suspended");
}

/** Settings for two destinations: one rejects every ticket until it is fixed, the other is unreachable. */
async function startDestinations() {
  let isFixed = false;
  const rejection = { error: "RecordInvalid", description: "Requester is suspended" };
  const ticket = { ticket: { id: 4312, requester_id: 77 } };
  /** @type {(method?: string, url?: string) => [number, unknown]} */
  const answer = (method, url = "") => {
    if (url.startsWith("/oauth/")) return [200, { access_token: "t", expires_in: 7200 }];
    if (url.startsWith("/api/v2/users")) return [200, { user: { id: 7 } }];
    if (url.startsWith("/api/v2/uploads")) return [201, { upload: { token: "u" } }];
    if (method === "GET") return [200, { ticket_fields: [], tickets: [], comments: [] }];
    return isFixed ? [201, ticket] : [422, rejection];
  };
  const server = createServer((request, response) => {
    const [status, body] = answer(request.method, request.url);
    const reply = () => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    request.resume().on("end", reply);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  // Nobody listens on port 9.
  const settings = `[sites.demo]\norigins = ["*"]\n${account("desk", port)}${account("far", 9)}`;
  const fix = () => void (isFixed = true);
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { settings, fix, stop };
}

/**
 * A destination of the demo's site.
 *
 * @param {string} name
 * @param {number} port
 */
function account(name, port) {
  return [
    `[sites.demo.destinations.${name}]`,
    'to = "zendesk"',
    `url = "http://127.0.0.1:${port}"`,
    'client_id = "x"',
    'client_secret = "y"\n',
  ].join("\n");
}

/** @param {import("@playwright/test").Page} page */
async function expectNoSidewaysScrolling(page) {
  const surplus = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(surplus).toBeLessThanOrEqual(0);
}
