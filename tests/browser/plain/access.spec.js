import { expect, test } from "../deskbell.js";

// What people need who cannot see the panel, magnify it or use it by touch.

/** @typedef {any} Any */

test("covers no focused control at 400 % zoom", async ({ host, page, panel }) => {
  // 1440 x 900 at 400 %.
  await page.setViewportSize({ width: 360, height: 225 });
  await host();
  await panel.open();
  await panel.toTicket();
  // Buttons that are drawn later would move the focused control.
  await expect(panel.button("Take a screenshot")).toBeVisible();
  await panel.box.focus();
  const coveredControls = [];
  for (let n = 0; n < 40; n++) {
    const [name, visible] = await panel.root.evaluate((element) => {
      const root = /** @type {ShadowRoot} */ (element.shadowRoot);
      const focusedElement = root.activeElement;
      if (!focusedElement) return ["", true];
      const { left, right, top, bottom } = focusedElement.getBoundingClientRect();
      const points = [0.1, 0.5, 0.9].map((part) => [(left + right) / 2, top + (bottom - top) * part]);
      const isOnTop = ([x = 0, y = 0]) => {
        const hit = root.elementFromPoint(x, y);
        return !!hit && (focusedElement.contains(hit) || !!hit.closest("label")?.contains(focusedElement));
      };
      return [focusedElement.id || focusedElement.textContent || focusedElement.tagName, points.some(isOnTop)];
    });
    if (!name) break;
    if (!visible) coveredControls.push(name);
    await page.keyboard.press("Tab");
  }
  expect(coveredControls).toEqual([]);
});

test("describes the message field by its error, in a popover that is not modal", async ({ host, panel }) => {
  await host();
  await panel.open();
  await expect(panel.dialog).toHaveAttribute("aria-modal", "false");
  await panel.toTicket();
  await expect(panel.box).not.toHaveAttribute("aria-describedby");
  await panel.button("Send").click();
  await expect(panel.box).toHaveAccessibleDescription("Please describe what happened.");
  await expect(panel.box).toHaveAttribute("aria-invalid", "true");
  await panel.box.fill("It broke");
  await expect(panel.box).not.toHaveAttribute("aria-describedby");
});

test("announces the number of results, including zero, once the customer pauses", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.live.evaluate((live) => {
    const announcements = /** @type {string[]} */ ([]);
    Object.assign(window, { announcements });
    new MutationObserver(() => announcements.push(live.textContent ?? "")).observe(live, { childList: true });
  });
  await panel.box.pressSequentially("export chart does nothing", { delay: 20 });
  await expect(panel.live).toHaveText(/\d results?/);
  const announcements = await page.evaluate(() => /** @type {Any} */ (window).announcements);
  expect(announcements.length).toBeLessThan(3);
  await panel.box.fill("zzqxv wvvkq");
  await expect(panel.live).toHaveText("0 results");
  await expect(panel.root.getByText("No answers match.")).toBeVisible();
});

