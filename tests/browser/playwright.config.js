import { defineConfig } from "@playwright/test";
import { launch } from "./chromium.js";

export default defineConfig({
  testMatch: "**/*.spec.js",
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
