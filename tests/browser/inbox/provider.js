import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

/**
 * The people who log in, with their groups.
 *
 * @type {Record<string, {name: string, groups: string[]}>}
 */
const PEOPLE = {
  ana: { name: "Ana Agent", groups: ["support"] },
  lea: { name: "Lea Lead", groups: ["leads", "everybody"] },
  ada: { name: "Ada Administrator", groups: ["admins"] },
  eve: { name: "Eve Else", groups: ["everybody"] },
};
const CLIENT = { id: "deskbell", secret: "a secret with spaces & signs: %+/" };

/** A real OpenID provider, at which people log in by their name alone. */
export class IdentityProvider {
  issuer = "";
  /** Those who have left their groups. @type {Set<string>} */
  formerMembers = new Set();
  #server = createServer();

  /** Starts to listen, so that the issuer is known. */
  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
    this.issuer = `http://127.0.0.1:${address.port}`;
  }

  /** @param {string} gateway its address, to which people return */
  serve(gateway) {
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [`${gateway}/inbox/login/oidc/callback`],
        },
      ],
      // Groups are in the user info only, as with many providers.
      claims: { openid: ["sub"], profile: ["name"], groups: ["groups"] },
      scopes: ["openid", "profile", "groups"],
      pkce: { required: () => true },
      cookies: { keys: ["a key of the tests"] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: id, ...PEOPLE[id], ...(this.formerMembers.has(id) && { groups: [] }) }),
      }),
      // Nobody is asked for consent to their own company's inbox.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new provider.Grant({ clientId: oidc.client?.clientId, accountId: oidc.session?.accountId });
        grant.addOIDCScope("openid profile groups");
        await grant.save();
        return grant;
      },
    });
    const protocol = provider.callback();
    this.#server.on("request", (request, response) => {
      const url = new URL(request.url ?? "/", this.issuer);
      if (!url.pathname.startsWith("/interaction/")) return protocol(request, response);
      const person = url.searchParams.get("person");
      if (person) {
        return provider.interactionFinished(request, response, { login: { accountId: person } });
      }
      const people = Object.keys(PEOPLE).map((name) => `<p><a href="?person=${name}">${name}</a></p>`);
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(
        `<!doctype html><html lang="en"><title>Who are you?</title><link rel="icon" href="data:,">${people.join("")}`,
      );
    });
  }

  /** The table of the gateway's configuration. */
  get settings() {
    return [
      "[inbox.oidc]",
      `issuer = "${this.issuer}"`,
      `client_id = "${CLIENT.id}"`,
      `client_secret = "${CLIENT.secret}"`,
      'name = "Example"',
      'scopes = ["profile", "groups"]',
      ...[
        { group: "support", role: "agent", sites: ["demo"] },
        { group: "leads", role: "lead", sites: ["demo"] },
        { group: "admins", role: "administrator" },
      ].flatMap(({ group, role, sites }) => [
        "[[inbox.oidc.roles]]",
        `group = "${group}"`,
        `role = "${role}"`,
        ...(sites ? [`sites = ${JSON.stringify(sites)}`] : []),
      ]),
      "",
    ].join("\n");
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
