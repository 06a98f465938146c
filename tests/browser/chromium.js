/** How every test starts Chromium: the one that `find-chromium` has found, else Playwright's own. */
export const launch = {
  executablePath: process.env.CHROMIUM || undefined,
  args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-gpu"],
};
