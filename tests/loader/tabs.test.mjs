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

  /**
   * Lets something happen until a condition holds; everything that was begun, and time pass, without one. Nothing happens
   * in a suspended tab.
   * @param {() => boolean} [holds] @param {any} [suspended]
   */
  async until(holds = () => false, suspended) {
    const happens = ({ owner }) => !suspended || owner != suspended;
    await this.scheduler.settle();
    for (let count = 0; !holds(); count++) {
      const event = this.scheduler.ready().find(happens) ?? this.scheduler.nextTimer(happens);
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

  /** A file is chosen for the message in the box. @param {any} tab @param {string} name */
  choose(tab, name) {
    tab.chosen = [new FakeFile(name)];
    tab.program.loader.choose("", "*/*");
  }

  /** The number of files that arrived with a text; nothing if it has not arrived. @param {string} text */
  filesOf(text) {
    const [arrival] = this.gateway.arrivals(text);
    return arrival && (arrival.body.attachments ?? []).length;
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
  browser.choose(tab, "file");
  browser.type(tab, "text");
  let isPressed = false;
  tab.program.send(() => (isPressed = true));
  await browser.until(() => isPressed);
  tab.page.command("reset", {});
  await browser.until();
  assert.equal(browser.filesOf("text"), 1);
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

/** A host's function for tokens that fails a number of times before it gives one. @param {Browser} browser @param {number} failures @param {string} id */
const failing = (browser, failures, id) => async () => {
  if (failures-- > 0) throw new Error("the host's server is away");
  return browser.token(id);
};

test("a user whose token cannot be had at first is known once it can, and nothing of the one before is shown", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.type(tab, "text");
  await browser.until();
  tab.page.command("close");
  await browser.identify(tab, { token: failing(browser, 3, "ben") });
  assert.deepEqual([tab.user, tab.text], ["", ""]);
  tab.page.command("open");
  await browser.until();
  assert.deepEqual([tab.user, tab.text], ["ben", ""]);
  await browser.identify(tab, { id: "ada", token: browser.token("ada") });
  await browser.until();
  assert.equal(tab.text, "text");
});

test("what is being written stays while the host cannot get another token of the same user, until help is closed", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.type(tab, "text");
  // As pages do that declare the user on every render.
  await browser.identify(tab, { token: failing(browser, 2, "ada") });
  assert.deepEqual([tab.user, tab.text], ["ada", "text"]);
  await browser.until();
  assert.deepEqual([tab.user, tab.text], ["ada", "text"]);
  await browser.identify(tab, { token: failing(browser, Infinity, "ada") });
  assert.equal(tab.text, "text");
  tab.page.command("close");
  await browser.scheduler.settle();
  assert.deepEqual([tab.user, tab.text], ["", ""]);
});

test("a user whose function says that nobody is signed in is nobody", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.type(tab, "text");
  await browser.identify(tab, { token: () => "" });
  await browser.until();
  assert.deepEqual([tab.user, tab.text], ["", ""]);
});

test("a reply that is typed before the stored one is shown leaves that one for later", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  first.program.openConversation("t-ada");
  await browser.until();
  first.program.typeReply("first");
  await browser.until();
  browser.kill(first);
  const { program } = await browser.help(1, "ada");
  await browser.until();
  program.openConversation("t-ada");
  program.typeReply("second");
  await browser.until();
  program.typeReply("second longer");
  await browser.until();
  assert.deepEqual([program.conversation?.text, browser.drafts.sort()], ["second longer", ["first", "second longer"]]);
  program.sendReply(() => {});
  await browser.until();
  program.openConversation("t-ada");
  await browser.until();
  assert.deepEqual([program.conversation?.text, browser.drafts], ["first", ["first"]]);
});

test("replies to the same ticket that two tabs write do not replace each other", async () => {
  const browser = new Browser();
  const tabs = [await browser.help(0, "ada"), await browser.help(1, "ada")];
  await browser.until();
  for (const { program } of tabs) program.openConversation("t-ada");
  await browser.until();
  tabs[0]?.program.typeReply("first");
  await browser.until();
  tabs[1]?.program.typeReply("second");
  await browser.until();
  assert.deepEqual(browser.drafts.sort(), ["first", "second"]);
});

