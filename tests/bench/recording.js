// Measures what recording costs the host's page: `make bench`. CHROMIUM and DESKBELL name the programs.
//
// Without a package of its own, not every supported Node treats a file as a module, hence the imports inside.

const RUNS = 3;
const ROUNDS = 3;
const EVENTS = 10_000;
/** The fastest of so many parts counts, because what else runs on the machine only ever adds. */
const PARTS = 10;
/** Kinds whose own cost without Deskbell is high have fewer events. @type {Record<string, number>} */
const FEWER = {
  // Browsers refuse more in a burst.
  "history.replaceState": 100,
  "fetch that fails": 500,
};

/**
 * What pages do, repeated many times; runs in the page, whose console is silent: to print a text of 10 MB takes the
 * browser seconds, with or without Deskbell.
 */
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
  "console.error, a format with values": (times) => {
    for (let n = 0; n < times; n++) console.error("Row %d of table %s is invalid", n, "orders");
  },
  "console.error, 20,000 nested rows": (times) => {
    const row = (/** @type {number} */ id) => ({ id, name: `row ${id}`, tags: ["a", "b"], more: { deep: { id } } });
    const rows = { rows: Array.from({ length: 20_000 }, (_, id) => row(id)) };
    for (let n = 0; n < times; n++) console.error("state", rows);
  },
  "console.warn, 8 MB in a typed array": (times) => {
    const bytes = new Uint8Array(8_000_000);
    for (let n = 0; n < times; n++) console.warn(bytes);
  },
  "console.error, a text of 10 MB, put together": (times) => {
    const half = "x".repeat(5_000_000);
    for (let n = 0; n < times; n++) console.error(`${n}` + half + half);
  },
  "console.error, 50 texts of 50 kB": (times) => {
    const texts = Array.from({ length: 50 }, (_, n) => `${n}`.repeat(50_000));
    for (let n = 0; n < times; n++) console.error(...texts);
  },
  "rejection with an error of 50 frames": (times) => {
    Error.stackTraceLimit = 50;
    /** @param {number} depth @returns {Error} */
    const deep = (depth) => (depth ? deep(depth - 1) : new Error(`deep ${Math.random()}`));
    for (let n = 0; n < times; n++) {
      const promise = Promise.resolve();
      dispatchEvent(new PromiseRejectionEvent("unhandledrejection", { promise, reason: deep(60) }));
    }
    Error.stackTraceLimit = 10;
  },
  "history.replaceState": (times) => {
    for (let n = 0; n < times; n++) history.replaceState(null, "", `/view/${n}`);
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
    /** @type {Record<string, number[]>} bytes in use before, and after each round of the first run */
    const heaps = { without: [], with: [] };
    for (let run = 0; run <= RUNS; run++) {
      for (const [side, used] of Object.entries(heaps)) {
        const { page, close } = await open(browser, site.url, side === "with");
        const heap = await heapOf(page);
        if (run === 0) used.push(await heap());
        // The first run warms up: it counts for the memory and not for the time.
        for (let round = 0; round < (run === 0 ? ROUNDS : 1); round++) {
          for (const [kind, act] of Object.entries(KINDS)) {
            const count = FEWER[kind] ?? EVENTS;
            for (let part = 0; part < PARTS; part++) {
              const took = await page.evaluate(
                `(async () => { const from = performance.now(); await (${act})(${count / PARTS}); return performance.now() - from; })()`,
              );
              if (run > 0) times[kind]?.[side]?.push((took * 1000 * PARTS) / count);
            }
          }
          if (run === 0) used.push(await heap());
        }
        await close();
      }
    }
    console.log(`Recording ${EVENTS} events of most kinds: microseconds an event.`);
    console.log("They are good only beside each other, on one machine in one run.\n");
    console.log(row("", "without", "with", "more"));
    for (const [kind, { without = [], with: recorded = [] }] of Object.entries(times)) {
      const [bare, all] = [Math.min(...without), Math.min(...recorded)];
      console.log(row(kind, bare.toFixed(1), all.toFixed(1), (all - bare).toFixed(1)));
    }
    console.log(`\nMemory in use, in KiB: before, and after each of ${ROUNDS} times all of these.`);
    for (const [side, used] of Object.entries(heaps))
      console.log(row(side, ...used.map((bytes) => (bytes / 1024).toFixed(0))));
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
  await page.addInitScript(() => {
    console.error = console.warn = () => {};
  });
  if (!recorded)
    await page.route("**/deskbell.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
  await page.goto(url);
  if (recorded) await page.waitForFunction("window.deskbell.version");
  return { page, close: () => context.close() };
}

/** The bytes in use on a page's heap, after garbage collection. @param {import("playwright-core").Page} page */
async function heapOf(page) {
  const session = await page.context().newCDPSession(page);
  return async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return usedSize;
  };
}

/** @param {string[]} cells */
const row = (...cells) => cells.map((cell, column) => (column ? cell.padStart(10) : cell.padEnd(46))).join("");

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
