// Measures what Deskbell costs a page of 50,000 elements that changes 200 times a second, while nothing waits and while
// a ticket does: `make bench`. CHROMIUM and DESKBELL name the programs.

const ELEMENTS = 50_000;
const CHANGES = 200;
const SECONDS = 5;
const RUNS = 3;

async function main() {
  const { chromium } = await import("../browser/node_modules/@playwright/test/index.mjs");
  const { launch } = await import("../browser/chromium.js");
  const { Gateway, root } = await import("../browser/gateway.js");
  const { Panel } = await import("../browser/panel.js");
  const { Site } = await import("../browser/site.js");

  const gateway = new Gateway();
  await gateway.start();
  const site = new Site(`${root}/tests/browser/plain`, gateway.url, {});
  await site.start();
  const browser = await chromium.launch(launch);
  /** @type {Record<string, number[]>} the share of the main thread, in percent */
  const shares = { "without Deskbell": [], "with it, nothing waits": [], "with it, a ticket waits": [] };
  try {
    for (let run = 0; run < RUNS; run++)
      for (const [state, measured] of Object.entries(shares)) {
        const context = await browser.newContext();
        const page = await context.newPage();
        if (state.startsWith("without"))
          await page.route("**/deskbell.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
        await page.route("**/v1/sites/demo/tickets", (route) => route.abort());
        await page.goto(site.url);
        if (state.endsWith("a ticket waits")) {
          const panel = new Panel(page);
          await panel.open();
          await panel.toTicket();
          await panel.box.fill("It waits");
          await panel.button("Send").click();
          await page.locator("[data-deskbell-queued]").first().waitFor();
          await page.keyboard.press("Escape");
        }
        measured.push(await share(page));
        await context.close();
      }
  } finally {
    await browser.close();
    await site.stop();
    await gateway.end();
  }
  console.log(`A page of ${ELEMENTS} elements, ${CHANGES} changes a second: script on the main thread, in percent of`);
  console.log(`${SECONDS} seconds, of ${RUNS} runs each. They are good only beside each other, in one run.\n`);
  for (const [state, measured] of Object.entries(shares))
    console.log(state.padEnd(28) + measured.map((percent) => percent.toFixed(2).padStart(8)).join(""));
}

/** The share of the main thread that scripts take while the page changes. @param {import("playwright-core").Page} page */
async function share(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const script = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ScriptDuration")?.value ?? NaN;
  };
  await page.evaluate((elements) => {
    const view = document.createElement("div");
    // Thousands of visible rows would be laid out at every change, which is not what is measured.
    view.style.display = "none";
    for (let n = 0; n < elements / 5; n++) {
      const row = view.appendChild(document.createElement("div"));
      for (let cell = 0; cell < 4; cell++) row.appendChild(document.createElement("span")).textContent = `${n}`;
    }
    document.body.append(view);
  }, ELEMENTS);
  const before = await script();
  await page.evaluate(
    ([changes, seconds]) =>
      new Promise((done) => {
        const view = /** @type {Element} */ (document.body.lastElementChild);
        const [from, wanted] = [performance.now(), (changes ?? 0) * (seconds ?? 0)];
        let made = 0;
        const change = () => {
          // Timers come late on a busy machine: each catches up with the clock.
          const due = Math.min(wanted, ((performance.now() - from) / 1000) * (changes ?? 0));
          if (made < due) {
            const row = document.createElement("div");
            row.append(Object.assign(document.createElement("span"), { textContent: `${made++}` }));
            /** @type {Element} */ (view.children[(made * 37) % view.children.length]).replaceWith(row);
          }
          if (made < wanted) setTimeout(change);
          else done(0);
        };
        change();
      }),
    [CHANGES, SECONDS],
  );
  return (((await script()) - before) / SECONDS) * 100;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
