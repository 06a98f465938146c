import { expect, expectAccessible, test } from "./direct.js";

// The three outcomes, in combinations of theme, language and size.

const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1440, height: 900 } };
const WORDS = {
  en: {
    ticket: "Send a ticket",
    send: "Send",
    received: "Ticket sent",
    mailed: /not here/,
    unsent: "Not sent yet",
    again: "Try again",
    unsure: "May have been sent",
    why: /Your message may have been sent/,
    twice: "Send again",
    waits: "1 message needs your attention",
  },
  de: {
    ticket: "Ticket senden",
    send: "Senden",
    received: "Ticket gesendet",
    mailed: /nicht hier/,
    unsent: "Noch nicht gesendet",
    again: "Erneut versuchen",
    unsure: "Vielleicht gesendet",
    why: /wurde vielleicht gesendet/,
    twice: "Noch einmal senden",
    waits: "1 Nachricht braucht Ihre Entscheidung",
  },
  ar: {
    ticket: "إرسال تذكرة",
    send: "إرسال",
    received: "أُرسلت التذكرة",
    mailed: /وليس هنا/,
    unsent: "لم تُرسَل بعد",
    again: "إعادة المحاولة",
    unsure: "ربما أُرسلت",
    why: /ربما أُرسلت رسالتك/,
    twice: "الإرسال مرة أخرى",
    waits: "رسالة واحدة بانتظار قرارك",
  },
};

for (const [colorScheme, lang, size] of /** @type {const} */ ([
  ["light", "en", "desktop"],
  ["dark", "en", "phone"],
  ["dark", "ar", "desktop"],
  ["light", "de", "phone"],
])) {
  const words = WORDS[lang];

  test.describe(`${colorScheme}, ${lang}, ${size}`, () => {
    test.use({ ...(size === "phone" ? PHONE : DESKTOP), colorScheme });

    test("the outcomes sent, not sent and unknown are accessible", async ({ page, panel, visit, zendesk, trouble }) => {
      trouble.expect(/Failed to load resource|ERR_|CORS policy/);
      await visit({ fill: { lang } });
      await panel.open();
      await panel.button(words.ticket).click();
      await zendesk.faults({ method: "POST", times: 1000, kind: { status: { status: 401 } } });
      await panel.box.fill("Exports stop after a minute");
      await panel.button(words.send).click();
      await expect(panel.title).toHaveText(words.unsent);
      await expectAccessible(page);

      await zendesk.faultsInstead({ method: "POST", path_prefix: "/api/v2/requests", kind: "torn" });
      await panel.again(words.again, panel.root.getByText(words.why));
      await expect(panel.title).toHaveText(words.unsure);
      await expect(panel.root.locator(".waits")).toContainText(words.why);
      await expectAccessible(page);

      await panel.root.locator(".back").click();
      await expect(panel.button(words.waits)).toBeVisible();
      await expectAccessible(page);

      await panel.button(words.waits).click();
      await panel.button(words.twice).click();
      await expect(panel.root.getByRole("heading", { name: words.received })).toBeVisible();
      await expect(panel.root.locator(".below")).toContainText(words.mailed);
      await expectAccessible(page);
      expect((await zendesk.state()).tickets).toHaveLength(2);
    });
  });
}
