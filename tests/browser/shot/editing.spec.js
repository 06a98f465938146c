import { changedBox, expect, expectAccessible, isBlack, pixel, test } from "./studio.js";

// A customer's edits are in the file, pixel by pixel.

/** @typedef {any} Any */

const [WIDTH, HEIGHT] = [320, 200];
const SECRET = { x: 50.4, y: 40.3, width: 90.3, height: 30.5 };

for (const [size, viewport] of /** @type {const} */ ([
  ["in full size", { width: 1280, height: 720 }],
  ["scaled to fit", { width: 300, height: 600 }],
]))
  test(`blacks out exactly what was dragged over on a picture shown ${size}`, async ({ page, studio }) => {
    await page.setViewportSize(viewport);
    await studio.open();
    const file = await studio.noise(WIDTH, HEIGHT);
    await studio.begin(file);
    await studio.drag(SECRET, WIDTH);
    await expect(studio.status).toHaveText(/^Blacked out: \d+ × \d+ at \d+, \d+$/);
    await studio.use.click();
    const picture = await studio.picture();
    expect(picture).toMatchObject({ name: "screenshot.png", type: "image/png", width: WIDTH, height: HEIGHT });
    const black = changedBox(picture, await studio.plain(file));
    if (!black) throw new Error("nothing has changed");
    expect(isBlack(picture, black)).toBe(true);
    // Everything that the pointer went over, and only pixels that it touched.
    expect(black.x).toBeLessThanOrEqual(SECRET.x);
    expect(black.y).toBeLessThanOrEqual(SECRET.y);
    expect(black.x + black.width).toBeGreaterThanOrEqual(SECRET.x + SECRET.width);
    expect(black.y + black.height).toBeGreaterThanOrEqual(SECRET.y + SECRET.height);
    expect(black.width).toBeLessThanOrEqual(SECRET.width + 3);
    expect(black.height).toBeLessThanOrEqual(SECRET.height + 3);
  });

test("blacks out transparent pixels opaquely, and draws nothing beyond the edge", async ({ studio }) => {
  await studio.open();
  const file = await studio.noise(WIDTH, HEIGHT);
  await studio.begin(file);
  await studio.drag({ x: 250, y: HEIGHT - 30, width: 200, height: 80 }, WIDTH);
  await studio.use.click();
  const picture = await studio.picture();
  const plain = await studio.plain(file);
  expect(pixel(plain, 300, HEIGHT - 1)).toEqual([0, 0, 0, 0]);
  const part = { x: 250, y: HEIGHT - 30, width: WIDTH - 250, height: 30 };
  expect(changedBox(picture, plain)).toEqual(part);
  expect(isBlack(picture, part)).toBe(true);
});

test("a mark is a frame that leaves its inside unchanged", async ({ studio }) => {
  await studio.open();
  const file = await studio.noise(WIDTH, HEIGHT);
  await studio.begin(file);
  await studio.tool("Mark");
  await studio.drag({ x: 100, y: 60, width: 120, height: 50 }, WIDTH);
  await studio.use.click();
  const picture = await studio.picture();
  const plain = await studio.plain(file);
  expect(pixel(picture, 100, 80)).toEqual([224, 0, 45, 255]);
  expect(pixel(picture, 160, 110)).toEqual([224, 0, 45, 255]);
  const around = changedBox(picture, plain);
  expect(around?.x).toBeGreaterThan(95);
  expect(around?.width).toBeLessThan(130);
  for (const [x, y] of [
    [160, 85],
    [106, 66],
    [214, 104],
  ])
    expect(pixel(picture, Number(x), Number(y))).toEqual(pixel(plain, Number(x), Number(y)));
});

test("crops to whole pixels, and draws later edits where they were made", async ({ studio }) => {
  await studio.open();
  const file = await studio.noise(WIDTH, HEIGHT);
  await studio.begin(file);
  await studio.tool("Crop");
  await studio.drag({ x: 40, y: 20, width: 200, height: 100 }, WIDTH);
  await expect(studio.status).toHaveText("Cropped: 200 × 100 at 40, 20");
  await studio.tool("Black out");
  await studio.drag({ x: 10, y: 10, width: 30, height: 20 }, 200);
  await studio.tool("Crop");
  await studio.drag({ x: 5, y: 0, width: 195, height: 80 }, 200);
  await studio.use.click();
  const picture = await studio.picture();
  expect(picture).toMatchObject({ width: 195, height: 80 });
  const black = { x: 5, y: 10, width: 30, height: 20 };
  expect(changedBox(picture, await studio.plain(file), { x: 45, y: 20 })).toEqual(black);
  expect(isBlack(picture, black)).toBe(true);
});

