import { expect } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Expects that axe finds no violation, in the open panel or in another part of the page. It runs in an isolated
 * world, where neither the page's policy nor its globals matter.
 *
 * @param {import("@playwright/test").Page} page
 * @param {string} [part] a CSS selector; includes shadow roots below it
 */
export async function expectAccessible(page, part = "deskbell-panel") {
  await expect(page.locator(part).first()).toBeAttached();
  const session = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await session.send("Page.getFrameTree");
    const world = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
    const run = async (/** @type {string} */ expression) => {
      const response = await session.send("Runtime.evaluate", {
        expression,
        contextId: world.executionContextId,
        awaitPromise: true,
        returnByValue: true,
      });
      if (response.exceptionDetails) throw new Error(response.exceptionDetails.exception?.description ?? "axe failed");
      return response.result.value;
    };
    await run(`${await axe};0`);
    /** @type {{rules: number, violations: string[]}} */
    const result = await run(`axe.run(${JSON.stringify(part)}).then(({ passes, violations }) => ({
      rules: passes.length,
      violations: violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => id + " (" + help + ") at " + target.flat().join(" > ") + ": " + failureSummary)),
    }))`);
    expect(result.rules, "axe saw something to check").toBeGreaterThan(0);
    expect(result.violations).toEqual([]);
  } finally {
    await session.detach();
  }
}
