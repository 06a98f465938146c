import { readFileSync } from "node:fs";
import path from "node:path";
import { test as base, expect } from "../deskbell.js";
import { dist } from "../gateway.js";

export { expect };
export { expectAccessible } from "../deskbell.js";

/** @typedef {any} Any */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {{name: string, type: string, width: number, height: number, pixels: Buffer}} Picture decoded, four bytes a pixel */

// The minimal policy: all edits are tested under it.
const LEAST = [
  "default-src 'none'",
  "script-src 'nonce-host' {{gateway}} 'wasm-unsafe-eval'",
  "connect-src {{gateway}}",
  "style-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** The image editor on a page, with locators for what a customer sees. */
export class Studio {
  /** @param {import("@playwright/test").Page} page @param {import("../panel.js").Panel} panel @param {(options: object) => Promise<unknown>} host */
  constructor(page, panel, host) {
    this.page = page;
    this.panel = panel;
    this.host = host;
    this.editor = panel.root.locator("dialog.shot");
    this.canvas = this.editor.locator("canvas");
    this.status = this.editor.locator("[role=status]");
    this.hint = this.editor.locator("#shot-hint");
    this.use = this.editor.locator(".main");
    this.cancel = this.editor.getByRole("button", { name: "Cancel" });
    this.undo = this.editor.getByRole("button", { name: "Undo" });
  }

  /** Opens the panel on the page. @param {string} [lang] */
  async open(lang) {
    // The folders of earlier builds are there as well.
    const [folder] = readFileSync(path.join(dist, "deskbell.js"), "utf8").match(/deskbell-[0-9a-f]{16}/) ?? [];
    await this.host({ csp: LEAST, fill: { folder, ...(lang && { lang }) } });
    await this.page.locator("[data-deskbell-open]").click();
    await this.panel.ready();
  }

  /** Starts with a file or with a capture. @param {import("@playwright/test").JSHandle} [file] */
  async begin(file) {
    await this.page.evaluate((file) => {
      const { shoot } = /** @type {Any} */ (window);
      /** @type {Any} */ (window).shot = shoot(file ?? undefined).then(
        (/** @type {Any} */ file) => ({ file }),
        (/** @type {unknown} */ word) => ({ word }),
      );
    }, file ?? null);
  }

  /** Expects that the editor opens; fails with the reason if it does not. */
  async expectOpen() {
    /** @type {Promise<string>} */
    const failure = this.page.evaluate(async () => (await /** @type {Any} */ (window).shot).word ?? "declined");
    const opened = this.editor.waitFor().then(() => "open");
    expect(await Promise.race([opened, failure])).toBe("open");
  }

  /** @param {"Black out" | "Mark" | "Crop"} name */
  async tool(name) {
    await this.editor.getByRole("radio", { name }).check();
  }

  /**
   * The position of a part of the picture on the screen.
   * @param {Box} part @param {number} whole the width of the visible picture
   */
  async toScreen({ x, y, width, height }, whole) {
    const canvas = /** @type {Box} */ (await this.canvas.boundingBox());
    const scale = canvas.width / whole;
    return { x: canvas.x + x * scale, y: canvas.y + y * scale, width: width * scale, height: height * scale };
  }

  /** Drags over a part of the picture. @param {Box} part @param {number} whole the width of the visible picture */
  async drag(part, whole) {
    const { mouse } = this.page;
    const area = await this.toScreen(part, whole);
    await mouse.move(area.x, area.y);
    await mouse.down();
    await mouse.move(area.x + area.width / 2, area.y + area.height / 3);
    await mouse.move(area.x + area.width, area.y + area.height);
    await mouse.up();
  }

  /** The result: a picture, null, or the reason of the failure. @returns {Promise<Picture | string | null>} */
  async outcome() {
    const shot = await this.page.evaluate(async () => {
      const { file, word } = await /** @type {Any} */ (window).shot;
      return file ? { file: { name: file.name, type: file.type, ...(await decode(file)) } } : { word };

      /** @param {Blob} file */
      async function decode(file) {
        const picture = await createImageBitmap(file);
        const { width, height } = picture;
        const context = new OffscreenCanvas(width, height).getContext("2d");
        context?.drawImage(picture, 0, 0);
        const blob = new Blob([context?.getImageData(0, 0, width, height).data ?? ""]);
        const url = await new Promise((done) => {
          const reader = new FileReader();
          reader.onload = () => done(reader.result);
          reader.readAsDataURL(blob);
        });
        return { width, height, pixels: url.slice(url.indexOf(",") + 1) };
      }
    });
    if (!shot.file) return shot.word ?? null;
    return { ...shot.file, pixels: Buffer.from(shot.file.pixels, "base64") };
  }

  /** The resulting picture. */
  async picture() {
    const outcome = await this.outcome();
    expect(outcome, "the outcome is a picture").toHaveProperty("pixels");
    return /** @type {Picture} */ (outcome);
  }

  /**
   * A picture with a different colour in every pixel, a secret text, and empty last rows.
   * @param {number} width @param {number} height
   */
  async noise(width, height) {
    return this.page.evaluateHandle(async ([width, height]) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
      const noise = context.createImageData(width, height);
      for (let offset = 0; offset < noise.data.length - width * 40; offset += 4)
        noise.data.set([(offset * 7) % 253, (offset * 13) % 247, (offset >> 8) % 251, 255], offset);
      context.putImageData(noise, 0, 0);
      context.font = "20px sans-serif";
      context.fillText("hunter2", 60, 60);
      return new File([await canvas.convertToBlob()], "noise.png", { type: "image/png" });
    }, /** @type {const} */ ([width, height]));
  }

  /** The decoded noise without edits. @param {import("@playwright/test").JSHandle} file */
  async plain(file) {
    await this.page.evaluate((file) => /** @type {Any} */ (window.shot = Promise.resolve({ file })), file);
    return this.picture();
  }
}

/** A pixel. @param {Picture} picture @param {number} x @param {number} y */
export const pixel = ({ pixels, width }, x, y) => [...pixels.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];

/**
 * The smallest box around the differences between a picture and the part of the original at an offset.
 * @param {Picture} picture @param {Picture} original @param {{x: number, y: number}} [offset]
 */
export const changedBox = (picture, original, offset = { x: 0, y: 0 }) => {
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < picture.width; x++) {
      const [a, b] = [(y * picture.width + x) * 4, ((y + offset.y) * original.width + x + offset.x) * 4];
      if (picture.pixels.readUInt32LE(a) === original.pixels.readUInt32LE(b)) continue;
      [left, top, right, bottom] = [
        Math.min(left, x),
        Math.min(top, y),
        Math.max(right, x + 1),
        Math.max(bottom, y + 1),
      ];
    }
  return right ? { x: left, y: top, width: right - left, height: bottom - top } : null;
};

/** Whether every pixel of a part is black and opaque. @param {Picture} picture @param {Box} part */
export const isBlack = (picture, part) => {
  for (let y = part.y; y < part.y + part.height; y++)
    for (let x = part.x; x < part.x + part.width; x++)
      if (picture.pixels.readUInt32LE((y * picture.width + x) * 4) !== 0xff000000) return false;
  return true;
};

export const test = base.extend(
  /** @type {Any} */ ({
    /** @param {Any} fixtures @param {(studio: Studio) => Promise<void>} use */
    studio: async ({ page, panel, host }, use) => use(new Studio(page, panel, host)),
  }),
);