test("undoes every step until the picture is unchanged", async ({ studio }) => {
  await studio.open();
  const file = await studio.noise(WIDTH, HEIGHT);
  await studio.begin(file);
  await studio.drag(SECRET, WIDTH);
  await studio.tool("Mark");
  await studio.drag({ x: 150, y: 60, width: 100, height: 50 }, WIDTH);
  await studio.tool("Crop");
  await studio.drag({ x: 40, y: 20, width: 200, height: 100 }, WIDTH);
  await studio.undo.click();
  await expect(studio.status).toHaveText("Undone: Cropped: 200 × 100 at 40, 20");
  await studio.undo.click();
  await expect(studio.status).toHaveText(/^Undone: Marked/);
  await studio.undo.click();
  await expect(studio.status).toHaveText(/^Undone: Blacked out/);
  await studio.undo.click();
  await expect(studio.status).toHaveText("Nothing to undo.");
  await studio.use.click();
  expect(changedBox(await studio.picture(), await studio.plain(file))).toBeNull();
});

test("the keyboard alone blacks out, marks, crops, undoes and finishes", async ({ page, panel, studio }) => {
  await studio.open();
  await page.keyboard.type("Half written");
  const file = await studio.noise(WIDTH, HEIGHT);
  await studio.begin(file);
  await expect(studio.editor.getByRole("radio", { name: "Black out" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(studio.canvas).toBeFocused();
  const keys = async (/** @type {string[]} */ ...names) => {
    for (const name of names) await page.keyboard.press(name);
  };
  const tool = (/** @type {string} */ arrow) => keys("Shift+Tab", arrow, "Tab");

  await expect(studio.canvas).toHaveAccessibleDescription(/arrow keys move the frame, .* Enter applies it/);
  await keys("ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown");
  await expect(studio.status).toHaveText("82 × 54 at 118, 73");
  await expect(studio.canvas).toHaveAccessibleDescription(/^82 × 54 at 118, 73 /);
  await keys("Enter");
  await expect(studio.status).toHaveText("Blacked out: 82 × 54 at 118, 73");
  await tool("ArrowRight");
  await keys("ArrowRight", "Enter");
  await expect(studio.status).toHaveText("Marked: 82 × 54 at 120, 73");
  await keys("Control+z");
  await expect(studio.status).toHaveText("Undone: Marked: 82 × 54 at 120, 73");
  await tool("ArrowRight");
  await keys("Shift+ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowUp", "Enter");
  await expect(studio.status).toHaveText("Cropped: 84 × 54 at 114, 71");
  await keys("Tab");
  await expect(studio.use).toBeFocused();
  await keys("Enter");

  const picture = await studio.picture();
  expect(picture).toMatchObject({ width: 84, height: 54 });
  const black = { x: 4, y: 2, width: 80, height: 52 };
  expect(changedBox(picture, await studio.plain(file), { x: 114, y: 71 })).toEqual(black);
  expect(isBlack(picture, black)).toBe(true);
  await expect(studio.editor).toHaveCount(0);
  await expect(panel.box).toBeFocused();
  await expect(panel.box).toHaveValue("Half written");
});

test("shows a frame that is moved by keys, and keeps it on the picture", async ({ page, studio }) => {
  await studio.open();
  await studio.begin(await studio.noise(WIDTH, HEIGHT));
  const bare = await studio.canvas.screenshot();
  await page.keyboard.press("Tab");
  await page.keyboard.down("ArrowLeft");
  expect((await studio.canvas.screenshot()).equals(bare)).toBe(false);
  // A held key moves faster.
  for (let presses = 0; presses < 40; presses++) await page.keyboard.down("ArrowLeft");
  await page.keyboard.up("ArrowLeft");
  await expect(studio.status).toHaveText("80 × 50 at 0, 75");
  await page.keyboard.down("Shift");
  for (let presses = 0; presses < 60; presses++) await page.keyboard.down("ArrowRight");
  await expect(studio.status).toHaveText("320 × 50 at 0, 75");
});

test.describe("by touch", () => {
  test.use({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });

  test("draws with one finger and ignores a second", async ({ page, studio }) => {
    await studio.open();
    const file = await studio.noise(WIDTH, HEIGHT);
    await studio.begin(file);
    await expect(studio.hint).toContainText("Drag over the picture.");
    await expect(studio.editor.locator(".keys")).toBeHidden();
    for (const target of await studio.editor.locator("button, .choice").all())
      expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44);

    const area = await studio.toScreen({ x: 60, y: 40, width: 100, height: 60 }, WIDTH);
    const session = await page.context().newCDPSession(page);
    const touch = (/** @type {Any} */ type, /** @type {[number, number][]} */ ...points) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    await touch("touchStart", [area.x, area.y]);
    await touch("touchMove", [area.x + 20, area.y + 30]);
    await touch("touchStart", [area.x + 20, area.y + 30], [area.x + 90, area.y + 90]);
    await touch("touchMove", [area.x + area.width, area.y + area.height], [area.x + 10, area.y + 95]);
    await touch("touchEnd");
    await expect(studio.status).toHaveText(/^Blacked out/);
    await studio.use.tap();
    const picture = await studio.picture();
    const black = changedBox(picture, await studio.plain(file));
    if (!black) throw new Error("nothing has changed");
    expect(isBlack(picture, black)).toBe(true);
    for (const [edge, drawn] of [
      [black.x, 60],
      [black.y, 40],
      [black.x + black.width, 160],
      [black.y + black.height, 100],
    ])
      expect(Math.abs(Number(edge) - Number(drawn))).toBeLessThanOrEqual(2);
  });
});

test("Escape cancels the drawing, then the editor, and keeps the text and the panel", async ({
  page,
  panel,
  studio,
}) => {
  await studio.open();
  await page.keyboard.type("Half written");
  await studio.begin(await studio.noise(WIDTH, HEIGHT));
  const area = await studio.toScreen({ x: 50, y: 50, width: 100, height: 50 }, WIDTH);
  await page.mouse.move(area.x, area.y);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width, area.y + area.height);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  await studio.expectOpen();
  await expect(studio.status).toHaveText("");
  await page.keyboard.press("Escape");
  await expect(studio.editor).toHaveCount(0);
  expect(await studio.outcome()).toBeNull();
  await expect(panel.dialog).toBeVisible();
  await expect(panel.box).toBeFocused();
  await expect(panel.box).toHaveValue("Half written");
});

test("yields no picture if the customer cancels or the page closes the panel", async ({ page, panel, studio }) => {
  await studio.open();
  const file = await studio.noise(WIDTH, HEIGHT);
  await studio.begin(file);
  await studio.cancel.click();
  expect(await studio.outcome()).toBeNull();
  await studio.begin(file);
  await studio.expectOpen();
  await page.evaluate(() => /** @type {Any} */ (window).deskbell("close"));
  expect(await studio.outcome()).toBeNull();
  await expect(studio.editor).toHaveCount(0);
  await expect(panel.dialog).toBeHidden();
});

test("scales down a picture that is too large, and edits it", async ({ page, studio }) => {
  test.slow();
  await studio.open();
  for (const [width, height, size] of /** @type {const} */ ([
    [9000, 900, [8192, 819]],
    [4200, 4300, [4048, 4144]],
  ])) {
    const white = await page.evaluateHandle(async ([width, height]) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
      context.fillStyle = "#fff";
      context.fillRect(0, 0, width, height);
      return canvas.convertToBlob();
    }, /** @type {const} */ ([width, height]));
    await studio.begin(white);
    await studio.drag({ x: 0, y: 0, width: width / 2, height: height / 2 }, width);
    await studio.use.click();
    const result = await page.evaluate(async () => {
      const { file } = await /** @type {Any} */ (window).shot;
      const picture = await createImageBitmap(file);
      const pixel = (/** @type {number} */ x, /** @type {number} */ y) => {
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d"));
        context.drawImage(picture, -x, -y);
        return [...context.getImageData(0, 0, 1, 1).data];
      };
      const { width, height } = picture;
      return { size: [width, height], black: pixel(width / 4, height / 4), white: pixel(width - 9, height - 9) };
    });
    expect(result).toEqual({ size, black: [0, 0, 0, 255], white: [255, 255, 255, 255] });
  }
});

