import { expect, expectAccessible, test } from "../deskbell.js";

// Every screen in combinations of theme, direction and size: checked by axe, and used from the question to the receipt.

const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1440, height: 900 } };
const ENGLISH = {
  help: "Help",
  ticket: "Send a ticket",
  send: "Send",
  still: "Still need help",
  solved: "Solved it",
  received: "Ticket sent",
  helped: "Glad that helped",
  done: "Done",
  sends: "What we send",
  back: "Back",
  need: "Please describe what happened.",
  failed: /^Help isn't available /,
};
const ARABIC = {
  help: "المساعدة",
  ticket: "إرسال تذكرة",
  send: "إرسال",
  still: "ما زلت أحتاج إلى مساعدة",
  solved: "حُلّت المشكلة",
  received: "أُرسلت التذكرة",
  helped: "يسرّنا أن ذلك أفادك",
  done: "تم",
  sends: "ما نرسله",
  back: "رجوع",
  need: "يُرجى وصف ما حدث.",
  failed: /^المساعدة غير متاحة/,
};
const GERMAN = {
  help: "Hilfe",
  ticket: "Ticket senden",
  send: "Senden",
  still: "Ich brauche noch Hilfe",
  solved: "Problem gelöst",
  received: "Ticket gesendet",
  helped: "Schön, dass das geholfen hat",
  done: "Fertig",
  sends: "Was wir senden",
  back: "Zurück",
  need: "Bitte beschreiben Sie, was passiert ist.",
  failed: /^Die Hilfe ist gerade nicht /,
};
const WORDS = { en: ENGLISH, ar: ARABIC, de: GERMAN };

for (const [colorScheme, lang, size] of /** @type {const} */ ([
  ["light", "en", "desktop"],
  ["light", "ar", "phone"],
  ["dark", "en", "phone"],
  ["dark", "ar", "desktop"],
  ["light", "de", "phone"],
])) {
  const words = WORDS[lang];

  test.describe(`${colorScheme}, ${lang}, ${size}`, () => {
    test.use({ ...(size === "phone" ? PHONE : DESKTOP), colorScheme });

    test("every screen is accessible", async ({ page, gateway, panel, tickets }) => {
      await page.addInitScript(() => localStorage.setItem("meadow-person", ""));
      await page.goto(`${gateway.url}/?lang=${lang}`);
      await page.getByRole("button", { name: "Help", exact: true }).click();
      await page.getByRole("menuitem", { name: "Get help" }).click();
      await expect(panel.button(words.ticket)).toBeVisible();
      await expect(panel.title).toHaveText(words.help);
      await expectLook(panel, colorScheme, lang, size);
      await expectAccessible(page);

      await panel.box.fill("export chart");
      await expect(panel.hit("Export chart fails")).toBeVisible();
      if (lang === "ar") await expect(panel.live).toHaveText(/نتائج|نتيجة/);
      await expectAccessible(page);

      await panel.hit("Export chart fails").click();
      await expect(panel.answers).toHaveCount(3);
      await expectAccessible(page);
      await panel.button(words.solved).click();
      await expect(panel.root.getByRole("heading", { name: words.helped })).toBeVisible();
      await expectAccessible(page);
      await panel.button(words.done).click();

      await page.getByRole("button", { name: "Help", exact: true }).click();
      await page.getByRole("menuitem", { name: "Get help" }).click();
      await panel.button(words.ticket).click();
      await panel.button(words.send).click();
      await expect(panel.root.locator(".error").first()).toHaveText(words.need);
      await expect(panel.box).toHaveAttribute("aria-invalid", "true");
      await expectAccessible(page);

      await panel.root.locator("button.link").click();
      await expect(panel.title).toHaveText(words.sends);
      await panel.root.locator("#sends .switch input").first().uncheck();
      for (const summary of await panel.root.locator("summary:visible").all()) await summary.click();
      await expectAccessible(page);
      await panel.root.locator("#sends .switch input").first().check();
      await panel.button(words.back).click();
      await panel.box.fill("4111 1111 1111 1111");
      await expect(panel.root.locator(".secrets .row")).toHaveCount(1);
      await expectAccessible(page);

      const text = lang === "ar" ? "الرسم البياني لا يعمل" : "The chart stays empty";
      await panel.box.fill(text);
      await panel.name.fill("Sami");
      await panel.email.fill("sami@example.com");
      await expect(panel.button(words.send)).toBeInViewport({ ratio: 1 });
      await panel.button(words.send).click();
      await expect(panel.root.getByRole("heading", { name: words.received })).toBeVisible();
      await expect(panel.reference).toHaveText(/DB-/);
      await expectAccessible(page);
      expect(await tickets()).toMatchObject([
        { message: text, locale: lang, contact: { name: "Sami", email: "sami@example.com" } },
      ]);
    });

    test("the message in place of a widget that cannot run is accessible", async ({
      page,
      gateway,
      panel,
      trouble,
    }) => {
      trouble.expect(/Failed to load resource/);
      await page.route(/\/(widget\.wasm|plain\.js)$/, (route) => route.abort());
      await page.goto(`${gateway.url}/?lang=${lang}`);
      await page.getByRole("button", { name: "Help", exact: true }).click();
      await page.getByRole("menuitem", { name: "Get help" }).click();
      await expect(panel.root.getByText(words.failed)).toBeVisible();
      await expectLook(panel, colorScheme, lang, size);
      await expectAccessible(page);
    });
  });
}

/**
 * @param {import("../panel.js").Panel} panel
 * @param {string} theme
 * @param {string} lang
 * @param {string} size
 */
async function expectLook(panel, theme, lang, size) {
  const style = await panel.dialog.evaluate((dialog) => {
    const { direction, backgroundColor } = getComputedStyle(dialog);
    return { direction, backgroundColor, modal: dialog.matches(":modal") };
  });
  expect(style.direction).toBe(lang === "ar" ? "rtl" : "ltr");
  const [red] = style.backgroundColor.match(/\d+/g) ?? [];
  expect(Number(red) > 128, `the surface is ${style.backgroundColor}`).toBe(theme === "light");

  const box = /** @type {{x: number, y: number, width: number, height: number}} */ (await panel.dialog.boundingBox());
  if (size === "phone") {
    expect(box).toEqual({ x: 0, y: 0, width: 360, height: 640 });
    expect(style.modal, "a sheet covers the page").toBe(true);
    await expect(panel.title, "a focused box would open the on-screen keyboard").toBeFocused();
  } else {
    expect(style.modal, "the page stays usable").toBe(false);
    expect(box.x + box.width / 2 > 720, `it stands at ${box.x}`).toBe(lang !== "ar");
    await expect(panel.box).toBeFocused();
  }
}
