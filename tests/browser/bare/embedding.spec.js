import { expect, test } from "../deskbell.js";

// How page builders load the script if the tag or its attributes cannot be written.

/** A script that adds the tag, as tag managers do. @param {string} query @param {string} [more] */
const inject = (query, more = "") => `<script>
  const script = document.createElement("script");
  script.async = true;
  script.crossOrigin = "";
  script.src = "{{gateway}}/deskbell.js${query}";
  ${more}
  document.head.append(script);
</script>`;

const ways = {
  "a script whose URL has the settings": inject("?site=demo&email=help@host.example"),
  "a script and a global with the settings": `<script>window.deskbellSettings = { site: "demo" };</script>${inject("")}`,
  "a script and a command before it": `<script>
    window.deskbell ||= (...a) => { const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n])); p.catch(() => {}); return p };
    deskbell("configure", { site: "demo" });
  </script>${inject("")}`,
  "a script and a command after it": inject("", 'script.onload = () => deskbell("configure", { site: "demo" });'),
  "a module whose tag has the settings":
    '<script type="module" src="{{gateway}}/deskbell.js" data-site="demo"></script>',
  "a module whose URL has the settings": '<script type="module" src="{{gateway}}/deskbell.js?site=demo"></script>',
  "import() of the classic file": '<script type="module">import("{{gateway}}/deskbell.js?site=demo");</script>',
  "import() of the module": '<script type="module">import("{{gateway}}/deskbell.mjs?site=demo");</script>',
  "a deferred script": '<script defer src="{{gateway}}/deskbell.js?site=demo"></script>',
  "links of visitors whose ids are the names of globals": `
    <a id="deskbellSettings"></a><a id="deskbellSettings" name="gateway" href="https://evil.example/"></a>
    <a id="deskbell"></a><a id="deskbell" name="q" href="https://evil.example/"></a>${inject("?site=demo")}`,
  "a script from document.write": `<script>document.write('<script src="{{gateway}}/deskbell.js?site=demo"><\\/script>');</script>`,
};

for (const [name, head] of Object.entries(ways))
  test(`sends a ticket from a page with ${name}`, async ({ host, page, panel, tickets }) => {
    await host({ fill: { head } });
    await page.waitForFunction(() => /** @type {any} */ (window).deskbell?.version);
    await panel.open();
    await panel.toTicket();
    await panel.box.fill("however it was loaded");
    await panel.name.fill("Ada");
    await panel.email.fill("ada@example.com");
    await panel.send();
    expect(await tickets()).toMatchObject([{ message: "however it was loaded" }]);
  });

test("the module exports the command function of the page", async ({ host, page, gateway }) => {
  await host();
  const { isSame, version } = await page.evaluate(async (address) => {
    const module = await import(address);
    const isSame = module.default == window.deskbell && module.deskbell == window.deskbell;
    return { isSame, version: module.default.version };
  }, `${gateway.url}/deskbell.mjs?site=demo`);
  expect(isSame).toBe(true);
  expect(version).toMatch(/^\d/);
});

test("prefers the tag to the URL, the URL to configure, and configure to the global", async ({ host, page, panel }) => {
  await host({
    fill: {
      head: `<script>
        window.deskbellSettings = { site: "four", lang: "de", launcher: true };
        window.deskbell ||= (...a) => { const p = new Promise((y, n) => (deskbell.q ||= []).push([a, y, n])); p.catch(() => {}); return p };
        deskbell("configure", { site: "three", lang: "ar" });
      </script>
      <script crossorigin src="{{gateway}}/deskbell.js?site=two&lang=en" data-site="demo"></script>`,
    },
  });
  await expect(panel.root.locator(".launcher")).toBeVisible();
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.button("Send a ticket")).toBeVisible();
});

for (const [name, query] of [
  ["an unknown site", "?site=nosuch&launcher"],
  ["a missing site without a default", "?launcher"],
])
  test(`tells the host's developer, and no customer, about ${name}`, async ({ host, page, panel, trouble }) => {
    trouble.expect(/has no site|404/);
    /** @type {string[]} */
    const messages = [];
    page.on("console", (message) => message.text().startsWith("deskbell:") && messages.push(message.text()));
    await host({ fill: { head: inject(/** @type {string} */ (query)) } });
    await page.waitForFunction(() => /** @type {any} */ (window).deskbell?.version);
    const status = await page.evaluate(() => window.deskbell("status"));
    expect(status).toMatchObject({ available: false, reason: "site" });
    const message = await page.evaluate(() => window.deskbell("open").then(String, (error) => error.message));
    expect(message).toMatch(/has no site "(nosuch|default)"/);
    await page.getByRole("button", { name: "Open help" }).click();
    await expect(panel.dialog).toBeHidden();
    await expect(panel.root.locator(".launcher")).toHaveCount(0);
    // Further calls report nothing new.
    await page.evaluate(() => window.deskbell("status"));
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain("data-site");
  });

test("closes help when opening it reveals that the site is unknown", async ({ host, page, panel, trouble }) => {
  trouble.expect(/has no site|404/);
  await host({ fill: { head: inject("?site=nosuch") } });
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell?.version);
  const message = await page.evaluate(() => window.deskbell("open").then(String, (error) => error.message));
  expect(message).toContain('has no site "nosuch"');
  await expect(panel.dialog).toBeHidden();
});