test("reports a file that is no picture as unreadable", async ({ page, studio }) => {
  await studio.open();
  for (const [bytes, type] of [
    ["", "image/png"],
    ["<svg onload='x'/>", "image/svg+xml"],
    ["\x89PNG\r\n\x1a\nbroken", "image/png"],
  ]) {
    await studio.begin(
      await page.evaluateHandle(([bytes, type]) => new File([String(bytes)], "x", { type }), [bytes, type]),
    );
    expect(await studio.outcome()).toBe("unreadable");
    await expect(studio.editor).toHaveCount(0);
  }
});

for (const [lang, colorScheme, viewport] of /** @type {const} */ ([
  ["en", "light", { width: 1440, height: 900 }],
  ["de", "light", { width: 360, height: 640 }],
  ["de", "dark", { width: 1440, height: 900 }],
  ["ar", "dark", { width: 360, height: 640 }],
]))
  test(`the editor is accessible: ${lang}, ${colorScheme}, ${viewport.width} pixels`, async ({ page, studio }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await studio.open(lang);
    await studio.begin(await studio.noise(WIDTH, HEIGHT));
    await studio.drag(SECRET, WIDTH);
    await expectAccessible(page);
    await expect(studio.editor).toHaveCSS("direction", lang === "ar" ? "rtl" : "ltr");
    const fits = await studio.editor.evaluate((editor) => {
      const isInside = [...editor.querySelectorAll("button, .choice, canvas")].every((part) => {
        const { left, right, top, bottom } = part.getBoundingClientRect();
        return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
      });
      return isInside && editor.scrollWidth <= editor.clientWidth;
    });
    expect(fits).toBe(true);
    const root = /** @type {Any} */ (page).locator("deskbell-panel");
    expect(
      await root.evaluate((/** @type {Element} */ host) => host.shadowRoot?.querySelectorAll("style, [style]").length),
    ).toBe(0);
  });
