import { expect, test } from "../deskbell.js";

// What the loader records while the page is open: everything relevant, and nothing that was typed.

/** @typedef {any} Any */

const BODY = `
  <form id="order" action="/done">
    <label>Card <input id="card" value="typed before" /></label>
    <label>Password <input id="password" type="password" /></label>
    <label>Country <select id="country"><option>Atlantis</option></select></label>
    <div id="editor" contenteditable="true" aria-label="Letter">typed letter</div>
    <button class="buy" aria-label="Buy it">€ 3</button>
  </form>
  <nav aria-label="Main"><a id="orders" href="#orders">My  orders</a></nav>
  <div data-private><button id="secret">Ada's diagnosis</button></div>
  <button id="mixed">Reply to <b data-private>Ada Typed</b></button>
  <p id="plain">A paragraph of a customer</p>
  <img id="broken" alt="Chart" />
  <script>document.getElementById("order").addEventListener("submit", (event) => event.preventDefault());</script>`;

/** Responses of a product's own server. @type {import("../site.js").Options["answer"]} */
const answer = ({ url, method }, response) => {
  if (!url?.startsWith("/api/")) return false;
  const status = Number(url.match(/status=(\d+)/)?.[1] ?? 200);
  return response.writeHead(status, { "x-request-id": `answer-${method}`, "x-own": "mine" }).end("a body");
};

/** @param {import("@playwright/test").Page} page @param {string} name @param {unknown[]} args */
const command = (page, name, ...args) =>
  page.evaluate(
    ([name, args]) => /** @type {Any} */ (window).deskbell(name, ...args),
    /** @type {const} */ ([name, args]),
  );

test.beforeEach(({ trouble }) => trouble.expect(/./));

test("records each error once with its source, stack, times and count", async ({ host, page, panel, tickets }) => {
  const site = await host({ fill: { body: BODY } });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  const startedAt = Date.now();
  for (let times = 0; times < 3; times++) await page.evaluate(() => setTimeout(() => null.gone));
  await page.evaluate(async () => {
    const page = /** @type {Any} */ (window);
    for (const reason of ["a text", 42, undefined, { code: 7 }, new TypeError("an error"), Symbol("s")])
      Promise.reject(reason);
    Promise.reject(new DOMException("it took too long", "AbortError"));
    console.error("said", { id: 1 }, new RangeError("inner"));
    console.warn("watch out");
    /** @type {Any} */ (document.getElementById("broken")).src = "/gone.png";
    document.dispatchEvent(
      new SecurityPolicyViolationEvent("securitypolicyviolation", {
        bubbles: true,
        effectiveDirective: "script-src",
        blockedURI: "https://evil.example/x.js",
        documentURI: location.href,
        originalPolicy: "",
        violatedDirective: "script-src",
        disposition: "enforce",
        statusCode: 200,
      }),
    );
    page.deskbell("capture", new SyntaxError("caught"), { component: "Chart" });
    const foreign = new Error("of an extension");
    foreign.stack = "Error: of an extension\n    at chrome-extension://abc/content.js:1:1";
    page.deskbell("capture", foreign);
  });
  await page.waitForFunction(() => /** @type {Any} */ (document.getElementById("broken")).complete);
  await panel.open();
  await panel.sendTicket("errors");
  const [{ context }] = await tickets();
  const errors = context.errors.map((/** @type {Any} */ error) => [
    error.source,
    error.name,
    error.message,
    error.count,
  ]);
  expect(errors).toContainEqual(["error", "TypeError", "Cannot read properties of null (reading 'gone')", 3]);
  for (const message of ["a text", "42", "undefined", "[object]", "Symbol(s)"])
    expect(errors).toContainEqual(["rejection", "", message, 1]);
  expect(errors).toContainEqual(["rejection", "TypeError", "an error", 1]);
  expect(errors).toContainEqual(["rejection", "AbortError", "it took too long", 1]);
  expect(errors).toContainEqual(["console.error", "RangeError", "said [object] RangeError: inner", 1]);
  expect(errors).toContainEqual(["console.warn", "", "watch out", 1]);
  expect(errors).toContainEqual(["resource", "", "<img>", 1]);
  expect(errors).toContainEqual(["policy", "", "script-src https://evil.example/x.js", 1]);
  expect(errors).toContainEqual(["captured", "SyntaxError", 'caught {"component":"Chart"}', 1]);
  const errorWith = (/** @type {string} */ text) =>
    context.errors.find((/** @type {Any} */ error) => error.message.includes(text));
  expect(errorWith("of an extension").extension).toBe(true);
  expect(errorWith("an error").extension).toBeFalsy();
  expect(errorWith("an error").stack).toContain("TypeError: an error");
  expect(errorWith("<img>").location).toBe(`${site.url}/gone.png`);
  for (const error of context.errors) {
    const [first, last] = [Date.parse(error.first_at), Date.parse(error.at)];
    expect(first).toBeGreaterThanOrEqual(startedAt - 1000);
    expect(last).toBeGreaterThanOrEqual(first);
    expect(last).toBeLessThanOrEqual(Date.now());
  }
});

