import { expect, test } from "../deskbell.js";
import { STRICT } from "../policies.js";

// The minimal policy of a page: any violation and any error in the console fails these tests automatically.

test("searches, reads and sends without a violation", async ({ host, panel, tickets, page }) => {
  await host({ csp: STRICT });
  await panel.open();
  await panel.box.fill("change my plan pm_4021");
  await panel.hit("Payment provider did not confirm").click();
  await expect(panel.answers).toHaveCount(2);
  await panel.button("Still need help").click();
  await panel.kind("bug").check();
  await panel.severity.selectOption("high");
  const reference = await panel.send();
  await panel.button("Copy").click();
  await panel.button("Done").click();
  await expect(panel.dialog).toBeHidden();
  await page.getByRole("button", { name: "Open help" }).click();
  await expect(panel.box).toBeVisible();
  expect(await tickets()).toMatchObject([
    { reference, kind: "bug", severity: "high", context: { user: { id: "u-1" } } },
  ]);
});

test("styles the panel although the policy allows no styles", async ({ host, panel }) => {
  await host({ csp: STRICT });
  await panel.open();
  const style = await panel.dialog.evaluate((dialog) => {
    const { position, borderRadius, display } = getComputedStyle(dialog);
    return { position, display, round: borderRadius !== "0px" };
  });
  expect(style).toEqual({ position: "fixed", display: "flex", round: true });
  expect(await panel.root.evaluate((host) => host.shadowRoot?.querySelectorAll("style, [style]").length)).toBe(0);
});

test("the policy is enforced, and the test sees violations", async ({ host, page, trouble }) => {
  trouble.expect(/violation: (style-src|require-trusted-types-for)/);
  trouble.expect(/Content Security Policy|TrustedHTML/);
  await host({ csp: STRICT });
  await page.evaluate(() => document.body.setAttribute("style", "color: red"));
  const error = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<b>x</b>";
    } catch (error) {
      return String(error);
    }
  });
  expect(error).toContain("TrustedHTML");
  await expect.poll(() => trouble.lines.filter((line) => line.startsWith("violation: style-src"))).not.toEqual([]);
});
