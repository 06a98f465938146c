import { expect, expectAccessible, test } from "../deskbell.js";
import { SEND_MS, withoutLimit } from "../limits.js";
import { picture } from "../pictures.js";

// The parts around the form, in combinations of theme, direction and size, checked by axe: incidents, custom fields,
// tickets, conversations and similar tickets.

const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1440, height: 900 } };
const SETTINGS = `
[sites.demo]
origins = ["*"]
panel.consent = true
panel.theme = { scheme = "{scheme}" }
panel.fields = [
  { id = "seats", label = "Seats", type = "number", needed = true },
  { id = "region", label = "Region", type = "choice", choices = ["Europe", "Asia"] },
  { id = "prod", label = "In production", type = "yes_no" },
]
incidents = { say = "Queries are slow since this morning. We are on it.", url = "https://status.example.com/" }
[[sites.demo.panel.channels]]
label = "Your channel in Slack"
url = "https://x.slack.com/"
kind = "slack"
`;

for (const [colorScheme, lang, size] of /** @type {const} */ ([
  ["light", "en", "desktop"],
  ["dark", "ar", "phone"],
  ["light", "de", "phone"],
  ["dark", "de", "desktop"],
])) {
  test.describe(`${colorScheme}, ${lang}, ${size}`, () => {
    test.use({ ...(size === "phone" ? PHONE : DESKTOP), colorScheme });

    test("incidents, custom fields, conversations and similar tickets are accessible", async ({
      host,
      page,
      panel,
      gateway,
      inbox,
      trouble,
    }) => {
      trouble.expect(/415|ERR_FAILED/);
      await gateway.stop();
      await gateway.start(SETTINGS.replace("{scheme}", colorScheme));
      await withoutLimit(page, SEND_MS);
      await host({ fill: { attributes: `data-lang="${lang}"` } });
      const send = panel.root.locator(".foot .main");
      await panel.open();
      await expect(panel.root.locator(".notices section")).toBeVisible();
      await expect(panel.root.locator(".links a")).toHaveCount(1);
      await expectAccessible(page);

      await send.click();
      const seats = panel.root.locator("#field-seats");
      await expect(seats).toBeVisible();
      await panel.box.fill("The export of the dashboard stops after a while and the file stays empty");
      await send.click();
      await expect(panel.root.locator("#field-seats-error")).toBeVisible();
      await expectAccessible(page);
      const chooser = page.waitForEvent("filechooser");
      await panel.root.locator("#add-file").click();
      await (
        await chooser
      ).setFiles([
        { name: "chart.png", mimeType: "image/png", buffer: picture() },
        { name: "tool.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ\0\0\u0001") },
      ]);
      await expect(panel.root.locator(".file .error")).toBeVisible();
      await expect(panel.root.locator(".file canvas")).toBeVisible();
      await expectAccessible(page);
      await seats.fill("12");
      const url = "**/tickets";
      await page.route(url, (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
      await send.click();
      await expect(panel.root.locator(".waits")).toBeVisible();
      await expectAccessible(page);
      await page.unroute(url);
      await panel.again({ en: "Try again", ar: "إعادة المحاولة", de: "Erneut versuchen" }[lang]);
      await expect(panel.reference).toHaveText(/DB-/);
      const reference = (await panel.reference.textContent())?.match(/DB-\w+/)?.[0];
      await expectAccessible(page);

      await panel.root.locator(".screen .link").click();
      await expect(panel.root.locator(".messages article")).toHaveCount(1);
      const agent = await inbox(reference);
      await agent
        .getByRole("textbox", { name: /^Your answer/ })
        .fill("Which browser is it?\n\n1. Open **Settings**\n2. Copy `version`");
      await agent.getByRole("button", { name: "Answer", exact: true }).click();
      await expect(panel.root.locator(".messages article")).toHaveCount(2);
      await expectAccessible(page);

      await panel.root.locator(".back").click();
      await expect(panel.root.locator("#tickets .hit")).toHaveCount(1);
      await expectAccessible(page);
      await panel.root.locator(".back").click();

      await expect(panel.root.locator(".yours")).toBeVisible();
      await send.click();
      await panel.box.fill("The dashboard's export file is empty again");
      await seats.fill("12");
      await send.click();
      await expect(panel.root.locator(".alike button")).toHaveCount(2);
      await expectAccessible(page);
    });
  });
}
