/** How every test starts Chromium: the one from `find-chromium`, or else Playwright's own. */
export const launch = {
  executablePath: process.env.CHROMIUM || undefined,
  args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-gpu"],
};