test("what the device could not store is stored once it can, a reply as well as the draft of a ticket", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  tab.program.openConversation("t-ada");
  await browser.until();
  browser.device.mode = "full";
  browser.type(tab, "text");
  tab.program.typeReply("reply");
  await browser.until(() => browser.device.faults > 3);
  assert.deepEqual(browser.drafts, []);
  browser.device.mode = "good";
  await browser.until();
  assert.deepEqual(browser.drafts.sort(), ["reply", "text"]);
});

test("a file that another tab has added to a draft is sent with it", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  browser.type(first, "text");
  await browser.until();
  const second = await browser.help(1, "ada");
  await browser.until();
  assert.equal(second.text, "text");
  browser.choose(second, "file");
  await browser.until();
  first.program.send(() => {});
  await browser.until();
  assert.equal(browser.filesOf("text"), 1);
});

test("a file that another tab has added to a draft stays there if that tab has written something else", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  browser.type(first, "text");
  await browser.until();
  const second = await browser.help(1, "ada");
  await browser.until();
  browser.type(second, "other");
  browser.choose(second, "file");
  await browser.until();
  first.program.send(() => {});
  await browser.until();
  second.program.send(() => {});
  await browser.until();
  assert.deepEqual([browser.filesOf("text"), browser.filesOf("other")], [0, 1]);
});

test("files that two tabs have added, and that are too many together, are named", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  browser.type(first, "text");
  await browser.until();
  const second = await browser.help(1, "ada");
  await browser.until();
  for (const tab of [first, second]) {
    for (let nth = 0; nth < 3; nth++) {
      browser.choose(tab, `file${tab.number}${nth}`);
      await browser.until();
    }
  }
  first.program.send(() => {});
  await browser.until();
  assert.equal(browser.filesOf("text"), 5);
  assert.equal(first.program.loader.lastSent().unaccepted.length, 1);
});

test("a refused ticket that is edited on a later page has its files", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  browser.choose(first, "file");
  browser.type(first, "bad");
  await browser.until();
  browser.network.isOnline = false;
  first.program.send(() => {});
  await browser.until(() => first.text == "");
  browser.network.isOnline = true;
  await browser.until();
  browser.kill(first);
  const { program } = await browser.help(1, "ada");
  await browser.until();
  program.openOutbox();
  await browser.until();
  program.loader.edit(program.items[0].key);
  await browser.until();
  const names = program.loader.attached("").files.map(({ name }) => name);
  assert.deepEqual([program.text, ...names], ["bad", "file"]);
});

test("the files of a draft stay as long as the draft", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  browser.choose(first, "file");
  browser.type(first, "text");
  await browser.until();
  first.program.openConversation("t-ada");
  first.program.typeReply("reply");
  first.chosen = [new FakeFile("replied")];
  first.program.loader.choose("reply:t-ada", "*/*");
  await browser.until();
  // They were chosen long ago, and the texts were changed since.
  for (const file of browser.device.databases.get("deskbell")?.get("files")?.values() ?? []) file.at -= 8 * 86_400_000;
  browser.kill(first);
  const { program } = await browser.help(1, "ada");
  await browser.until();
  const names = program.loader.attached("").files.map(({ name }) => name);
  assert.deepEqual([...names], ["file"]);
  assert.equal(browser.device.all("files").length, 2);
});

test("what is written while a refused ticket is edited stays, and is offered", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.type(tab, "bad");
  browser.network.isOnline = false;
  tab.program.send(() => {});
  await browser.until(() => tab.text == "");
  browser.network.isOnline = true;
  await browser.until();
  browser.type(tab, "text");
  await browser.until();
  tab.program.openOutbox();
  await browser.until();
  tab.program.loader.edit(tab.program.items[0].key);
  await browser.until();
  assert.deepEqual([tab.text, browser.drafts.sort()], ["bad", ["bad", "text"]]);
  tab.offer.onclick();
  await browser.until();
  assert.equal(tab.text, "text");
});

