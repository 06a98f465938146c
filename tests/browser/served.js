import { test as base } from "@playwright/test";
import { Gateway } from "./gateway.js";

/**
 * @typedef {object} Fixtures
 * @property {string} settings the gateway's configuration
 * @property {Gateway} gateway a gateway of the test's own
 * @property {() => Promise<any[]>} tickets the tickets in the inbox, newest first: each as it was sent, with its `reference`
 */

/**
 * What tests in any browser share: a gateway and the tickets that it has stored.
 *
 * @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions & Fixtures,
 *   import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions>}
 */
export const test = base.extend({
  settings: ["", { option: true }],

  gateway: async ({ settings }, use, info) => {
    const gateway = new Gateway();
    await gateway.start(settings);
    await use(gateway);
    const log = await gateway.end();
    if (info.status !== info.expectedStatus) await info.attach("gateway.log", { body: log, contentType: "text/plain" });
  },

  // Read without a browser, because nearly every test calls this, and some do so repeatedly.
  tickets: async ({ gateway }, use) => {
    /** @param {string} path */
    const read = async (path) => {
      const response = await fetch(gateway.url + path);
      if (!response.ok) throw new Error(`${path} in the inbox: ${response.status}`);
      return response.text();
    };
    await use(async () => {
      const list = await read("/inbox?status=all");
      const references = [...list.matchAll(/<a class="reference"[^>]*>([^<]*)/g)].map(([, name]) => name ?? "");
      const pages = references.map((reference) => read(`/inbox/tickets/${reference}`));
      const tickets = (await Promise.all(pages)).map((page, nth) => {
        const [, json] = page.match(/class="raw"[^>]*><code>([^<]*)/) ?? [];
        return { reference: references[nth], ...JSON.parse(text(json ?? "")) };
      });
      return tickets.sort((one, other) => other.created_at.localeCompare(one.created_at));
    });
  },
});

/** Converts the inbox's HTML to text. @param {string} html */
const text = (html) => {
  const signs = /** @type {Record<string, string>} */ ({ lt: "<", gt: ">", quot: '"', amp: "&" });
  return html.replace(/&(lt|gt|quot|amp);/g, (_, name) => signs[name] ?? "");
};
