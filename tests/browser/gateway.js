import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

export const root = path.resolve(import.meta.dirname, "../..");
const program = path.join(root, process.env.CARGO_TARGET_DIR || "target", "debug", "deskbell");

/** A real gateway, with a database of its own. */
export class Gateway {
  #folder = "";
  #port = 0;
  #log = "";
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it; again after a stop it has the same address and the same database. */
  async start() {
    this.#folder ||= await mkdtemp(path.join(tmpdir(), "deskbell-"));
    const place = ["--listen", `127.0.0.1:${this.#port}`, "--database", `sqlite:${path.join(this.#folder, "test.db")}`];
    const started = spawn(program, ["serve", "--demo", "--assets", path.join(root, "dist"), ...place], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = started;
    started.stderr.on("data", (text) => (this.#log += text));
    for await (const line of createInterface(started.stdout)) {
      const port = line.match(/ready at http:\/\/127\.0\.0\.1:(\d+)\//)?.[1];
      if (port && this.#port && port !== String(this.#port)) throw new Error(`port ${this.#port} was taken by another`);
      if (port) {
        this.#port = Number(port);
        started.stdout.resume();
        return;
      }
    }
    throw new Error(`the gateway did not start:\n${this.#log}`);
  }

  /** @param {NodeJS.Signals} signal SIGKILL for a crash */
  async stop(signal = "SIGTERM") {
    const running = this.#process;
    this.#process = undefined;
    if (running && running.exitCode === null && running.signalCode === null) {
      const ended = once(running, "exit");
      running.kill(signal);
      await ended;
    }
  }

  /** @returns {Promise<string>} what it logged, for the report of a test that failed */
  async end() {
    await this.stop();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
    return this.#log;
  }
}