test("runs no code of values that the page throws, rejects with or logs", async ({ host, page, panel, tickets }) => {
  await host();
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  const { ran, lines } = await page.evaluate(async () => {
    let ran = 0;
    const busy = () => ran++;
    /** A proxy that counts every access. @param {object} target */
    const watch = (target) => new Proxy(target, new Proxy({}, { get: () => void busy() }));
    const busyObject = {
      get message() {
        return busy();
      },
      get stack() {
        return busy();
      },
      toJSON: busy,
      toString: busy,
      [Symbol.toPrimitive]: busy,
    };
    class Fancy extends Error {
      get name() {
        return `${busy()}`;
      }
    }
    const fancy = new Fancy("fancy");
    ran = 0;
    const tag = document.createElement("x-tag");
    for (const name of ["src", "href"]) Object.defineProperty(tag, name, { get: busy });
    document.body.append(tag);
    tag.dispatchEvent(new Event("error"));
    for (const value of [watch({}), watch([]), watch(() => {}), watch(new Error("x")), busyObject, fancy]) {
      dispatchEvent(new PromiseRejectionEvent("unhandledrejection", { promise: Promise.resolve(), reason: value }));
      dispatchEvent(new ErrorEvent("error", { message: "Uncaught #<Object>", error: value, filename: "/a.js" }));
    }
    console.error(watch({}), busyObject);
    // A proxy that logs every access to it would never end if it were read.
    let lines = 0;
    const get = (/** @type {object} */ target, /** @type {string} */ key) => {
      lines++;
      console.warn("read", chatty);
      return Reflect.get(target, key);
    };
    /** @type {object} */
    const chatty = new Proxy({}, { get });
    console.warn(chatty);
    return { ran, lines };
  });
  expect(ran).toBe(0);
  expect(lines).toBe(0);
  await panel.open();
  await panel.sendTicket("objects");
  const [{ context }] = await tickets();
  const messages = context.errors.map((/** @type {Any} */ { source, message }) => `${source} ${message}`);
  for (const message of ["error Uncaught #<Object>", "rejection [object]", "error fancy", "resource <x-tag>"])
    expect(messages).toContain(message);
});

test("separates reports of the browser itself, searches for none of them, and lets them replace no error", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  /** @type {string[]} */
  const queries = [];
  page.on("request", (request) => {
    const { searchParams } = new URL(request.url());
    if (searchParams.get("asked") == "error") queries.push(searchParams.get("q") ?? "");
  });
  await host();
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.evaluate(async () => {
    const error = new TypeError("the chart has no data");
    dispatchEvent(new ErrorEvent("error", { message: `Uncaught ${error}`, error, filename: "/a.js", lineno: 1 }));
    // A page whose observer changes what it observes.
    const box = document.body.appendChild(document.createElement("div"));
    const loop = new Promise((done) =>
      addEventListener("error", ({ message }) => /^ResizeObserver loop/.test(message) && done(0)),
    );
    new ResizeObserver(() => (box.style.width = `${box.offsetWidth - 1}px`)).observe(box);
    await loop;
    for (let n = 0; n < 30; n++) {
      dispatchEvent(new ErrorEvent("error", { message: "Script error." }));
      console.error("Row %d of %s is invalid", n, "orders");
      console.warn("%c[app]", "color: red", `warning ${n}`);
    }
  });
  await panel.open();
  await expect.poll(() => queries.length).toBeGreaterThan(0);
  expect(queries.join()).toMatch(/chart has no data/);
  expect(queries.join()).not.toMatch(/ResizeObserver|Script error/i);
  await panel.sendTicket("noise");
  const [{ context }] = await tickets();
  const errors = context.errors.map((/** @type {Any} */ { source, message, count }) => [source, message, count]);
  expect(errors).toContainEqual(["error", "the chart has no data", 1]);
  expect(errors).toContainEqual(["browser", "Script error.", 30]);
  expect(errors).toContainEqual(["console.error", "Row 29 of orders is invalid", 30]);
  expect(errors).toContainEqual(["console.warn", "[app] warning 29", 1]);
  expect(errors.filter((/** @type {Any} */ [source]) => source == "error")).toHaveLength(1);
});