test("names a hit by its title and describes it by its excerpt", async ({ host, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("export chart does nothing");
  const hit = panel.hit("Export chart fails").first();
  await expect(hit).toHaveAccessibleName(/^Export chart fails: .* Solved 3 answers$/);
  await expect(hit).toHaveAccessibleDescription(/.{40}/);
});

test("announces a secret in the message", async ({ host, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("My key is sk_live_4eC39HqLyjWDarjtT1zdp7dc");
  await expect(panel.live).toHaveText(/looks confidential/);
});

for (const colorScheme of /** @type {const} */ (["light", "dark"]))
  test(`highlighted words in titles have enough contrast in ${colorScheme} colours`, async ({ host, page, panel }) => {
    await page.emulateMedia({ colorScheme });
    await host();
    await panel.open();
    await panel.box.fill("export chart");
    await expect(panel.hits.first().locator("mark").first()).toBeVisible();
    const ratio = await panel.hits.first().evaluate((hit) => {
      const mark = /** @type {Element} */ (hit.querySelector("mark"));
      const { color, backgroundColor } = getComputedStyle(mark);
      const light = (/** @type {string} */ text) => {
        const [r = 0, g = 0, b = 0] = (text.match(/[\d.]+/g) ?? []).map((part) => {
          const value = Number(part) / 255;
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const [dark = 0, bright = 0] = [light(color), light(backgroundColor)].sort((low, high) => low - high);
      return (bright + 0.05) / (dark + 0.05);
    });
    // WCAG 2.2, 1.4.3.
    expect(ratio).toBeGreaterThanOrEqual(4.5);
  });

test.describe("on a touch screen", () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  test("makes every control tall enough for a finger", async ({ host, panel }) => {
    await host();
    await panel.open();
    const findSmall = () =>
      panel.root.evaluate((element) => {
        const root = /** @type {ShadowRoot} */ (element.shadowRoot);
        return [...root.querySelectorAll("button,a,select,input:not(.live)")]
          .map((node) => ({ node, box: (node.closest("label.choice") ?? node).getBoundingClientRect() }))
          .filter(({ box }) => box.height && box.height < 43.5)
          .map(({ node, box }) => `${node.textContent || node.id} ${box.width}x${box.height}`);
      });
    expect(await findSmall()).toEqual([]);
    await panel.box.fill("export chart");
    await expect(panel.hits.first()).toBeVisible();
    expect(await findSmall()).toEqual([]);
    await panel.toTicket();
    expect(await findSmall()).toEqual([]);
  });
});

test("never replaces the customer's text with a message from the host", async ({ host, page, panel }) => {
  await host();
  await panel.open();
  await panel.box.fill("My own words");
  await page.evaluate(() =>
    /** @type {Any} */ (window).deskbell("open", { screen: "ticket", message: "From the page" }),
  );
  await expect(panel.severity).toBeVisible();
  await expect(panel.box).toHaveValue("My own words");
});

test.describe("in a German panel on an English page", () => {
  test.use({
    settings: `[sites.demo]
origins = ["*"]
[[sites.demo.panel.topics]]
id = "exports"
label = "Exports"
[[sites.demo.panel.fields]]
id = "os"
label = "Operating system"
type = "choice"
choices = [{ id = "mac", label = "Mac" }]
[[sites.demo.panel.links]]
kind = "docs"
label = "Documentation"
url = "https://docs.example/"
`,
  });

  test("declares no language for other people's texts, and the page's language for the site's labels", async ({
    host,
    inbox,
    panel,
  }) => {
    await host({ fill: { attributes: 'data-lang="de"' } });
    await panel.open();
    /** The declared language of the element that contains a text. @param {string | RegExp} text @param {string} [within] */
    const langOf = (text, within = "*") =>
      panel.root
        .locator(within)
        .getByText(text)
        .last()
        .evaluate((node) => node.closest("[lang]")?.getAttribute("lang") ?? "(the panel's)");
    expect(await panel.root.evaluate((root) => root.lang)).toBe("de");
    expect(await langOf("Documentation")).toBe("en");
    await panel.box.fill("export chart does nothing");
    await expect(panel.hits.first()).toBeVisible();
    expect(await langOf(/Export chart fails/, ".title")).toBe("");
    expect(await langOf("Gelöst", ".about")).toBe("de");
    await panel.hit("Export chart fails").first().click();
    await expect(panel.root.locator("h3.asked")).toHaveAttribute("lang", "");
    expect(await panel.answers.first().locator(".prose").getAttribute("lang")).toBe("");
    await panel.button("Ich brauche noch Hilfe").click();
    expect(await langOf("Exports", "#topic")).toBe("en");
    await expect(panel.root.getByText(/^Operating system/)).toHaveAttribute("lang", "en");
    expect(await langOf("Mac", "select")).toBe("en");
    await panel.button("Senden").click();
    const reference = (await panel.reference.textContent())?.match(/DB-\w+/)?.[0];
    const agent = await inbox(reference);
    await agent.getByRole("textbox", { name: /^Your answer/ }).fill("Which browser is it?");
    await agent.getByRole("button", { name: "Answer", exact: true }).click();
    await panel.button("Verlauf ansehen").click();
    await expect(panel.root.getByRole("article", { name: "Support" })).toBeVisible();
    expect(await langOf("Which browser is it?", ".messages")).toBe("");
  });
});