test("what is written while a refused ticket is edited stays, although the device refuses one change", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.type(tab, "bad");
  browser.network.isOnline = false;
  tab.program.send(() => {});
  await browser.until(() => tab.text == "");
  browser.network.isOnline = true;
  await browser.until();
  browser.type(tab, "text");
  await browser.until();
  tab.program.openOutbox();
  await browser.until();
  browser.device.unlucky = 1;
  tab.program.loader.edit(tab.program.items[0].key);
  await browser.until(() => browser.device.faults > 0);
  assert.deepEqual([...browser.drafts, ...browser.device.all("outbox").map(({ text }) => text)], ["text", "bad"]);
  await browser.until();
  assert.deepEqual([tab.text, browser.drafts.sort()], ["bad", ["bad", "text"]]);
});

test("a new ticket waits neither for those that are sent again nor for a request without an answer", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.network.isOnline = false;
  for (const text of ["first", "second", "third"]) {
    browser.type(tab, text);
    tab.program.send(() => {});
    await browser.until(() => tab.text == "");
  }
  // The gateway does not answer from here on.
  browser.network.isOnline = true;
  browser.network.fate = (isOurs) => (isOurs ? "good" : "hanging");
  tab.page.window.dispatchEvent(new Event("online"));
  await browser.until(() => browser.scheduler.ready().some(({ label }) => label.startsWith("POST")));
  browser.type(tab, "fourth");
  const begun = browser.scheduler.now;
  tab.program.send(() => {});
  await browser.until(() => !tab.isWaiting);
  assert.ok(browser.scheduler.now - begun < 40_000);
});

test("a ticket that a suspended tab is sending is sent by another", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  const second = await browser.help(1, "ada");
  await browser.until();
  browser.type(first, "text");
  first.program.send(() => {});
  // It holds the lock, and its request does not leave.
  browser.network.fate = () => "hanging";
  await browser.until(() => browser.scheduler.ready().some(({ label }) => label.startsWith("POST")));
  await browser.until(() => !browser.scheduler.ready().some(({ label }) => label.startsWith("POST")));
  browser.network.fate = () => "good";
  second.program.openOutbox();
  await browser.until(() => second.program.items.length > 0, first);
  second.program.loader.sendAgain(second.program.items[0].key, false);
  await browser.until(() => browser.gateway.arrivals("text").length > 0, first);
  assert.equal(browser.gateway.arrivals("text").length, 1);
});

test("a tab whose draft another tab has sent hears why it was refused", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  browser.type(first, "bad");
  await browser.until();
  const second = await browser.help(1, "ada");
  await browser.until();
  const outcomes = [];
  for (const { program } of [first, second]) {
    const { send } = program.loader;
    program.loader.send = async (...ticket) => {
      const outcome = await send(...ticket);
      outcomes.push([outcome.word, JSON.parse(outcome.text).code]);
      return outcome;
    };
    program.send(() => {});
  }
  await browser.until();
  assert.deepEqual(outcomes, [
    ["refused", "invalid"],
    ["refused", "invalid"],
  ]);
});

test("the host hears once that help cannot be loaded, however often somebody wants it", async () => {
  const browser = new Browser();
  let failures = 0;
  browser.note = (_, what) => (failures += what == "failed" ? 1 : 0);
  browser.network.isOnline = false;
  const tab = browser.open(0);
  for (let nth = 0; nth < 3; nth++) {
    tab.page.command("open");
    await browser.until();
  }
  assert.equal(failures, 1);
});

test("a reply that is being sent is no draft any more, although another tab has put it aside", async () => {
  const browser = new Browser();
  const tabs = [await browser.help(0, "ada"), await browser.help(1, "ada")];
  await browser.until();
  for (const { program } of tabs) program.openConversation("t-ada");
  await browser.until();
  tabs[0]?.program.typeReply("first");
  await browser.until();
  tabs[0]?.program.sendReply(() => {});
  tabs[1]?.program.typeReply("second");
  await browser.until();
  assert.equal(browser.gateway.arrivals("first").length, 1);
  assert.deepEqual(browser.drafts, ["second"]);
});