test("records failed requests with method, status, size and identifying headers, never a body", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  const site = await host({ answer });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await command(page, "configure", { context: { headers: ["X-Own"] } });
  await page.evaluate(async () => {
    const headers = {
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      authorization: "Bearer abc",
    };
    await fetch("/api/fine");
    await fetch("/api/a?status=503", { method: "POST", body: "typed body", headers });
    await fetch(new Request("/api/b?status=404"));
    await fetch("http://127.0.0.1:9/").catch(() => {});
    const controller = new AbortController();
    const abortedFetch = fetch("/api/c", { signal: controller.signal }).catch(() => {});
    controller.abort();
    await abortedFetch;
    const request = new XMLHttpRequest();
    request.open("PUT", "/api/d?status=500");
    request.send("typed body");
    await new Promise((done) => (request.onloadend = done));
  });
  await panel.open();
  await panel.sendTicket("requests");
  const [{ context }] = await tickets();
  const requests = context.requests.map((/** @type {Any} */ request) => [request.method, request.url, request.status]);
  expect(requests).toEqual([
    ["POST", `${site.url}/api/a?status=503`, 503],
    ["GET", `${site.url}/api/b?status=404`, 404],
    ["GET", "http://127.0.0.1:9/", 0],
    ["PUT", `${site.url}/api/d?status=500`, 500],
  ]);
  expect(context.requests[0].headers).toEqual({
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "x-request-id": "answer-POST",
    "x-own": "mine",
  });
  expect(context.requests[2].failure).toBe("TypeError: Failed to fetch");
  expect(context.requests[3].headers).toEqual({ "x-request-id": "answer-PUT", "x-own": "mine" });
  for (const index of [0, 1, 3]) expect(context.requests[index].size).toBeGreaterThan(0);
  expect(JSON.stringify(context)).not.toMatch(/typed body|a body|Bearer abc/);
});

test("does not record a missing Deskbell file as an error of the page", async ({ host, page, panel, tickets }) => {
  await host();
  await page.route("**/screens.js", (route) => route.abort());
  const failure = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/screens.js"));
  await panel.open();
  await panel.box.fill("export chart");
  await failure;
  // Recorded errors are part of the ticket from the first letter on.
  await panel.box.fill("");
  await panel.sendTicket("errors");
  expect((await tickets())[0].context.errors ?? []).toEqual([]);
});

test("records actions by role and accessible name, and nothing that was typed", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  await host({ fill: { body: BODY } });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.locator("#card").click();
  await page.keyboard.type("typed 4111111111111111");
  await page.locator("#password").click();
  await page.keyboard.type("typed secret");
  await page.locator("#country").selectOption("Atlantis");
  await page.locator("#editor").click();
  await page.keyboard.type("typed too");
  await page.locator("#orders").click();
  await page.locator("#secret").click();
  await page.locator("#mixed").click({ position: { x: 4, y: 4 } });
  await page.locator("#plain").click();
  await page.locator(".buy").click();
  await page.evaluate(() => history.pushState(null, "", "/next"));
  await page.evaluate(() => Promise.reject(new Error("broken")).catch(() => setTimeout(() => null.gone)));
  await page.context().setOffline(true);
  await page.waitForFunction(() => !navigator.onLine);
  await page.context().setOffline(false);
  await page.waitForFunction(() => navigator.onLine);
  await panel.open();
  await panel.sendTicket("breadcrumbs");
  const [{ context }] = await tickets();
  const steps = context.breadcrumbs.map((/** @type {Any} */ crumb) =>
    [crumb.kind, crumb.role, crumb.name].filter(Boolean).join(" "),
  );
  expect(steps.slice(0, -1)).toEqual([
    "click text Card",
    "click password Password",
    "click div Letter",
    "click link My orders",
    expect.stringMatching(/^navigation .*#orders$/),
    "click button Reply to",
    "click p",
    "click button Buy it",
    "submit form",
    expect.stringMatching(/^navigation .*\/next$/),
    "error TypeError Cannot read properties of null (reading 'gone')",
    "network offline",
    "network online",
  ]);
  expect(steps.at(-1)).toBe("click button Open help");
  expect(context.breadcrumbs[3].path).toBe("html > body > nav > a#orders");
  const times = context.breadcrumbs.map((/** @type {Any} */ crumb) => crumb.at);
  expect(times).toEqual([...times].sort());
  expect(JSON.stringify(context)).not.toMatch(/typed|4111|diagnosis|Ada Typed|paragraph of a customer/);
});

