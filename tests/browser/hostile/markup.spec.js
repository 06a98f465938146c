import { expect, test } from "../deskbell.js";

// Markup in external content never becomes an element, and never runs.

const BAD = `<img src=x onerror="hacked()"><script>hacked()</script><svg onload="hacked()"><iframe srcdoc="x"></iframe><b>bold</b>`;
const LINKS = [
  "javascript:hacked()",
  "JaVaScRiPt:hacked()",
  " javascript:hacked()",
  "java\tscript:hacked()",
  "data:text/html,<script>hacked()</script>",
  "vbscript:hacked()",
  "//evil.example",
  "blob:x",
];
/** The elements that the panel consists of. */
const OURS =
  "a article aside blockquote br button code dialog div em fieldset form h2 h3 h4 header input label legend li mark ol option p pre section select span strong textarea ul";

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    /** @type {any} */ (window).hacked = () => (document.documentElement.dataset.hacked = "true");
    addEventListener(
      "error",
      (event) => {
        if (event.target instanceof Element) document.documentElement.dataset.hacked = event.target.localName;
      },
      true,
    );
  });
});

test("shows markup in questions and answers as text", async ({ host, page, panel, gateway, tickets, inbox }) => {
  const links = LINKS.map((url) => `[press](${url}) <${url}> ![image](${url})`).join("\n\n");
  const body = [BAD, links, `# ${BAD}`, `- ${BAD}`, `> ${BAD}`, `**${BAD}**`, `\`${BAD}\``, "```html", BAD, "```"].join(
    "\n\n",
  );
  const answer = { body, author: BAD, staff: true, accepted: true, created_at: BAD };
  await gateway.import(
    [{ id: "bad", title: `zebra ${BAD}`, body, url: "javascript:hacked()", answers: [answer, body] }],
    "zebra",
  );
  await host();
  await panel.open();
  await panel.box.fill(`zebra ${BAD}`);
  await expect(panel.hits.first()).toContainText("<img src=x onerror=");
  await expectHarmless(panel);
  await panel.hit("zebra").click();
  await expect(panel.answers).toHaveCount(2);
  await expect(panel.answers.first()).toContainText("<script>hacked()</script>");
  await expectHarmless(panel);
  await panel.button("Still need help").click();
  await panel.name.fill(BAD);
  await panel.email.fill("x@example.org");
  const reference = await panel.send();
  await expectHarmless(panel);

  expect(await tickets()).toMatchObject([{ contact: { name: BAD }, message: `zebra ${BAD}` }]);
  const ticket = await inbox(reference);
  await expect(ticket.getByRole("region", { name: "Message" })).toContainText("<script>hacked()</script>");
  expect(await ticket.locator("script:not([src='/inbox/inbox.js']), img, iframe, svg, main b").count()).toBe(0);
  expect(await ticket.locator("a[href^=javascript]").count()).toBe(0);
});

test("shows markup in the configuration and the user as text", async ({ host, page, panel }) => {
  await host();
  await page.evaluate((BAD) => {
    const { deskbell } = /** @type {any} */ (window);
    deskbell("configure", {
      links: [{ label: BAD, url: "https://x.example/" }],
      topics: [{ id: "x", label: BAD }],
      texts: { en: { help: BAD, send_ticket: BAD, box_hint: BAD, sending_as: `${BAD} {email}` } },
    });
    deskbell("identify", { id: BAD, name: BAD, email: `${BAD}@x.example`, plan: BAD });
    document.title = BAD;
  }, BAD);
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.root.getByRole("link", { name: BAD })).toHaveAttribute("href", "https://x.example/");
  await expect(panel.title).toHaveText(BAD);
  await expectHarmless(panel);
  await panel.root.locator(".foot button").click();
  await expect(panel.topic.locator("option").first()).toHaveText(BAD);
  await expectHarmless(panel);
});

test("ignores links with dangerous schemes in the configuration", async ({ host, page, panel }) => {
  await host();
  for (const url of LINKS)
    await page.evaluate(
      (url) => /** @type {any} */ (window).deskbell("configure", { links: [{ label: "press", url }] }),
      url,
    );
  await panel.open();
  await expect(panel.root.getByRole("link", { name: "press" })).toHaveCount(0);
  await expectHarmless(panel);
});

/** @param {import("../panel.js").Panel} panel */
async function expectHarmless(panel) {
  const traces = await panel.root.evaluate((host, ours) => {
    const nodes = [...(host.shadowRoot?.querySelectorAll("*") ?? [])];
    return {
      foreign: nodes.map((node) => node.localName).filter((name) => !ours.split(" ").includes(name)),
      handlers: nodes
        .flatMap((node) => [...node.attributes].map(({ name }) => name))
        .filter((name) => /^on|^style$|^src/.test(name)),
      links: nodes
        .filter((node) => node.hasAttribute("href"))
        .map((node) => /** @type {HTMLAnchorElement} */ (node).protocol)
        .filter((protocol) => !["https:", "http:", "mailto:"].includes(protocol)),
    };
  }, OURS);
  expect(traces).toEqual({ foreign: [], handlers: [], links: [] });
  await expect(panel.page.locator("html")).not.toHaveAttribute("data-hacked");
}
