// What recording costs the host's page, for a person to look at: `make bench`. CHROMIUM and DESKBELL name the programs.
//
// A file without a package of its own is no module to every Node that will do, hence the imports inside.

const RUNS = 3;
const EVENTS = 10_000;

/** Each does what a page does, many times over; they run in the page. */
const KINDS = /** @type {Record<string, (times: number) => unknown>} */ ({
  "click on a button": (times) => {
    const button = document.querySelector("#close-modal") ?? document.body;
    for (let n = 0; n < times; n++)
      button.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true, cancelable: true }));
  },
  "uncaught error, another each time": (times) => {
    for (let n = 0; n < times; n++) {
      const error = new Error(`broken ${n}`);
      dispatchEvent(new ErrorEvent("error", { message: error.message, error, filename: "/a.js", cancelable: true }));
    }
  },
  "console.error, the same again": (times) => {
    for (let n = 0; n < times; n++) console.error("the same", { again: true });
  },
  "history.pushState": (times) => {
    // More in a burst are refused by the browser.
    for (let n = 0; n < times / 100; n++) history.replaceState(null, "", `/view/${n}`);
  },
  "fetch that fails": async (times) => {
    for (let n = 0; n < times; n += 20)
      await Promise.all(Array.from({ length: 20 }, () => fetch("/gone.js").then((answer) => answer.text())));
  },
});

async function main() {
  const { chromium } = await import("../browser/node_modules/@playwright/test/index.mjs");
  const { launch } = await import("../browser/chromium.js");
  const { Gateway, root } = await import("../browser/gateway.js");
  const { Site } = await import("../browser/site.js");

  const gateway = new Gateway();
  await gateway.start();
  const site = new Site(`${root}/tests/browser/plain`, gateway.url, {});
  await site.start();
  const browser = await chromium.launch(launch);
  try {
    /** @type {Record<string, Record<string, number[]>>} microseconds an event: by kind, without and with */
    const times = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, { without: [], with: [] }]));
    /** @type {number[][]} bytes in use: before, after the events, after as many again */
    const heaps = [];
    for (let run = 0; run <= RUNS; run++) {
      for (const side of ["without", "with"]) {
        const { page, close } = await open(browser, site.url, side === "with");
        const heap = await heapOf(page);
        const used = [await heap()];
        for (const round of side === "with" ? [1, 2] : [1]) {
          for (const [kind, act] of Object.entries(KINDS)) {
            const count = kind === "history.pushState" ? EVENTS / 100 : EVENTS;
            const took = await page.evaluate(
              `(async () => { const from = performance.now(); await (${act})(${EVENTS}); return performance.now() - from; })()`,
            );
            // The first run warms up and does not count, and the second round is for the memory.
            if (run > 0 && round === 1) times[kind]?.[side]?.push((took * 1000) / count);
          }
          used.push(await heap());
        }
        if (run > 0 && side === "with") heaps.push(used);
        await close();
      }
    }
    console.log(`Recording ${EVENTS} events of each kind: microseconds an event, median of ${RUNS} runs.`);
    console.log("They are good only beside each other, on one machine in one run.\n");
    console.log(row("", "without", "with", "more"));
    for (const [kind, { without = [], with: recorded = [] }] of Object.entries(times)) {
      const [bare, all] = [median(without), median(recorded)];
      console.log(row(kind, bare.toFixed(1), all.toFixed(1), (all - bare).toFixed(1)));
    }
    const at = (/** @type {number} */ place) =>
      `${(median(heaps.map((used) => used[place] ?? 0)) / 1024).toFixed(0)} KiB`;
    console.log(
      `\nMemory in use with the recorder: ${at(0)}, after all of these ${at(1)}, after as many again ${at(2)}.`,
    );
  } finally {
    await browser.close();
    await site.stop();
    await gateway.end();
  }
}

/**
 * The page of the browser tests, with or without Deskbell on it.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 * @param {boolean} recorded
 */
async function open(browser, url, recorded) {
  const context = await browser.newContext();
  const page = await context.newPage();
  if (!recorded)
    await page.route("**/deskbell.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
  await page.goto(url);
  if (recorded) await page.waitForFunction("window.deskbell.version");
  return { page, close: () => context.close() };
}

/** Tells the bytes in use on a page's heap, without garbage. @param {import("playwright-core").Page} page */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  return async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return usedSize;
  };
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** @param {string[]} cells */
const row = (...cells) => cells.map((cell, column) => (column ? cell.padStart(10) : cell.padEnd(36))).join("");

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
