// Runs a WebAssembly test in the Chromium of the browser tests. The runner itself would need a chromedriver of exactly
// the same version, which not every system has.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { chromium } from "@playwright/test";
import { launch } from "./chromium.js";

const LONGEST = 120_000;
/** The module from which a program that is not cut into chunks imports their functions. No test calls them. */
const CHUNKS = "__wasm_split_placeholder__";

const runner = spawn("wasm-bindgen-test-runner", process.argv.slice(2), {
  env: { ...process.env, NO_HEADLESS: "1", WASM_BINDGEN_TEST_ADDRESS: "127.0.0.1:0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const exit = once(runner, "exit");

for await (const line of createInterface(runner.stdout)) {
  const address = line.match(/available at (http:\S+)/)?.[1];
  if (address) {
    process.exitCode = (await passes(address)) ? 0 : 1;
    runner.kill();
  } else if (!address && process.exitCode === undefined) {
    console.log(line);
  }
}
const [code] = await exit;
process.exitCode ??= code ?? 1;

/** @param {string} address of the page that the runner serves and that tests itself */
async function passes(address) {
  const browser = await chromium.launch(launch);
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error));
    const imports = { [CHUNKS]: `data:text/javascript,${encodeURIComponent(await functionsOfChunks())}` };
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
    await page.route(
      ({ pathname }) => pathname == "/",
      async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: (await response.text()).replace("<script", `${map}<script`) });
      },
    );
    await page.goto(address);
    const output = page.locator("#output", { hasText: /test result: / });
    await output.waitFor({ timeout: LONGEST }).catch(() => console.error(`no result after ${LONGEST / 1000} s`));
    const text = (await page.locator("#output").textContent()) ?? "";
    console.log(text);
    return text.includes("test result: ok");
  } finally {
    await browser.close();
  }
}

/** A script with the functions that the program imports from its chunks. */
async function functionsOfChunks() {
  const program = new WebAssembly.Module(await readFile(process.argv[2] ?? ""));
  const names = WebAssembly.Module.imports(program).flatMap(({ module, name }) => (module == CHUNKS ? [name] : []));
  return names.map((name) => `export const ${name} = () => { throw new Error("no test links a chunk"); };`).join("\n");
}
