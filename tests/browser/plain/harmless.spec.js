import { expect, test } from "../deskbell.js";

// What the panel must not do to the page that embeds it.

/**
 * Everything of a page that the panel could have changed, except its own parts.
 * @param {import("@playwright/test").Page} page
 */
const traces = (page) =>
  page.evaluate(() => {
    const isPanel = (/** @type {Element} */ node) => node.localName === "deskbell-panel";
    const nodes = [...document.querySelectorAll("*")].filter((node) => !isPanel(node));
    const outline = (/** @type {Element} */ node) =>
      `<${node.localName} ${[...node.attributes].map((a) => `${a.name}=${a.value}`)}>`;
    return {
      globals: Object.getOwnPropertyNames(window)
        .filter((name) => name !== "deskbell")
        .sort(),
      elements: nodes.map(outline).filter((text) => !text.includes("/deskbell.js")),
      styles: nodes
        .filter((node) => node.localName !== "script")
        .map((node) => {
          const style = getComputedStyle(node);
          return [...style].map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
        }),
      sheets: document.styleSheets.length + document.adoptedStyleSheets.length,
      cookies: document.cookie,
      history: history.length,
      prototypes: [
        Array,
        Object,
        Function,
        String,
        Promise,
        Node,
        Element,
        Document,
        EventTarget,
        History,
        Storage,
      ].map((type) => Object.getOwnPropertyNames(type.prototype).length),
      // Wrapped functions differ by their text alone; the rest is the browser's own.
      wrapped: [
        fetch,
        console.error,
        console.warn,
        history.pushState,
        history.replaceState,
        XMLHttpRequest.prototype.open,
        XMLHttpRequest.prototype.send,
      ].map((f) => [
        f.name,
        f.length,
        Object.getOwnPropertyNames(f).sort().join(),
        Object.getPrototypeOf(f) === Function.prototype,
      ]),
      native: [
        addEventListener,
        setTimeout,
        console.log,
        XMLHttpRequest,
        XMLHttpRequest.prototype.setRequestHeader,
        History.prototype.pushState,
        Promise.prototype.then,
      ].every((f) => /\[native code\]/.test(Function.prototype.toString.call(f))),
      handlers: [onerror, onunhandledrejection, document.onkeydown, document.onclick].map(Boolean),
    };
  });

test("adds one element and one global, and changes nothing else", async ({ host, page, panel }) => {
  const before = await (async () => {
    await page.route("**/deskbell.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
    await host();
    const original = await traces(page);
    await page.unroute("**/deskbell.js");
    return original;
  })();
  /** @type {string[]} */
  const messages = [];
  page.on("console", (message) => messages.push(message.text()));
  await page.reload();
  await panel.open();
  await panel.box.fill("export chart");
  await panel.hit("Export chart fails").click();
  await panel.button("Still need help").click();
  await panel.send();
  await panel.button("Done").click();
  await expect(panel.dialog).toBeHidden();
  await page.locator("body").click({ position: { x: 1, y: 1 } });
  await page.mouse.move(1, 1);
  await page.evaluate(() => /** @type {any} */ (document.activeElement)?.blur?.());

  expect(await traces(page)).toEqual(before);
  await expect(panel.root).toHaveCount(1);
  expect(messages, "the console stays quiet").toEqual([]);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => !key.startsWith("deskbell:")))).toEqual(
    [],
  );
});

test("makes one request and adds no element before help is opened", async ({ host, page, gateway }) => {
  /** @type {string[]} */
  const paths = [];
  page.on("request", (request) => {
    if (request.url().startsWith(gateway.url)) paths.push(new URL(request.url()).pathname);
  });
  await page.clock.install();
  await host();
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell?.version);
  await page.clock.runFor(60_000);
  expect(paths).toEqual(["/deskbell.js"]);
  await expect(page.locator("deskbell-panel")).toHaveCount(0);
});

test("keeps the page's styles out of the panel", async ({ host, panel }) => {
  await host();
  await panel.open();
  await panel.toTicket();
  const styles = await panel.root.evaluate((host) =>
    [...(host.shadowRoot?.querySelectorAll("dialog, textarea, button, label, p") ?? [])].map((node) => {
      const { letterSpacing, textTransform, fontFamily } = getComputedStyle(node);
      return [letterSpacing, textTransform, fontFamily === "serif"].join();
    }),
  );
  expect(new Set(styles)).toEqual(new Set(["normal,none,false"]));
});

test("keeps typed keys from the page's shortcuts, which still work outside the panel", async ({
  host,
  page,
  panel,
}) => {
  await host();
  await panel.open();
  await panel.box.focus();
  await page.keyboard.type("a/b?");
  await expect(panel.box).toHaveValue("a/b?");
  await expect(page.locator("html")).not.toHaveAttribute("data-keys");
  await page.keyboard.press("Escape");
  await expect(panel.dialog).toBeHidden();
  await expect(page.locator("html")).not.toHaveAttribute("data-keys");

  await page.getByRole("button", { name: "Open help" }).click();
  await page.getByRole("link", { name: "A link" }).focus();
  await page.keyboard.press("/");
  await expect(page.locator("#search")).toBeFocused();
  await expect(panel.dialog).toBeVisible();
});

test("looks like a text field to capturing shortcuts of the page", async ({ host, page, panel }) => {
  await host({
    fill: {
      head: `<script>
        addEventListener("keydown", (event) => {
          const { target } = event;
          if (event.key === "j" && !(target.isContentEditable || /input|textarea/i.test(target.tagName))) event.preventDefault();
        }, true);
      </script>`,
    },
  });
  await panel.open();
  await panel.box.focus();
  await page.keyboard.type("jj");
  await expect(panel.box).toHaveValue("jj");
});

test("follows a link with a hash to another page, and opens the form there", async ({ host, page, panel }) => {
  await host({ fill: { body: '<a id="other" href="/other#deskbell=ticket">Another page</a>' } });
  await page.waitForFunction(() => /** @type {any} */ (window).deskbell.version);
  await page.getByRole("link", { name: "Another page" }).click();
  await expect(page).toHaveURL(/\/other$/);
  await expect(panel.severity).toBeVisible();
});
