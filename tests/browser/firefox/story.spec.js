import { drafts } from "../drafts.js";
import { STRICT, WITHOUT_WASM } from "../policies.js";
import { expect, test } from "./firefox.js";

// What customers do in Firefox, from the first letter to the ticket in the inbox.

test("sends a ticket with the error after an answer that does not help", async ({
  expected,
  host,
  panel,
  tab,
  tickets,
}) => {
  expected.push(/broken 1/);
  await host("plain");
  await tab.locator("#break").click();
  await panel.open();
  await panel.search("export chart does nothing");
  await panel.click(`.hit ::-p-text(Export chart fails)`);
  await panel.shows(".answer", /Accepted answer/);
  await panel.press("Still need help");
  await panel.shows("#meaning", /./);
  expect(await panel.value("#box")).toBe("export chart does nothing");
  await panel.click("#bug");
  await panel.press("Send");
  const reference = await panel.received();
  const [ticket, ...others] = await tickets();
  expect(others).toEqual([]);
  expect(ticket).toMatchObject({
    reference,
    kind: "bug",
    message: "export chart does nothing",
    context: { user: { id: "u-1" }, errors: [{ message: "broken 1" }] },
  });
  expect(ticket.context.device.browser ?? JSON.stringify(ticket.context)).toContain("Firefox");
});

test("keeps a draft through a reload", async ({ host, panel, tab, tickets }) => {
  await host("plain");
  await panel.open();
  await panel.fill("#box", "Written before the reload");
  await expect.poll(() => drafts(/** @type {any} */ (tab))).toEqual(["Written before the reload"]);
  await tab.reload();
  await panel.open();
  await expect.poll(() => panel.value("#box")).toBe("Written before the reload");
  await panel.click(".foot button");
  await panel.press("Send");
  await panel.received();
  expect(await tickets()).toMatchObject([{ message: "Written before the reload" }]);
  await expect.poll(() => drafts(/** @type {any} */ (tab))).toEqual([]);
});

test("sends a ticket once from the next page if the gateway was down", async ({
  expected,
  gateway,
  host,
  panel,
  tab,
  tickets,
}) => {
  expected.push(/./);
  await host("plain");
  await panel.open();
  await panel.click(".foot button");
  await panel.fill("#box", "Written while nothing answers");
  await panel.shows("#add-file", "Add a file");
  await gateway.stop();
  await panel.press("Send");
  await panel.shows("h2", "Not sent yet");
  await gateway.start();
  await tab.reload();
  await expect.poll(async () => (await tickets()).length).toBe(1);
  expect(await tickets()).toMatchObject([{ message: "Written while nothing answers" }]);
  await expect
    .poll(() => tab.evaluate(async () => (await /** @type {any} */ (window).deskbell("status")).queued))
    .toBe(0);
  expect(await tickets()).toHaveLength(1);
});

test("sends with the plain form without WebAssembly", async ({ expected, host, panel, tickets }) => {
  expected.push(/wasm|WebAssembly/i);
  await host("nowasm", { csp: WITHOUT_WASM });
  await panel.open();
  await panel.fill("#box", "By the plain form");
  await panel.press("Send");
  const reference = await panel.received();
  expect(await tickets()).toMatchObject([
    { reference, message: "By the plain form", client: { name: "deskbell-plain" } },
  ]);
});

test("sends under the strictest policy", async ({ host, panel, tickets }) => {
  await host("strict", { csp: STRICT });
  await panel.open();
  await panel.search("change my plan pm_4021");
  await panel.click(`.hit ::-p-text(Payment provider did not confirm)`);
  await panel.shows(".answer", /./);
  await panel.press("Still need help");
  await panel.click("#bug");
  await panel.press("Send");
  const reference = await panel.received();
  expect(await tickets()).toMatchObject([{ reference, kind: "bug" }]);
});
