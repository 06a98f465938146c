import { expect, test } from "../deskbell.js";

// A page on the gateway's origin, like the demo, or a host that serves the gateway itself.

test("sends the page's failed requests with the ticket, and none of Deskbell's", async ({
  page,
  gateway,
  panel,
  tickets,
  trouble,
}) => {
  trouble.expect(/status of 50\d/);
  await page.route("**/v1/sites/demo/search**", (route) => route.fulfill({ status: 503, body: "no" }));
  await page.goto(gateway.url);
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(page.getByText("Could not refresh")).toBeVisible();
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await page.getByRole("menuitem", { name: "Send a bug report" }).click();
  await expect(panel.severity).toBeVisible();
  const search = page.waitForResponse("**/search**");
  await panel.box.fill("It cannot be refreshed");
  await search;
  await panel.send();
  // Requests that failed until then are in the next ticket at the latest.
  await panel.button("Done").click();
  await page.getByRole("button", { name: "Help", exact: true }).click();
  await page.getByRole("menuitem", { name: "Send a bug report" }).click();
  await panel.box.fill("Another matter altogether");
  await panel.send();
  const stored = await tickets();
  expect(stored).toHaveLength(2);
  for (const { context } of stored)
    expect(context.requests).toMatchObject([{ method: "GET", url: `${gateway.url}/demo/fail`, status: 500 }]);
});
