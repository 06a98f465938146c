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
  // Limits for a machine that is several times slower than the usual one: what passes waits for none of them.
  timeout: 120_000,
  expect: { timeout: 25_000 },
  reporter: [["list"], ["./failures.js"]],
  // No trace: recording one patches the very style sheets and globals that are tested.
  use: { launchOptions: launch, actionTimeout: 30_000, navigationTimeout: 60_000, screenshot: "only-on-failure" },
});
