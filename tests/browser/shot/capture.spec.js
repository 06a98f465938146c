import { launch } from "../chromium.js";
import { expect, pixel, test } from "./studio.js";

// A screenshot of the page, captured by the browser, whose prompt is accepted automatically.

/** @typedef {any} Any */

test.use({ launchOptions: { ...launch, args: [...launch.args, "--auto-accept-this-tab-capture"] } });

/**
 * Records the stream that the page was given, to check it afterwards.
 * @param {import("@playwright/test").Page} page
 */
const recordStream = (page) =>
  page.evaluate(() => {
    const { getDisplayMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getDisplayMedia = async function (wishes) {
      return /** @type {Any} */ (window.stream = await getDisplayMedia.call(this, wishes));
    };
  });

for (const [position, viewport] of /** @type {const} */ ([
  ["beside it", { width: 1280, height: 720 }],
  ["on top of it", { width: 360, height: 640 }],
]))
  test(`captures the page without the panel ${position}, and shows the panel again`, async ({
    page,
    panel,
    studio,
  }) => {
    await page.setViewportSize(viewport);
    await studio.open();
    expect(await page.evaluate(() => /** @type {Any} */ (window).possible())).toBe(true);
    await page.keyboard.type("Half written");
    await recordStream(page);
    await page.evaluate(() => {
      /** @type {Any} */ (window).closes = 0;
      /** @type {Any} */ (window).deskbell("on", "close", () => /** @type {Any} */ (window).closes++);
    });
    // So bright that no picture with a trace of it passes.
    await panel.dialog.evaluate((dialog) => (dialog.style.background = "#f0f"));
    const panelBox = /** @type {{x: number, y: number, width: number, height: number}} */ (
      await panel.dialog.boundingBox()
    );
    await studio.begin();
    await studio.expectOpen();
    const live = await page.evaluate(() =>
      /** @type {Any} */ (window).stream.getTracks().map((/** @type {Any} */ track) => track.readyState),
    );
    expect(live).toEqual(["ended"]);
    await expect(panel.root.locator(".panel")).toHaveCSS("opacity", "1");
    await studio.use.click();

    const picture = await studio.picture();
    expect(picture).toMatchObject(viewport);
    const [red, green, blue] = pixel(
      picture,
      Math.round(panelBox.x + panelBox.width / 2),
      Math.round(panelBox.y + panelBox.height / 2),
    );
    expect([red < 16, Math.abs(green - 0x66) < 16, Math.abs(blue - 0x33) < 16]).toEqual([true, true, true]);
    let traces = 0;
    for (let offset = 0; offset < picture.pixels.length; offset += 4)
      if (
        picture.pixels[offset] - picture.pixels[offset + 1] > 60 &&
        picture.pixels[offset + 2] - picture.pixels[offset + 1] > 60
      )
        traces++;
    expect(traces).toBe(0);
    await expect(panel.box).toBeFocused();
    await expect(panel.box).toHaveValue("Half written");
    expect(await page.evaluate(() => /** @type {Any} */ (window).closes)).toBe(0);
  });

test("captures a page at rest although the browser has lost its first frames", async ({ page, studio }) => {
  await studio.open();
  await page.evaluate(() => {
    const { getDisplayMedia } = MediaDevices.prototype;
    const { MediaStreamTrackProcessor, MediaStreamTrackGenerator } = /** @type {Any} */ (window);
    MediaDevices.prototype.getDisplayMedia = async function (wishes) {
      const [track] = (await getDisplayMedia.call(this, wishes)).getVideoTracks();
      const generator = new MediaStreamTrackGenerator({ kind: "video" });
      const end = performance.now() + 1000;
      const late = new TransformStream({
        transform: (frame, controller) => (performance.now() < end ? frame.close() : controller.enqueue(frame)),
      });
      new MediaStreamTrackProcessor({ track }).readable
        .pipeThrough(late)
        .pipeTo(generator.writable)
        .catch(() => {});
      return new MediaStream([generator]);
    };
  });
  await studio.begin();
  await studio.expectOpen();
});