test("records routes of a single-page product by history, hash and the back button", async ({
  host,
  page,
  panel,
  tickets,
}) => {
  const site = await host({ path: "/first" });
  await page.waitForFunction(() => /** @type {Any} */ (window).deskbell.version);
  await page.evaluate(() => history.pushState(null, "", "/second"));
  await page.evaluate(() => history.replaceState(null, "", "/third?a=1"));
  await page.evaluate(() => void (location.hash = "there"));
  await page.goBack();
  await page.waitForFunction(() => !location.hash);
  await panel.open();
  await panel.sendTicket("routes");
  const [{ context }] = await tickets();
  const { url, routes, timings, referrer, open_ms } = context.page;
  expect(routes.map((/** @type {Any} */ route) => route.url.replace(site.url, ""))).toEqual([
    "/first",
    "/second",
    "/third?a=1",
    "/third?a=1#there",
    "/third?a=1",
  ]);
  expect(url).toBe(`${site.url}/third?a=1`);
  expect(referrer).toBe("");
  expect(open_ms).toBeGreaterThan(0);
  expect(timings.first_byte).toBeGreaterThan(0);
  expect(timings.loaded).toBeGreaterThanOrEqual(timings.dom_ready);
  expect(timings.first_paint).toBeGreaterThan(0);
  expect(timings.interaction).not.toBe(0);
});

test("calls providers, and names those that fail or take too long", async ({ host, page, panel, tickets }) => {
  const head = `<link rel="canonical" href="https://host.example/canonical" />
    <meta name="deskbell:release" content="7.1" /><meta name="deskbell:region" content="eu" />`;
  await host({ fill: { head } });
  await page.evaluate(() => {
    const { deskbell } = /** @type {Any} */ (window);
    deskbell("set", { environment: "staging", release: "7.2" });
    deskbell("provide", "cart", async () => ({ items: 2 }));
    deskbell("provide", "broken", () => Promise.reject(new Error("no")));
    deskbell("provide", "throws", () => {
      throw new Error("no");
    });
    deskbell("provide", "slow", () => new Promise(() => {}));
    deskbell("provide", "gone", () => "x");
    deskbell("provide", "gone", null);
  });
  await panel.open();
  await panel.sendTicket("provided");
  const [{ context }] = await tickets();
  expect(context.application).toEqual({ release: "7.2", region: "eu", environment: "staging" });
  expect(context.page.canonical).toBe("https://host.example/canonical");
  expect(context.page_values).toEqual({ cart: '{"items":2}' });
  expect(context.unanswered.sort()).toEqual(["broken", "slow", "throws"]);
});

test("neither keeps nor sends what the host switches off", async ({ host, page, panel, tickets, inbox }) => {
  await host();
  await page.evaluate(() => setTimeout(() => null.gone));
  await page.evaluate(() =>
    /** @type {Any} */ (window).deskbell("configure", { context: { off: ["errors", "user", "breadcrumbs"] } }),
  );
  await page.evaluate(() => setTimeout(() => null.gone));
  await panel.open();
  await panel.toTicket();
  await expect(panel.root.getByText(/Also sent/)).toHaveText(/this page/);
  await expect(panel.root.getByText(/Also sent/)).not.toHaveText(/error|you are/);
  await panel.name.fill("Ada");
  await panel.email.fill("ada@host.example");
  await panel.box.fill("off");
  const reference = await panel.send();
  const [{ context }] = await tickets();
  expect(context.errors ?? []).toEqual([]);
  expect(context.breadcrumbs ?? []).toEqual([]);
  expect(context.user).toBeUndefined();
  expect(context.withheld.map((/** @type {Any} */ withheld) => [withheld.group, withheld.by])).toEqual(
    expect.arrayContaining([
      ["errors", "site"],
      ["user", "site"],
      ["breadcrumbs", "site"],
    ]),
  );
  await expect((await inbox(reference)).getByText("Not collected by the site.").first()).toBeVisible();
});
