import { once } from "node:events";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { reservePort } from "./ports.js";

/** @typedef {import("postal-mime").Email & {from: string, to: string[], raw: string}} Mail a mail with its envelope and its bytes */

/** A mail server that stores every mail. */
export class Mailbox {
  /** @type {Mail[]} */
  mails = [];
  /** How many mails clients tried to send. */
  attempts = 0;
  /** The response codes for the first attempts, before it accepts any. @type {number[]} */
  refusals = [];
  /** The users who have logged in. @type {string[]} */
  users = [];
  port = 0;
  /** @type {SMTPServer | undefined} */
  #server;

  /**
   * Starts it; after a stop it has the same port.
   * @param {boolean} secure uses TLS from the first byte on, with an untrusted certificate
   */
  async start(secure = false) {
    const server = new SMTPServer({
      secure,
      authOptional: true,
      allowInsecureAuth: true,
      disabledCommands: ["STARTTLS"],
      onAuth: ({ username, password }, _, done) => {
        if (password !== "p@ss word") return done(new Error("wrong"));
        this.users.push(username ?? "");
        done(null, { user: username });
      },
      onData: async (stream, { envelope }, done) => {
        const chunks = [];
        for await (const chunk of stream) chunks.push(chunk);
        this.attempts += 1;
        const code = this.refusals.shift();
        if (code)
          return done(Object.assign(new Error(`not now, ${envelope.rcptTo[0].address}`), { responseCode: code }));
        const raw = Buffer.concat(chunks);
        const from = envelope.mailFrom ? envelope.mailFrom.address : "";
        const to = envelope.rcptTo.map(({ address }) => address);
        this.mails.push({ ...(await PostalMime.parse(raw)), from, to, raw: raw.toString("latin1") });
        done();
      },
    });
    this.#server = server;
    this.port ||= await reservePort();
    // Rejects if it cannot listen.
    const listening = once(server.server, "listening");
    // Later errors are those of single connections.
    server.on("error", () => {});
    server.listen(this.port, "127.0.0.1");
    await listening;
  }

  async stop() {
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise((done) => server.close(() => done(null)));
  }
}
