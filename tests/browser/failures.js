// Prints at the end why each test failed, because the errors are far above in a long log.

const LINES_MAX = 12;
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** @implements {import("@playwright/test/reporter").Reporter} */
export default class Failures {
  /** @type {string[]} */
  failures = [];

  /** @param {import("@playwright/test/reporter").TestCase} test @param {import("@playwright/test/reporter").TestResult} result */
  onTestEnd(test, result) {
    if (result.status == test.expectedStatus || result.status == "skipped") return;
    const reason = (result.error?.message ?? result.status).replaceAll(COLOURS, "").split("\n").slice(0, LINES_MAX);
    this.failures.push(`${test.titlePath().filter(Boolean).join(" › ")}\n  ${reason.join("\n  ")}`);
  }

  onExit() {
    for (const failure of this.failures) console.log(`FAILED ${failure}\n`);
  }
}
