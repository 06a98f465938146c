import { defineConfig } from "@playwright/test";
import { launch } from "./chromium.js";

const WEBKIT = "**/tests/browser/webkit/*.spec.js";

export default defineConfig({
  // WebKitGTK only by a command of its own, because few machines have it.
  testMatch: process.env.WEBKIT_DRIVER ? WEBKIT : "**/*.spec.js",
  testIgnore: process.env.WEBKIT_DRIVER ? [] : WEBKIT,
  outputDir: "output",
  fullyParallel: true,
  // One more than the cores of a small machine, because tests wait as much as they compute.
  workers: 3,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // Limits for a machine several times slower than usual; passing tests wait for none of them.
  timeout: 120_000,
  expect: { timeout: 25_000 },
  reporter: [["list"], ["./failures.js"]],
  // No trace: recording one patches the style sheets and globals under test.
  use: { launchOptions: launch, actionTimeout: 30_000, navigationTimeout: 60_000, screenshot: "only-on-failure" },
});
