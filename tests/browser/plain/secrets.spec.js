import { expect, test } from "../deskbell.js";

// Secrets are redacted in the context and in searches. In the customer's message they are marked, and never changed
// silently.

/** @typedef {any} Any */

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const AWS = "AKIAIOSFODNN7EXAMPLE";
const CARD = "4111 1111 1111 1111";

test.beforeEach(({ trouble }) => trouble.expect(/./));

test("sends no secret in any request, wherever the page has it", async ({ host, page, panel, tickets }) => {
  /** @type {string[]} */
  const requests = [];
  page.on("request", (request) => {
    if (/\/v1\//.test(request.url())) requests.push(decodeURIComponent(request.url()), request.postData() ?? "");
  });
  await host({ path: `/start?token=${JWT}&page=2#access_token=hush-hush-1234567` });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.evaluate(
    async ([jwt, aws]) => {
      const { deskbell } = /** @type {Any} */ (window);
      deskbell("set", { api_key: "k3y-k3y-k3y-k3y", note: `uses ${aws} now` });
      deskbell("provide", "login", () => ({ password: "hunter2hunter2" }));
      deskbell("capture", new Error(`refused: Authorization: Bearer ${jwt}`));
      console.error(`{"password":"correct horse 1","user":"bob@elsewhere.example"}`);
      history.pushState(null, "", `/next?sig=${jwt}&view=${jwt}`);
      await fetch(`/gone.json?client_secret=hush-hush-7654321`).catch(() => {});
      await fetch(`http://user:pa55word@127.0.0.1:9/x`).catch(() => {});
      await fetch(`http://127.0.0.1:9/x?password=pa55word`).catch(() => {});
    },
    [JWT, AWS],
  );
  await panel.open();
  await panel.box.fill(`my key ${AWS} fails`);
  await expect
    .poll(() => requests.some((text) => /search\?.*q=my key \[key\] fails/.test(text.replaceAll("+", " "))))
    .toBe(true);
  await panel.box.fill("the key fails");
  await panel.toTicket();
  await panel.send();
  const [{ context }] = await tickets();
  expect(context.page.url).toMatch(/next\?sig=\[token\]&view=\[jwt\]$/);
  expect(context.page_values).toMatchObject({ api_key: "[key]", note: "uses [key] now" });
  expect(context.page_values.login).toContain("[password]");
  expect(requests.join("\n")).not.toMatch(
    /eyJhbGci|AKIAIOSF|hush-hush|k3y-k3y|hunter2|correct horse|bob@elsewhere|pa55word/,
  );
  expect(context.user.email, "one's own address stays").toBe("ada@host.example");
});

test("marks a secret in the message, and hides it by one press that can be undone", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host();
  await panel.open();
  await panel.toTicket();
  const text = `Paying with ${CARD} fails, the key is ${AWS}.`;
  await panel.box.fill(text);
  const marks = panel.root.locator(".secrets .row");
  await expect(marks).toHaveCount(2);
  await expect(marks.first()).toContainText("“4111…” looks confidential.");
  await expect(panel.box, "nothing is changed by itself").toHaveValue(text);
  await marks.first().getByRole("button", { name: "Hide it" }).click();
  await expect(panel.box).toHaveValue(`Paying with [card] fails, the key is ${AWS}.`);
  await panel.box.focus();
  await page.keyboard.press("Control+z");
  await expect(panel.box).toHaveValue(text);
  await marks.last().getByRole("button", { name: "Hide it" }).click();
  await expect(panel.box).toHaveValue(`Paying with ${CARD} fails, the key is [key].`);
  await expect(marks).toHaveCount(1);
  await panel.send();
  const [{ message }] = await tickets();
  expect(message, "what was not hidden is the customer's decision").toBe(
    `Paying with ${CARD} fails, the key is [key].`,
  );
});

test("isolates a secret from the Arabic text around it", async ({ host, panel }) => {
  await host({ fill: { attributes: 'data-lang="ar"' } });
  await panel.open();
  await panel.button("إرسال تذكرة").click();
  await panel.box.fill("_sk_live_4eC39HqLyjWDarjtT1zdp7dc");
  // Between U+2068 and U+2069, which isolate it.
  await expect(panel.root.locator(".secrets span").first()).toHaveText(/«\u2068sk_l…\u2069»/);
});
