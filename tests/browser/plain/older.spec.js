import { expect, test } from "../deskbell.js";

// Older browsers without recent features: the panel is plain there, and visible, accessible and usable.

/**
 * Removes what older browsers lack: they drop unknown rules of style sheets, and unknown names are undefined in scripts.
 */
const removeFeatures = () => {
  const replace = CSSStyleSheet.prototype.replaceSync;
  CSSStyleSheet.prototype.replaceSync = function (css) {
    replace.call(this, css.replaceAll("light-dark(", "not-known-here(").replaceAll(":popover-open", ":not-known-here"));
  };
  for (const name of ["role", ...Object.keys(Element.prototype).filter((name) => name.startsWith("aria"))])
    delete (/** @type {any} */ (Element.prototype)[name]);
  Object.assign(HTMLElement.prototype, { showPopover: undefined, hidePopover: undefined });
  delete (/** @type {any} */ (HTMLElement.prototype).popover);
};

/** The lightness of a computed colour: 0 is black, 1 is white. @param {string} color */
const lightness = (color) => {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
  expect(alpha, `${color} hides what is behind it`).toBe(1);
  return (red + green + blue) / 765;
};

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`shows a light, opaque and complete panel on a ${scheme} page`, async ({ host, page, panel, tickets }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.addInitScript(removeFeatures);
    await host({ fill: { head: '<meta name="color-scheme" content="light dark" />' } });
    await panel.open();
    await expect(panel.dialog).toBeVisible();
    const style = await panel.dialog.evaluate((dialog) => {
      const { backgroundColor, color, display, colorScheme } = getComputedStyle(dialog);
      return { backgroundColor, color, display, colorScheme };
    });
    expect(style).toMatchObject({ display: "flex", colorScheme: "light" });
    expect(lightness(style.backgroundColor)).toBeGreaterThan(0.9);
    expect(lightness(style.color)).toBeLessThan(0.3);
    const button = await panel.ticketButton.evaluate((button) => {
      const { backgroundColor, color } = getComputedStyle(button);
      return { backgroundColor, color };
    });
    expect(lightness(button.color) - lightness(button.backgroundColor)).toBeGreaterThan(0.3);

    // Names and roles, as a screen reader knows them.
    await expect(panel.root.getByRole("dialog", { name: "Help" })).toBeVisible();
    await expect(panel.root.getByRole("button", { name: "Close" })).toBeVisible();
    await expect(panel.root.getByRole("status")).toHaveCount(1);
    await panel.sendTicket("from an older browser");
    expect(await tickets()).toMatchObject([{ message: "from an older browser" }]);
  });
}
