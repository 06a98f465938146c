// Measures how long the panel takes to open on the demo: `make bench`. CHROMIUM and DESKBELL name the programs.
//
// Without a package of its own, not every supported Node treats a file as a module, hence the imports inside.

const RUNS = 10;

const SLOW = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 1.6e6 / 8 };

/** @type {{name: string, cpu: number, network?: typeof SLOW}[]} */
const PROFILES = [
  { name: "1x CPU", cpu: 1 },
  { name: "4x CPU", cpu: 4 },
  { name: "4x CPU, 1.6 Mbps, 150 ms", cpu: 4, network: SLOW },
];

/** Whether the widget was fetched before the click, because the pointer or the focus came near. */
const INTENTS = [
  { name: "nothing fetched before", intent: false },
  { name: "fetched on intent", intent: true },
];

/** @typedef {{box: number, whole: number}} Times milliseconds from the click to just after the frame that shows it */

async function main() {
  const { chromium } = await import("../browser/node_modules/@playwright/test/index.mjs");
  const { launch } = await import("../browser/chromium.js");
  const { Gateway } = await import("../browser/gateway.js");

  const gateway = new Gateway();
  await gateway.start();
  const browser = await chromium.launch(launch);
  try {
    console.log(`Opening the demo's help: milliseconds, median (least-most) of ${RUNS} runs, nothing in the cache.`);
    console.log("They are good only beside each other, on one machine in one run.\n");
    const cases = PROFILES.flatMap((profile) => INTENTS.map((intent) => ({ profile, intent })));
    /** @type {Times[][]} */
    const times = cases.map(() => []);
    // The first run warms up the browser and the gateway and is not counted. Each round goes through all cases, so
    // that other load on the machine affects all of them.
    for (let run = 0; run <= RUNS; run++) {
      for (const [number, { profile, intent }] of cases.entries()) {
        const time = await open(browser, gateway.url, profile, intent.intent);
        if (run > 0) times[number]?.push(time);
      }
    }
    console.log(row("", "", "box takes typing", "whole widget"));
    for (const [number, { profile, intent }] of cases.entries()) {
      const of = times[number] ?? [];
      const box = spread(of.map((time) => time.box));
      console.log(row(profile.name, intent.name, box, spread(of.map((time) => time.whole))));
    }
  } finally {
    await browser.close();
    await gateway.end();
  }
}

/**
 * Opens the panel once, in a context of its own and so with an empty cache.
 *
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 * @param {typeof PROFILES[number]} profile
 * @param {boolean} intent
 * @returns {Promise<Times>}
 */
async function open(browser, url, { cpu, network }, intent) {
  const context = await browser.newContext();
  try {
    await context.addInitScript(watch, intent);
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: cpu });
    if (network) {
      await session.send("Network.enable");
      await session.send("Network.emulateNetworkConditions", network);
    }
    await page.goto(url, { waitUntil: "networkidle" });
    // The menu moves the focus to the entry, which is the intent.
    await page.getByRole("button", { name: "Help", exact: true }).click();
    if (intent) await page.evaluate("bench.fetched");
    await page.locator("[data-deskbell-open]").click();
    return await page.evaluate("bench.opened");
  } finally {
    await context.close();
  }
}

/**
 * Runs in the page before its own scripts. It looks once a frame, while the frame is made, and takes the time when that frame
 * has been painted.
 *
 * @param {boolean} intent
 */
function watch(intent) {
  const root = () => document.querySelector("deskbell-panel")?.shadowRoot;
  const foot = () => root()?.querySelector(".foot");
  const boxTakesTyping = () => {
    const box = root()?.activeElement;
    if (box?.id !== "box") return false;
    const { x, y, width, height } = box.getBoundingClientRect();
    return root()?.elementFromPoint(x + width / 2, y + height / 2) === box;
  };
  const frame = () =>
    new Promise((painted) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => painted(performance.now());
        port2.postMessage(0);
      });
    });
  /** @param {() => unknown} holds */
  const first = async (holds) => {
    for (;;) {
      let held = false;
      requestAnimationFrame(() => (held = Boolean(holds())));
      const time = await frame();
      if (held) return time;
    }
  };

  let clicked = false;
  if (!intent)
    for (const type of ["pointerover", "touchstart", "focusin"])
      addEventListener(type, (event) => clicked || event.stopImmediatePropagation(), true);

  const opened = new Promise((done) => {
    const press = (/** @type {Event} */ event) => {
      const entry = /** @type {Element} */ (event.target).closest("[data-deskbell-open]");
      if (!entry) return;
      clicked = true;
      const start = event.timeStamp;
      const box = first(boxTakesTyping);
      const whole = first(() => foot()?.checkVisibility());
      Promise.all([box, whole]).then(([box, whole]) => done({ box: box - start, whole: whole - start }));
    };
    addEventListener("click", press, true);
  });
  Object.assign(window, { bench: { fetched: intent && first(foot), opened } });
}

/** @param {number[]} numbers */
function spread(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2;
  return `${middle.toFixed(0)} (${sorted.at(0)?.toFixed(0)}-${sorted.at(-1)?.toFixed(0)})`;
}

/** @param {string[]} cells */
function row(...cells) {
  return cells
    .map((cell, column) => cell.padEnd([28, 26, 22, 0][column] ?? 0))
    .join("")
    .trimEnd();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
