import { expect, test } from "../deskbell.js";

// The counters on the page's own triggers: `data-deskbell-queued` and `data-deskbell-unread`.

/** @typedef {any} Any */

test("marks triggers that are added later, searches only added nodes, and none once nothing is unsent", async ({
  host,
  page,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/ERR_FAILED|Failed to load/);
  const url = "**/v1/sites/demo/tickets";
  let attempts = 0;
  await page.route(url, (route) => {
    if (route.request().method() != "POST") return route.continue();
    attempts++;
    return route.abort();
  });
  await host();
  await panel.open();
  await panel.toTicket();
  await panel.box.fill("It cannot be sent yet");
  await panel.button("Send").click();
  const help = page.getByRole("button", { name: "Open help" });
  await expect(help).toHaveAttribute("data-deskbell-queued", "1");
  await page.keyboard.press("Escape");

  const documentQueries = () => page.evaluate(() => /** @type {Any} */ (window).documentQueries);
  await page.evaluate(() => {
    const win = /** @type {Any} */ (window);
    win.documentQueries = 0;
    const { querySelectorAll } = Document.prototype;
    Document.prototype.querySelectorAll = function (/** @type {string} */ selector) {
      if (selector.includes("data-deskbell-open")) win.documentQueries++;
      return querySelectorAll.call(this, selector);
    };
  });
  const marks = await page.evaluate(async () => {
    const view = document.body.appendChild(document.createElement("section"));
    for (let n = 0; n < 50; n++) {
      const row = document.createElement("p");
      row.textContent = `row ${n}`;
      view.append(row);
      await null;
    }
    const form = document.createElement("form");
    form.innerHTML = `<input name="matches"><input name="querySelectorAll"><a data-deskbell-open id="deep">Help</a>`;
    view.append(form);
    const button = Object.assign(document.createElement("button"), { id: "direct" });
    button.setAttribute("data-deskbell-open", "");
    view.append(button);
    await null;
    return ["deep", "direct"].map((id) => document.getElementById(id)?.getAttribute("data-deskbell-queued"));
  });
  expect(marks).toEqual(["1", "1"]);
  // Another attempt changes the outbox, but not the number of submissions in it.
  const before = attempts;
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect.poll(() => attempts).toBeGreaterThan(before);
  expect(await documentQueries()).toBe(0);

  await help.click();
  await expect(panel.title).toHaveText("Not sent yet");
  await page.unroute(url);
  await panel.again();
  await expect.poll(tickets).toHaveLength(1);
  for (const entry of [help, page.locator("#deep"), page.locator("#direct")])
    await expect(entry).not.toHaveAttribute("data-deskbell-queued");
  const matchCalls = await page.evaluate(async () => {
    const { matches } = Element.prototype;
    let calls = 0;
    Element.prototype.matches = function (/** @type {string} */ selector) {
      if (selector.includes("data-deskbell-open")) calls++;
      return matches.call(this, selector);
    };
    document.body.append(document.createElement("p"));
    await null;
    Element.prototype.matches = matches;
    return calls;
  });
  expect(matchCalls).toBe(0);
});
