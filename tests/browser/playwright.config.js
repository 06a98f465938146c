import { defineConfig } from "@playwright/test";
import { launch } from "./chromium.js";

export default defineConfig({
  testMatch: "**/*.spec.js",
  outputDir: "output",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 30_000,
  reporter: "list",
  // No trace: recording one patches the very style sheets and globals that are tested.
  use: { launchOptions: launch, actionTimeout: 10_000, screenshot: "only-on-failure" },
});
