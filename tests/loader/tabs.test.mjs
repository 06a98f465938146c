// What the scripts of the loader do with texts and files in several tabs, one case each. Random ones are in
// `interleavings.test.mjs`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Event } from "./interleavings/platform.mjs";
import { draftText } from "./interleavings/texts.mjs";
import { FakeFile } from "./interleavings/values.mjs";
import { World } from "./interleavings/world.mjs";

/** A browser in which everything works. */
class Browser extends World {
  constructor() {
    super(1);
  }

  /** A tab in which the host has declared a user, and help was opened. @param {number} number @param {string} id */
  async help(number, id) {
    const tab = this.open(number);
    await this.identify(tab, { id, token: this.token(id) });
    tab.page.command("open");
    return tab;
  }

  /** @param {any} tab @param {object} user */
  async identify(tab, user) {
    tab.page.command("identify", user);
    await this.scheduler.settle();
  }

  /** Lets something happen until a condition holds; everything that was begun, and time pass, without one. @param {() => boolean} [holds] */
  async until(holds = () => false) {
    await this.scheduler.settle();
    for (let count = 0; !holds(); count++) {
      const event = this.scheduler.ready()[0] ?? this.scheduler.nextTimer();
      if (!event) return;
      assert.ok(count < 3000, "it never ends");
      await this.run(event);
    }
  }

  /** @param {any} tab @param {string} text */
  type({ program }, text) {
    program.box.value = text;
    program.box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Another tab, which is not simulated, stores a draft. @param {string} message */
  storeElsewhere(message) {
    const now = this.scheduler.now;
    this.device.databases
      .get("deskbell")
      ?.get("drafts")
      ?.set("acme\nada", { id: message, ticket: { message }, at: now, tab: 0 });
  }

  get drafts() {
    return this.device.all("drafts").map(draftText);
  }
}

test("a draft that was added to a ticket is not offered again, although another tab has put it aside", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until(() => first.hasModules);
  browser.type(first, "first");
  await browser.until(() => browser.drafts.includes("first"));
  const second = await browser.help(1, "ada");
  await browser.until(() => !!second.program.loader);
  // Before the draft on the device was read.
  browser.type(second, "second");
  await browser.until();
  assert.deepEqual(browser.drafts.sort(), ["first", "second"]);
  first.program.add("t-ada", () => {});
  await browser.until();
  await browser.help(2, "ada");
  await browser.until();
  assert.deepEqual(browser.drafts, ["second"]);
});

test("a draft that one tab sends and another adds to a ticket arrives once", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until(() => first.hasModules);
  browser.type(first, "text");
  await browser.until();
  const second = await browser.help(1, "ada");
  await browser.until();
  assert.equal(second.text, "text");
  first.program.send(() => {});
  second.program.add("t-ada", () => {});
  await browser.until();
  assert.equal(browser.gateway.arrivals("text").length, 1);
  assert.deepEqual([first.text, second.text, browser.drafts.length], ["", "", 0]);
});

test("the files of a ticket that is being sent stay with it when the user logs out", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  tab.chosen = [new FakeFile("file")];
  tab.program.loader.choose("", "*/*");
  browser.type(tab, "text");
  let isPressed = false;
  tab.program.send(() => (isPressed = true));
  await browser.until(() => isPressed);
  tab.page.command("reset", {});
  await browser.until();
  const [arrival] = browser.gateway.arrivals("text");
  assert.equal(arrival?.body.attachments.length, 1);
});

test("a ticket that is refused after another user was declared stays its author's", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.type(tab, "bad");
  let isPressed = false;
  tab.program.send(() => (isPressed = true));
  await browser.until(() => isPressed);
  // Before the device has the submission.
  await browser.identify(tab, { id: "ben", token: browser.token("ben") });
  await browser.until();
  const [submission] = browser.device.all("outbox");
  assert.deepEqual([submission?.text, submission?.user, tab.text], ["bad", "ada", ""]);
});

test("a user who logs out before their token was read takes nobody else's draft along", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ben");
  await browser.until(() => first.hasModules);
  browser.type(first, "text");
  await browser.until();
  // The last user on the device.
  await browser.help(1, "ada");
  await browser.until();
  const last = browser.open(2);
  await browser.identify(last, { token: () => new Promise(() => {}) });
  last.page.command("open");
  await browser.until(() => last.hasModules);
  last.page.command("reset", { discard: true });
  await browser.until();
  assert.deepEqual(browser.drafts, ["text"]);
});

test("what a user writes while the host gets another token for them is not the next user's", async () => {
  // Its server does not answer.
  const token = () => new Promise(() => {});
  for (const declared of [[{ id: "ben", token }], [{ token }, { id: "ben", token }]]) {
    const browser = new Browser();
    const tab = await browser.help(0, "ben");
    await browser.until();
    for (const user of declared) await browser.identify(tab, user);
    browser.type(tab, "text");
    await browser.identify(tab, { id: "ada", token: browser.token("ada") });
    assert.equal(tab.text, "");
    await browser.until();
    assert.deepEqual(
      browser.device.entries("drafts").map(([place]) => place),
      ["acme\nben"],
    );
  }
});

test("a reply waits while the host cannot get the token of its author", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  let failures = 3;
  const token = async () => {
    if (failures-- > 0) throw new Error("the host's server is away");
    return browser.token("ada");
  };
  await browser.identify(tab, { id: "ada", token });
  tab.program.openConversation("t-ada");
  await browser.until();
  tab.program.typeReply("reply");
  tab.program.sendReply(() => {});
  await browser.until();
  assert.equal(browser.gateway.arrivals("reply").length, 1);
  assert.equal(browser.device.all("outbox").length, 0);
});

test("neither a draft that becomes the current one again nor one that is chosen replaces what another tab has stored", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until(() => first.hasModules);
  browser.type(first, "first");
  await browser.until(() => browser.drafts.includes("first"));
  const second = await browser.help(1, "ada");
  await browser.until(() => !!second.program.loader);
  browser.type(second, "second");
  await browser.until();
  second.program.send(() => {});
  await browser.until();
  assert.deepEqual(browser.drafts, ["first"]);
  for (const tab of browser.living) browser.kill(tab);
  const third = await browser.help(2, "ada");
  await browser.until(() => third.text == "first");
  browser.storeElsewhere("third");
  await browser.until();
  assert.deepEqual(browser.drafts.sort(), ["first", "third"]);
  const fourth = await browser.help(0, "ada");
  await browser.until();
  assert.equal(fourth.text, "third");
  // The draft in the box is stored before the other one takes its place.
  fourth.offer.onclick();
  await browser.until(() => browser.scheduler.ready().some(({ label }) => label == "committed drafts"));
  browser.storeElsewhere("fourth");
  await browser.until();
  assert.equal(fourth.text, "first");
  assert.deepEqual(browser.drafts.sort(), ["first", "fourth", "third"]);
});