test("a ticket that the gateway has no files of any more brings them again from the device, on a later page", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ada");
  await browser.until();
  browser.choose(first, "file");
  browser.type(first, "text");
  await browser.until();
  browser.network.isOnline = false;
  first.program.send(() => {});
  await browser.until(() => first.text == "");
  browser.kill(first);
  browser.gateway.files.clear();
  browser.network.isOnline = true;
  await browser.help(1, "ada");
  await browser.until();
  assert.equal(browser.filesOf("text"), 1);
});

test("a reply that is typed while the scripts that store it cannot be loaded is stored once they can", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  browser.network.fate = (isOurs) => (isOurs && tab.page.modules.has("widget.js") ? "lost" : "good");
  await browser.until(() => !!tab.program.loader);
  tab.program.openConversation("t-ada");
  tab.program.typeReply("reply");
  await browser.until(() => browser.scheduler.now > 1_800_000_004_000);
  assert.equal(tab.hasModules, false);
  browser.network.fate = () => "good";
  await browser.until();
  assert.deepEqual(browser.drafts, ["reply"]);
});

test("replies that are typed before the scripts that store them have come are shown again, and are all stored", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  browser.network.fate = (isOurs) => (isOurs && tab.page.modules.has("widget.js") ? "lost" : "good");
  await browser.until(() => !!tab.program.loader);
  for (const id of ["t-ada", "t-other"]) {
    tab.program.openConversation(id);
    tab.program.typeReply(`reply to ${id}`);
  }
  tab.program.openConversation("t-ada");
  await browser.scheduler.settle();
  assert.deepEqual([tab.hasModules, tab.program.conversation?.text], [false, "reply to t-ada"]);
  browser.network.fate = () => "good";
  await browser.until();
  assert.deepEqual(browser.drafts.sort(), ["reply to t-ada", "reply to t-other"]);
});

test("a ticket that is typed while the scripts that store it cannot be loaded is stored once they can", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  browser.network.fate = (isOurs) => (isOurs && tab.page.modules.has("widget.js") ? "lost" : "good");
  await browser.until(() => !!tab.program.loader);
  browser.type(tab, "text");
  await browser.until(() => browser.scheduler.now > 1_800_000_060_000);
  assert.equal(tab.hasModules, false);
  browser.network.fate = () => "good";
  await browser.until();
  assert.deepEqual(browser.drafts, ["text"]);
});

test("what a user has written before the scripts that store it have come stays theirs when another is declared", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until(() => !!tab.program.loader);
  browser.type(tab, "text");
  assert.equal(tab.hasModules, false);
  await browser.identify(tab, { id: "ben", token: browser.token("ben") });
  assert.equal(tab.text, "");
  await browser.until();
  assert.equal(tab.text, "");
  await browser.identify(tab, { id: "ada", token: browser.token("ada") });
  await browser.until();
  assert.equal(tab.text, "text");
});

test("a reply that two tabs have is sent once, and a tab that still shows it says that it was sent", async () => {
  for (const isSettled of [false, true]) {
    const browser = new Browser();
    const first = await browser.help(0, "ada");
    await browser.until();
    first.program.openConversation("t-ada");
    await browser.until();
    first.program.typeReply("reply");
    await browser.until();
    const second = await browser.help(1, "ada");
    await browser.until();
    second.program.openConversation("t-ada");
    await browser.until();
    assert.equal(second.program.conversation?.text, "reply");
    first.program.sendReply(() => {});
    if (isSettled) await browser.until();
    second.program.sendReply(() => {});
    await browser.until();
    assert.equal(browser.gateway.arrivals("reply").length, 1);
    assert.deepEqual([second.program.conversation?.text, browser.drafts], ["", []]);
  }
});

