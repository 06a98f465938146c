import { spawn } from "node:child_process";
import { once } from "node:events";
import { reservePort } from "../ports.js";

// WebKitGTK through the W3C's WebDriver protocol, which is plain HTTP, on a screen that nobody sees.

// For a machine several times slower than usual; passing tests do not wait for it.
const LIMIT_MS = 60_000;
const PAUSE_MS = 50;
/** The key under which the protocol sends a reference to an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** Errors of an element that moves, is covered, or was just drawn again. */
const PASSING = ["element not interactable", "element click intercepted", "stale element reference"];

/** @typedef {Record<typeof ELEMENT, string>} Reference */

/** Repeats something until it returns a value. @template T @param {() => Promise<T>} attempt @param {string} what */
const until = async (attempt, what) => {
  for (const end = Date.now() + LIMIT_MS; ;) {
    const value = await attempt();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${LIMIT_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
};

/**
 * Brings an element into view, because the driver scrolls the page but nothing in it, and waits until the element stays where it is,
 * because the driver presses where it was. Runs on the page.
 * @param {Element} element
 */
const settle = async (element) => {
  for (let last = ""; ;) {
    element.scrollIntoView({ block: "nearest" });
    const { x, y } = element.getBoundingClientRect();
    if (last === `${x} ${y}`) return;
    last = `${x} ${y}`;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

/** A failed command. */
class DriverError extends Error {
  /** @param {{error: string, message: string}} value of the response @param {string} command */
  constructor({ error, message }, command) {
    super(`${command}: ${error}: ${message}`);
    this.code = error;
  }
}

/** The driver and its screen. It has one session at a time. */
export class Driver {
  /** The version of WebKitGTK, once a tab was opened. */
  #version = "";
  #url = "";
  /** @type {import("node:child_process").ChildProcess[]} */
  #processes = [];

  async start() {
    // Xvfb chooses a free display, and writes its number to the descriptor.
    const screen = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    this.#processes.push(screen);
    const [display] = await once(/** @type {import("node:stream").Readable} */ (screen.stdio[3]), "data");
    const port = await reservePort();
    const env = { ...process.env, DISPLAY: `:${String(display).trim()}`, LANGUAGE: "en_US", GDK_BACKEND: "x11" };
    const driver = process.env.WEBKIT_DRIVER ?? "WebKitWebDriver";
    this.#processes.push(spawn(driver, [`--port=${port}`], { env, stdio: "ignore" }));
    this.#url = `http://127.0.0.1:${port}`;
    await until(() => this.call("GET", "/status").catch(() => null), "the driver");
  }

  async stop() {
    for (const child of this.#processes.reverse()) {
      const exit = once(child, "exit");
      if (child.kill()) await exit;
    }
  }

  /** @param {"GET" | "POST" | "DELETE"} method @param {string} path @param {object} [body] @returns {Promise<any>} */
  async call(method, path, body) {
    const response = await fetch(this.#url + path, { method, body: body && JSON.stringify(body) });
    const { value } = /** @type {any} */ (await response.json());
    if (!response.ok) throw new DriverError(value, `${method} ${path}`);
    return value;
  }

  /** A tab whose storage no other session shares. */
  async open() {
    const { sessionId, capabilities } = await this.call("POST", "/session", { capabilities: {} });
    if (!this.#version) console.log(`WebKitGTK ${(this.#version = capabilities.browserVersion)}`);
    return new Tab(this, `/session/${sessionId}`);
  }
}

/** A tab with the few commands that the stories need. */
export class Tab {
  #driver;
  #path;

  /** @param {Driver} driver @param {string} path */
  constructor(driver, path) {
    this.#driver = driver;
    this.#path = path;
  }

  /** @param {string} path @param {object} [body] */
  #post(path, body = {}) {
    return this.#driver.call("POST", this.#path + path, body);
  }

  close() {
    return this.#driver.call("DELETE", this.#path);
  }

  /** @param {string} url */
  goto(url) {
    return this.#post("/url", { url });
  }

  reload() {
    return this.#post("/refresh");
  }

  /** A picture of the page, as PNG. */
  async screenshot() {
    return Buffer.from(await this.#driver.call("GET", `${this.#path}/screenshot`), "base64");
  }

  /**
   * The result of a function of the page.
   * @template {any[]} A @template T @param {(...values: A) => T} script @param {A} values @returns {Promise<Awaited<T>>}
   */
  async evaluate(script, ...values) {
    const source = `
      const done = arguments[arguments.length - 1];
      Promise.resolve((${script})(...[...arguments].slice(0, -1)))
        .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = await this.#post("/execute/async", { script: source, args: values });
    if (error) throw new Error(error);
    return value;
  }

  /**
   * The elements that match, also in the panel's shadow.
   * @param {string} selector @param {string} [text] a part of their text
   * @returns {Promise<Reference[]>}
   */
  find(selector, text = "") {
    return this.#post("/execute/sync", {
      script: `
        const [selector, text] = arguments;
        const roots = [document, document.querySelector("deskbell-panel")?.shadowRoot ?? []].flat();
        return roots
          .flatMap((root) => [...root.querySelectorAll(selector)])
          .filter((element) => element.checkVisibility() && element.textContent.includes(text));`,
      args: [selector, text],
    });
  }

  /** @param {string} selector @param {string} [text] a part of its text */
  click(selector, text) {
    return this.#act(selector, text, (element) => this.#post(`/element/${element}/click`));
  }

  /** Replaces a field's text, key by key. @param {string} selector @param {string} text */
  fill(selector, text) {
    return this.#act(selector, "", async (element) => {
      await this.#post(`/element/${element}/clear`);
      await this.#post(`/element/${element}/value`, { text });
    });
  }

  /** @param {string} selector @param {string | undefined} text @param {(element: string) => Promise<unknown>} action */
  async #act(selector, text, action) {
    const what = `${selector} ${text ?? ""}`;
    await until(async () => {
      const [found] = await this.find(selector, text);
      if (!found) return false;
      try {
        await this.evaluate(settle, /** @type {any} */ (found));
        await action(found[ELEMENT]);
        return true;
      } catch (error) {
        if (error instanceof DriverError && PASSING.includes(error.code)) return false;
        throw error;
      }
    }, what);
  }
}
