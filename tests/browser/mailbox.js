import { once } from "node:events";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

/** @typedef {import("postal-mime").Email & {from: string, to: string[], raw: string}} Mail a mail with its envelope and its bytes */

/** A mail server, with all that it took. */
export class Mailbox {
  /** @type {Mail[]} */
  mails = [];
  /** How often it was asked to take one. */
  asked = 0;
  /** The codes that it answers first, before it takes any. @type {number[]} */
  refusals = [];
  /** Who has logged in. @type {string[]} */
  users = [];
  port = 0;
  /** @type {SMTPServer | undefined} */
  #server;

  /**
   * Starts it; again after a stop it has the same port.
   * @param {boolean} secure by TLS from the first byte on, with a certificate that nobody trusts
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
        this.asked += 1;
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
    server.on("error", () => {});
    server.listen(this.port, "127.0.0.1");
    await once(server.server, "listening");
    this.port = /** @type {import("node:net").AddressInfo} */ (server.server.address()).port;
  }

  async stop() {
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise((done) => server.close(() => done(null)));
  }
}