test("the same reply that a customer writes twice is sent twice", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  tab.program.openConversation("t-ada");
  for (let count = 1; count < 3; count++) {
    await browser.until();
    tab.program.typeReply("yes");
    tab.program.sendReply(() => {});
    await browser.until();
    assert.equal(browser.gateway.arrivals("yes").length, count);
  }
});

test("a reply that another tab has sent meanwhile is not offered again", async () => {
  const browser = new Browser();
  const tabs = [await browser.help(0, "ada"), await browser.help(1, "ada")];
  await browser.until();
  const [first, second] = tabs;
  first?.program.openConversation("t-ada");
  await browser.until();
  first?.program.typeReply("reply");
  await browser.until();
  second?.program.openConversation("t-ada");
  await browser.until();
  first?.program.sendReply(() => {});
  await browser.until();
  second?.program.typeReply("reply and more");
  second?.program.typeReply("reply");
  await browser.until();
  second?.program.openConversation("t-ada");
  await browser.until();
  assert.equal(second?.program.conversation?.text, "");
});

test("a user who logs out leaves what others have sent marked as sent", async () => {
  const browser = new Browser();
  const first = await browser.help(0, "ben");
  await browser.until();
  browser.type(first, "text");
  first.program.send(() => {});
  await browser.until();
  browser.kill(first);
  const second = await browser.help(1, "ada");
  await browser.until();
  browser.type(second, "other");
  second.program.send(() => {});
  await browser.until();
  second.page.command("reset", {});
  await browser.until();
  assert.deepEqual(
    browser.device.all("receipts").map(({ user }) => user),
    ["ben"],
  );
});

test("what was sent before anybody had signed in is still sent, and is shown to whoever signs in", async () => {
  const browser = new Browser();
  const tab = browser.open(0);
  tab.page.command("open");
  await browser.until();
  browser.network.isOnline = false;
  browser.type(tab, "bad ticket");
  tab.program.send(() => {});
  await browser.until(() => tab.text == "");
  tab.program.openConversation(`t-${browser.localStorage.get("deskbell:acme:session")}`);
  await browser.until(() => !!tab.program.conversation?.isRestored);
  tab.program.typeReply("reply");
  tab.program.sendReply(() => {});
  await browser.until(() => !tab.program.conversation?.isBusy);
  await browser.identify(tab, { id: "ada", token: browser.token("ada") });
  tab.program.openOutbox();
  await browser.until(() => tab.program.items.length == 2);
  assert.equal(tab.state.queued, 2);
  browser.network.isOnline = true;
  tab.page.window.dispatchEvent(new Event("online"));
  await browser.until();
  assert.equal(browser.gateway.arrivals("reply").length, 1);
  assert.equal(tab.state.queued, 1);
  // Another user of the same browser does not see it.
  await browser.identify(tab, { id: "ben", token: browser.token("ben") });
  tab.program.openOutbox();
  await browser.until();
  assert.deepEqual([tab.state.queued, tab.program.items.length], [0, 0]);
  await browser.identify(tab, { id: "ada", token: browser.token("ada") });
  tab.program.openOutbox();
  await browser.until();
  assert.equal(tab.program.items[0]?.text, "bad ticket");
});

test("a ticket with a token is not sent for another user with the same session, who would be shown it", async () => {
  const browser = new Browser();
  const tab = await browser.help(0, "ada");
  await browser.until();
  browser.network.isOnline = false;
  browser.type(tab, "text");
  tab.program.send(() => {});
  await browser.until(() => tab.text == "");
  await browser.identify(tab, { id: "ben", token: browser.token("ben") });
  browser.network.isOnline = true;
  tab.page.window.dispatchEvent(new Event("online"));
  await browser.until();
  assert.deepEqual(browser.gateway.arrivals("text"), []);
  await browser.identify(tab, { id: "ada", token: browser.token("ada") });
  await browser.until();
  assert.deepEqual(
    browser.gateway.arrivals("text").map(({ sub }) => sub),
    ["ada"],
  );
});
