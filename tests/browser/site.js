import { once as event } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

/**
 * @typedef {object} Options
 * @property {string} [html] the page itself, in place of the folder's index.html
 * @property {Record<string, string>} [fill] replacements of `{{name}}` in the page; empty by default
 * @property {string} [csp] its Content-Security-Policy
 * @property {Record<string, string>} [headers] more headers of the page
 * @property {string} [first] a script that runs before the page's own, also under its policy
 * @property {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => unknown} [answer]
 *   responds to a request itself, and returns a truthy value if it did
 */

/** A host's product: an origin of its own that embeds Deskbell from the gateway. */
export class Site {
  url = "";
  #server;

  /**
   * @param {string} folder its files; `{{gateway}}` in the page is replaced by the gateway's address
   * @param {string} gateway
   * @param {Options} options
   */
  constructor(folder, gateway, { html, csp, headers, first, answer, fill: replacements = {} }) {
    this.#server = createServer(async (request, response) => {
      if (answer?.(request, response)) return;
      const name = path.posix.normalize(new URL(request.url ?? "/", "http://site").pathname).slice(1) || "index.html";
      const type = TYPES[/** @type {keyof typeof TYPES} */ (path.extname(name))];
      try {
        // A path without an extension is a view of the page, as in single-page applications.
        if (type && name !== "index.html") {
          const file = await readFile(path.join(folder, name));
          response.writeHead(200, { "content-type": type }).end(file);
        } else if (path.extname(name) && !type) {
          response.writeHead(204).end();
        } else {
          const values = /** @type {Record<string, string>} */ ({ ...replacements, gateway });
          // Twice, because a replacement may contain the gateway's placeholder.
          const fill = (/** @type {string} */ text) => once(once(text));
          const once = (/** @type {string} */ text) => text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? "");
          const own = html ?? (await readFile(path.join(folder, "index.html"), "utf8"));
          // A function as the replacement, because a script may contain what would be a pattern in a text.
          const page = first ? own.replace("<head>", (head) => `${head}<script nonce="host">${first}</script>`) : own;
          const policy = csp ? { "content-security-policy": fill(csp) } : {};
          response.writeHead(200, { "content-type": TYPES[".html"], ...policy, ...headers }).end(fill(page));
        }
      } catch (error) {
        response.writeHead(404).end(String(error));
      }
    });
  }

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await event(this.#server, "listening");
    const address = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
    this.url = `http://127.0.0.1:${address.port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await event(this.#server, "close");
  }
}
