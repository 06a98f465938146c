import { sign } from "../../../docs/sign/sign.mjs";
import { expect, test } from "../deskbell.js";

// What the receipt says about answers is what happens: in the panel, by e-mail from here, or by e-mail from the destination.

const SECRET = "0123456789abcdef0123456789abcdef";
const HERE = "You'll find our answer here, under Your tickets.";
const MAILED = `${HERE} If you don't read it here soon, we'll e-mail it to ada@example.com.`;
const CONFIRMED = `${HERE} If you don't read it here soon, we'll e-mail it to eve@example.com, once you've confirmed that address.`;
const ALSO = `${HERE} You'll also get it by e-mail at ada@example.com.`;

const MAIL = `
[sites.demo.mail]
smtp = "smtp://127.0.0.1:9"
from = "support@meadow.example"
url = "https://help.meadow.example"
`;
/** @param {boolean} mails */
const webhook = (mails) => `
[sites.demo.destinations.own]
to = "webhook"
url = "http://127.0.0.1:9/"
private = true
secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
mails_requester = ${mails}
`;

for (const { name, settings, signed, anonymous } of [
  { name: "without mail", settings: "", signed: HERE, anonymous: HERE },
  { name: "mailed by the gateway", settings: MAIL, signed: MAILED, anonymous: CONFIRMED },
  { name: "mailed by the destination", settings: MAIL + webhook(true), signed: ALSO, anonymous: HERE },
  {
    name: "with a destination that mails nothing",
    settings: MAIL + webhook(false),
    signed: MAILED,
    anonymous: CONFIRMED,
  },
]) {
  test.describe(name, () => {
    test.use({
      settings: `
[sites.demo]
origins = ["*"]
[[sites.demo.signers]]
algorithm = "HS256"
secret = "${SECRET}"
${settings}`,
    });

    test("tells a signed customer", async ({ host, page, panel }) => {
      await host({ path: "/?signed-out" });
      const token = sign(SECRET, "demo", { sub: "u-ada", name: "Ada", email: "ada@example.com" });
      await page.evaluate((token) => /** @type {any} */ (window).deskbell("identify", { token }), token);
      await panel.open();
      await panel.toTicket();
      await expect(panel.email).toHaveCount(0);
      await panel.box.fill("It broke");
      await panel.send();
      await expect(panel.root.getByText(signed, { exact: true })).toBeVisible();
    });

    test("tells an anonymous customer", async ({ host, panel }) => {
      await host({ path: "/?signed-out" });
      await panel.open();
      await panel.toTicket();
      await panel.box.fill("It broke");
      await panel.name.fill("Eve");
      await panel.email.fill("eve@example.com");
      await panel.send();
      await expect(panel.root.getByText(anonymous, { exact: true })).toBeVisible();
    });
  });
}
