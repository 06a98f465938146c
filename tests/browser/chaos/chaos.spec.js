import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "../deskbell.js";
import { drafts } from "../drafts.js";
import { root } from "../gateway.js";
import { Panel } from "../panel.js";
import { Site } from "../site.js";
import { Proxy } from "./proxy.js";
import { pick, random } from "./random.js";

// Many tickets from several tabs through a faulty network, with tabs that crash and a customer who presses twice: in
// the end each ticket exists once, and each that was shown as sent exists. CHAOS is the number of tickets, SEED selects
// another plan.

/** @typedef {any} Any */
/** @typedef {{page: import("@playwright/test").Page, panel: Panel}} Tab */

const MANY = Number(process.env.CHAOS || 60);
const SEED = Number(process.env.SEED || 1);
const TABS = 3;
/** Longer than a request may take, and than any pause between two attempts. */
const A_WHILE_MS = 310_000;
const LIMITS = '[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\n[sites.demo]\norigins = ["*"]\n';

test("loses no ticket, creates none twice, and shows none as sent that does not exist", async ({
  context,
  gateway,
  trouble,
}) => {
  test.setTimeout(60_000 + MANY * 6_000);
  trouble.expect(/Failed to load resource|ERR_|CORS policy/);
  const chance = random(SEED);
  await gateway.stop();
  await gateway.start(LIMITS);
  const proxy = new Proxy(gateway.url, chance);
  await proxy.start();
  const site = new Site(path.join(root, "tests/browser/plain"), proxy.url, {});
  await site.start();

  /** @returns {Promise<Tab>} */
  const visit = async () => {
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(site.url);
    return { page, panel: new Panel(page) };
  };
  /** @type {Tab[]} */
  const tabs = [];
  for (let nth = 0; nth < TABS; nth++) tabs.push(await visit());
  /** The texts for which Send was pressed.  @type {string[]} */
  const texts = [];
  /** The references that were shown as sent. @type {Set<string>} */
  const receipts = new Set();

  for (let nth = 0; nth < MANY; nth++) {
    const index = Math.floor(chance() * TABS);
    const { page, panel } = /** @type {Tab} */ (tabs[index]);
    await page.bringToFront();
    await form(panel);
    // A draft left by a crash is sent first, as a customer would.
    const text = (await panel.box.inputValue()) || `${randomWords(chance)} ${nth}`;
    await panel.box.fill(text);
    await expect.poll(() => drafts(page), { intervals: [50] }).toContain(text);
    if (!texts.includes(text)) texts.push(text);
    const send = panel.button("Send");
    await (chance() < 0.2 ? send.dblclick() : send.click());
    const ending = pick(chance, ["wait", "wait", "again", "reload", "close", "crash", "offline", "pass"]);
    if (ending == "close" || ending == "crash") {
      if (ending == "crash") await crash(page);
      await page.close();
      tabs[index] = await visit();
      continue;
    }
    if (ending == "reload") {
      await page.reload();
      continue;
    }
    if (ending == "offline") {
      await context.setOffline(true);
      await waitForOutcome(page, panel);
      await context.setOffline(false);
    }
    if (ending == "pass") continue;
    await waitForOutcome(page, panel);
    if (ending == "again" && (await panel.button("Try again").count())) {
      // It may be sent automatically at that very moment.
      await panel
        .button("Try again")
        .first()
        .click({ timeout: 1000 })
        .catch(() => {});
      await page.clock.fastForward(A_WHILE_MS);
    }
    const reference = (await panel.reference.count()) && (await panel.reference.textContent());
    if (reference) receipts.add(/** @type {any} */ (reference.match(/DB-\w+/))[0]);
  }

  proxy.isFaulty = false;
  // Remaining drafts and the outbox are sent.
  for (const { page } of tabs.splice(0)) await page.close();
  const { page, panel } = await visit();
  for (;;) {
    await form(panel);
    // The draft on the device is restored a moment after the form is drawn.
    if ((await drafts(page)).length) await expect(panel.box).not.toHaveValue("");
    if (!(await panel.box.inputValue())) break;
    await panel.button("Send").click();
    await waitForOutcome(page, panel);
    await page.reload();
  }
  await expect(async () => {
    await page.clock.fastForward(A_WHILE_MS);
    expect(await page.evaluate(() => /** @type {Any} */ (window).deskbell("status"))).toMatchObject({ queued: 0 });
  }).toPass();

  const rows = await tickets(gateway.database);
  const messages = rows.map(({ message }) => message).sort();
  test.info().annotations.push({ type: "faults", description: JSON.stringify(proxy.counts) });
  expect(messages, "each ticket exists once").toEqual([...texts].sort());
  // The receipt may be that of another submission in the outbox, of this or another tab.
  const references = rows.map(({ reference }) => reference);
  for (const reference of receipts) expect(references, `${reference} was shown as sent`).toContain(reference);
  expect(receipts.size, "some receipts were shown").toBeGreaterThan(0);
  expect(Object.keys(proxy.counts).length, "most faults occurred").toBeGreaterThan(8);
  await site.stop();
  await proxy.stop();
});

/** Meaningless words, because similar tickets would be offered otherwise. @param {() => number} chance */
const randomWords = (chance) =>
  Array.from({ length: 4 }, () =>
    Array.from({ length: 7 }, () => pick(chance, [..."bcdfghjklmnpqrstvwxz"])).join(""),
  ).join(" ");

/** Goes to the form, wherever the last ticket has ended. @param {Panel} panel */
const form = async (panel) => {
  if (!(await panel.dialog.isVisible())) await panel.page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.root.locator(".foot button, [role=status]").first()).toBeAttached();
  await expect(async () => {
    if (await panel.button("Send").isVisible()) return;
    if (await panel.button("Done").isVisible()) await panel.button("Done").click({ timeout: 500 });
    if (!(await panel.dialog.isVisible())) await panel.page.getByRole("button", { name: "Open help" }).click();
    if (await panel.ticketButton.isVisible()) await panel.ticketButton.click({ timeout: 500 });
    else if (await panel.button("Back").isVisible()) await panel.button("Back").click({ timeout: 500 });
    await expect(panel.button("Send")).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(panel.box).toBeEditable();
};

/**
 * Waits until sending has an outcome, and advances the clock if necessary.
 * @param {import("@playwright/test").Page} page @param {Panel} panel
 */
const waitForOutcome = (page, panel) =>
  expect(async () => {
    if (await panel.button("Sending…").count()) await page.clock.fastForward(25_000);
    await expect(panel.reference.or(panel.root.locator(".waits, .notice")).first()).toBeVisible({ timeout: 300 });
  }).toPass();

/** Kills the renderer process, as when memory runs out. @param {import("@playwright/test").Page} page */
const crash = async (page) => {
  const crashEvent = page.waitForEvent("crash");
  const session = await page.context().newCDPSession(page);
  session.send("Page.crash").catch(() => {});
  await crashEvent;
};

/**
 * The tickets in the database, read by another program.
 * @param {string} file @returns {Promise<{reference: string, message: string}[]>}
 */
const tickets = async (file) => {
  const script = `
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT reference, json_extract(body, '$.message') FROM tickets JOIN ticket_bodies ON ticket = id")
print(json.dumps([{"reference": reference, "message": message} for reference, message in rows]))
`;
  const { stdout } = await promisify(execFile)("python3", ["-c", script, file]);
  return JSON.parse(stdout);
};
