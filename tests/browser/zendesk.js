import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { root } from "./gateway.js";

// ZENDESK names another program, so that tests can run beside a build.
const program =
  process.env.ZENDESK || path.resolve(root, process.env.CARGO_TARGET_DIR || "target", "debug", "examples", "zendesk");

/** A stand-in for Zendesk, with an account of its own (`tests/zendesk`). */
export class Zendesk {
  /** Its address, without a slash at the end. */
  url = "";
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;

  async start() {
    const child = spawn(program, [], { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    for await (const line of createInterface(child.stdout)) {
      const url = line.match(/stands in at (http:\/\/127\.0\.0\.1:\d+)/)?.[1];
      if (!url) continue;
      this.url = url;
      child.stdout.resume();
      return;
    }
    throw new Error("the stand-in for Zendesk did not start");
  }

  async stop() {
    const child = this.#process;
    this.#process = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill();
      await exit;
    }
  }

  /** Its state: tickets with all comments, users, a log of requests. @returns {Promise<any>} */
  state() {
    return this.control("state");
  }

  /** Changes its behaviour from here on. @param {Record<string, unknown>} quirks */
  quirks(quirks) {
    return this.control("quirks", quirks);
  }

  /**
   * Makes the next matching requests fail.
   * @param {{method?: string, path_prefix?: string, after?: number, times?: number, kind: unknown}[]} faults
   */
  faults(...faults) {
    return this.control("faults", faults);
  }

  /**
   * The same, in place of all earlier faults: no request in between gets through.
   * @param {Parameters<Zendesk["faults"]>} faults
   */
  faultsInstead(...faults) {
    return this.control("faults", faults, "PUT");
  }

  /** Changes the account. @param {Record<string, unknown>} change */
  account(change) {
    return this.control("account", change);
  }

  /** Moves its clock forward. @param {number} seconds */
  advance(seconds) {
    return this.control("clock", { advance_seconds: seconds });
  }

  /** The requests to a path, oldest first, without preflights. @param {string} start @returns {Promise<any[]>} */
  async requestsTo(start) {
    const { log } = await this.state();
    return log.filter((/** @type {any} */ request) => request.method !== "OPTIONS" && request.path.startsWith(start));
  }

  /**
   * Calls any other control of the stand-in.
   * @param {string} name @param {unknown} [body] @param {string} [method] if there is a body
   * @returns {Promise<any>}
   */
  async control(name, body, method = "POST") {
    const headers = { "content-type": "application/json" };
    const options = body === undefined ? {} : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/_control/${name}`, options);
    if (!response.ok) throw new Error(`the stand-in refuses ${name}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text && JSON.parse(text);
  }
}
