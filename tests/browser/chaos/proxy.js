import { once } from "node:events";
import http from "node:http";
import { pick } from "./random.js";

/**
 * Faults of a request with a body:
 * - `pass`: none.
 * - `cut`: the connection ends before the gateway gets the request.
 * - `lost`: the gateway responds, but the response is lost.
 * - `held`: the gateway responds, but the response never ends.
 * - `late`: the gateway gets the request only after a while.
 * - `twice`: the gateway gets the request twice.
 * - `torn`: half of the response arrives.
 * - `empty`, `page`: the gateway gets the request, but something in between responds with success and an empty body, or a page.
 * - `refused`: something in between refuses with HTML; `broken`: 500, `away`: 502 and 503, with or without the gateway; `busy`: 429.
 */
export const FAULTS = /** @type {const} */ ([
  ...["cut", "lost", "held", "late", "twice", "torn"],
  ...["empty", "page", "refused", "broken", "away", "busy"],
]);

const CORS = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" };

/** A proxy between the pages and a gateway that applies faults by a seeded plan. */
export class Proxy {
  url = "";
  /** Whether faults are applied. */
  isFaulty = true;
  /** How often each fault was applied. @type {Record<string, number>} */
  counts = {};
  #server;
  #target;
  #chance;

  /** @param {string} gateway @param {() => number} chance */
  constructor(gateway, chance) {
    this.#target = new URL(gateway);
    this.#chance = chance;
    this.#server = http.createServer(async (request, response) => {
      const chunks = [];
      try {
        for await (const chunk of request) chunks.push(chunk);
      } catch {
        return;
      }
      const body = Buffer.concat(chunks);
      const isSubmission = request.method == "POST" && /\/(tickets|messages)$/.test(request.url ?? "");
      const isUpload = request.method == "PUT";
      const fault =
        this.isFaulty && (isSubmission || isUpload) && this.#chance() < 0.6 ? pick(this.#chance, FAULTS) : "pass";
      if (isSubmission || isUpload) this.counts[fault] = (this.counts[fault] ?? 0) + 1;
      await this.#answer(fault, request, body, response).catch(() => response.destroy());
    });
  }

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
    this.url = `http://127.0.0.1:${port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /**
   * @param {typeof FAULTS[number] | "pass"} fault @param {http.IncomingMessage} request @param {Buffer} body
   * @param {http.ServerResponse} response
   */
  async #answer(fault, request, body, response) {
    const forward = () => this.#forward(request, body);
    /** @param {number} status @param {string} text @param {Record<string, string>} [headers] */
    const respond = (status, text, headers = {}) =>
      response.writeHead(status, { ...(this.#chance() < 0.7 && CORS), ...headers }).end(text);
    if (fault == "cut") return void request.socket.destroy();
    if (fault == "refused") return void respond(403, "<h1>Blocked</h1>");
    if (fault == "busy") return void respond(429, "Too many", { "retry-after": "3" });
    const isForwarded = ["broken", "away"].includes(fault) && this.#chance() < 0.5;
    if (fault == "broken" || fault == "away") {
      if (isForwarded) await forward();
      return void respond(fault == "broken" ? 500 : this.#chance() < 0.5 ? 502 : 503, "<h1>Fault</h1>");
    }
    if (fault == "late") await new Promise((done) => setTimeout(done, 50 + this.#chance() * 300));
    if (fault == "twice") await Promise.all([forward(), forward()]);
    if (fault == "pass") return this.#pass(request, body, response);
    const answer = await forward();
    if (fault == "lost") return void request.socket.destroy();
    if (fault == "empty") return void respond(201, "{}");
    if (fault == "page") return void respond(200, "<h1>Log in</h1>");
    response.writeHead(answer.status, answer.headers);
    if (fault == "held") return void response.write(answer.body.subarray(0, 1));
    if (fault == "torn") {
      response.write(answer.body.subarray(0, answer.body.length / 2));
      return void setTimeout(() => request.socket.destroy(), 5);
    }
    response.end(answer.body);
  }

  /** @param {http.IncomingMessage} request @param {Buffer} body */
  #send(request, body) {
    const { method, url: path, headers } = request;
    const { hostname: host, port } = this.#target;
    const outgoing = http.request({ host, port, method, path, headers: { ...headers, host: `${host}:${port}` } });
    outgoing.end(body);
    return outgoing;
  }

  /** @param {http.IncomingMessage} request @param {Buffer} body */
  async #forward(request, body) {
    const outgoing = this.#send(request, body);
    const [incoming] = await once(outgoing, "response");
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks) };
  }

  /**
   * Passes a response on as it arrives, because some are streamed.
   * @param {http.IncomingMessage} request @param {Buffer} body @param {http.ServerResponse} response
   */
  async #pass(request, body, response) {
    const outgoing = this.#send(request, body);
    response.on("close", () => outgoing.destroy());
    const [incoming] = await once(outgoing, "response");
    response.writeHead(incoming.statusCode, incoming.headers);
    incoming.pipe(response);
  }
}
