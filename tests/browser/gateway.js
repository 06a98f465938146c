import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect } from "@playwright/test";
import { reservePort } from "./ports.js";

export const root = path.resolve(import.meta.dirname, "../..");
// DESKBELL and DIST name another program and another folder of built files, so that tests can run beside a build.
const program =
  process.env.DESKBELL || path.resolve(root, process.env.CARGO_TARGET_DIR || "target", "debug", "deskbell");
export const dist = process.env.DIST || path.join(root, "dist");

/** A real gateway with a database of its own. */
export class Gateway {
  #folder = "";
  #port = 0;
  #log = "";
  /** @type {string[]} */
  #options = [];
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The path of its database. */
  get database() {
    return path.join(this.#folder, "test.db");
  }

  get #database() {
    return `sqlite:${this.database}`;
  }

  /**
   * Starts it; after a stop it has the same address and database.
   * @param {string} [settings] configuration, which stays until other settings are given
   */
  async start(settings) {
    this.#folder ||= await mkdtemp(path.join(tmpdir(), "deskbell-"));
    this.#port ||= await reservePort();
    const file = path.join(this.#folder, "deskbell.toml");
    if (settings) await writeFile(file, settings);
    if (settings) this.#options = ["--config", file];
    const flags = ["--listen", `127.0.0.1:${this.#port}`, "--database", this.#database];
    const child = spawn(program, ["serve", "--demo", "--assets", dist, ...flags, ...this.#options], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    child.stderr.on("data", (text) => (this.#log += text));
    for await (const line of createInterface(child.stdout)) {
      const port = line.match(/ready at http:\/\/127\.0\.0\.1:(\d+)\//)?.[1];
      if (port && port !== String(this.#port)) throw new Error(`port ${this.#port} was taken by another`);
      if (port) {
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`the gateway did not start:\n${this.#log}`);
  }

  /** @param {NodeJS.Signals} signal SIGKILL for a crash */
  async stop(signal = "SIGTERM") {
    const child = this.#process;
    this.#process = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill(signal);
      await exit;
    }
  }

  /**
   * Imports questions besides those of the demo, and waits until a search for the query finds one of them.
   *
   * @param {({id: string, title: string} & Record<string, unknown>)[]} questions
   * @param {string} query
   */
  async import(questions, query) {
    const file = path.join(this.#folder, "questions.jsonl");
    await writeFile(file, questions.map((question) => JSON.stringify(question)).join("\n"));
    await promisify(execFile)(program, ["import", "--database", this.#database, "--site", "demo", file]);
    const isFound = async () => {
      const answer = await fetch(`${this.url}/v1/sites/demo/search?q=${encodeURIComponent(query)}`);
      const { hits } = /** @type {{hits: {id: string}[]}} */ (await answer.json());
      return hits.some((hit) => questions.some(({ id }) => id === hit.id));
    };
    await expect.poll(isFound, `the gateway sees what was imported`).toBe(true);
  }

  /** A static index of the demo's questions, as written by the command. */
  async index() {
    const out = path.join(this.#folder, "help-index.json");
    const questions = path.join(root, "crates/gateway/src/demo/questions.jsonl");
    await promisify(execFile)(program, ["index", "--out", out, questions]);
    return readFile(out);
  }

  get log() {
    return this.#log;
  }

  /** @returns {Promise<string>} its log, for the report of a failed test */
  async end() {
    await this.stop();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
    return this.#log;
  }
}
