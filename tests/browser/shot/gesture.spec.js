import { expect, test } from "./studio.js";

/** @typedef {any} Any */

test("requests the capture during the press, and reports a press that was too long ago", async ({
  page,
  panel,
  studio,
}) => {
  await studio.open();
  const { inPress, outcome } = await page.evaluate(async () => {
    const file = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/shot.js"));
    const { shoot } = await import(/** @type {Any} */ (file).name);
    let isPressed = true;
    let inPress = false;
    MediaDevices.prototype.getDisplayMedia = async () => {
      inPress = isPressed;
      throw new DOMException("needs a gesture", "InvalidAccessError");
    };
    const root = /** @type {ShadowRoot} */ (document.querySelector("deskbell-panel")?.shadowRoot);
    const shot = shoot({ root, dialog: root.querySelector("dialog"), wear: () => {}, words: {}, lang: "en" });
    isPressed = false;
    const outcome = await shot.then(
      () => "a picture",
      (/** @type {unknown} */ word) => word,
    );
    return { inPress, outcome };
  });
  expect({ inPress, outcome }).toEqual({ inPress: true, outcome: "again" });
  await expect(panel.dialog).toHaveCSS("opacity", "1");
});
