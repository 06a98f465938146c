// What customers and hosts do, by the functions that the program and the page call.

import { Event } from "./platform.mjs";
import { FakeFile } from "./values.mjs";
import { Violation } from "./checks.mjs";
import { draftText, onDevice } from "./texts.mjs";

const PEOPLE = ["ada", "ben"];

/** @typedef {import("./play.mjs").Play} Play */
/** @typedef {import("./world.mjs").Tab} Tab */

/** Who writes in a tab: whoever the host has declared, and whoever the loader still knows. @param {Tab} tab */
const writers = (tab) => [...new Set([tab.person, tab.user])];

/** The texts that a tab shows to somebody who writes. @param {Tab} tab */
export const composed = (tab) => [tab.text, tab.program.conversation?.text ?? ""].filter(Boolean);

/** Whether a tab is about to send a text. @param {import("./world.mjs").World} world @param {string} text */
const isSending = (world, text) => world.living.some((tab) => tab.isSending(text));

/** Somebody opens help. @param {Play} play @param {Tab} tab */
export const open = ({ world }, tab) => {
  world.tell(`tab ${tab.number}: help is opened`);
  tab.page.command("open");
};

/** @param {Play} play @param {Tab} tab */
export const type = ({ world, texts, badness }, tab) => {
  const { program } = tab;
  if (!program.loader || program.isSealed) return;
  const before = tab.text;
  const text = texts.write(writers(tab), world.random.chance(badness) ? "bad" : "text");
  world.tell(`tab ${tab.number}: "${tab.person}" types ${text} over "${before}"`);
  texts.release(before, isSending(world, before));
  texts.change(text, (known) => (known.isOpen = tab.isOpen));
  program.box.value = text;
  program.box.dispatchEvent(new Event("input", { bubbles: true }));
};

/** Send was pressed for a text, with these files. @param {Play} play @param {Tab} tab @param {string} owner */
const pressed =
  ({ texts, world }, tab, owner) =>
  (text) => {
    const { files = [], owner: whose } = tab.program.loader.attached(owner) ?? {};
    // Other tabs may have added some to the same draft.
    const isSame = world.device.entries("drafts").some(([place, draft]) => {
      const isTheirs = owner ? place == `acme\n${tab.user}\n${owner.slice("reply:".length)}` : draft.id == whose;
      return isTheirs && draftText(draft) == text;
    });
    const added = isSame ? world.device.all("files").filter(({ of }) => of == whose) : [];
    world.tell(`tab ${tab.number}: ${text} is sent off`);
    texts.change(text, (known) => {
      known.isPressed = true;
      // Of several tabs with the same draft one sends it, with the files that it has.
      const isOnly = known.sender == undefined || known.sender == tab.number;
      known.sender = tab.number;
      const isAccepted = ({ refused, name }) => !refused && !name.startsWith("bad");
      known.files = isOnly ? [...files, ...added].filter(isAccepted).map(({ name }) => name) : [];
    });
  };

/** @param {Play} play @param {Tab} tab */
export const send = (play, tab) => {
  if (!tab.program.loader || !tab.text) return;
  play.world.tell(`tab ${tab.number}: Send is pressed for ${tab.text}`);
  tab.program.send(pressed(play, tab, ""));
};

/** @param {Play} play @param {Tab} tab */
export const add = (play, tab) => {
  const id = ticketOf(play.world, tab);
  if (!id || !tab.text) return;
  play.world.tell(`tab ${tab.number}: ${tab.text} is added to a ticket`);
  tab.program.add(id, pressed(play, tab, ""));
};

/** The ticket that somebody can open: a signed user's, or that of the session if nobody was declared. @param {import("./world.mjs").World} world @param {Tab} tab */
const ticketOf = (world, { program, user, state }) => {
  const owner = state?.token ? user : user ? "" : world.localStorage.get("deskbell:acme:session");
  return program.loader && owner ? `t-${owner}` : "";
};

/** @param {Play} play @param {Tab} tab */
export const attach = ({ world, texts }, tab) => {
  const { program } = tab;
  const isReply = program.conversation && world.random.chance(30);
  if (!program.loader || (!isReply && program.isSealed) || program.conversation?.isBusy) return;
  const name = `${world.random.chance(10) ? "badfile" : "file"}${++texts.count}`;
  world.tell(`tab ${tab.number}: ${name} is chosen`);
  texts.files.set(name, new Set(writers(tab)));
  tab.files.push(name);
  tab.chosen = [new FakeFile(name)];
  program.loader.choose(isReply ? `reply:${program.conversation?.id}` : "", "*/*");
};

/** @param {Play} play @param {Tab} tab */
export const converse = ({ world }, tab) => {
  if (ticketOf(world, tab)) openTicket(world, tab);
};

/** @param {import("./world.mjs").World} world @param {Tab} tab */
const openTicket = (world, tab) => {
  world.tell(`tab ${tab.number}: the ticket of "${tab.user}" is opened`);
  tab.program.openConversation(ticketOf(world, tab));
};

/** @param {Play} play @param {Tab} tab */
export const typeReply = ({ world, texts, badness }, tab) => {
  const { conversation } = tab.program;
  if (!conversation || conversation.isBusy) return;
  const text = texts.write(writers(tab), world.random.chance(badness) ? "bad" : "text");
  world.tell(`tab ${tab.number}: reply ${text} is typed over "${conversation.text}"`);
  texts.release(conversation.text, isSending(world, conversation.text));
  tab.program.typeReply(text);
};

/** @param {Play} play @param {Tab} tab */
export const sendReply = (play, tab) => {
  const { conversation } = tab.program;
  if (!conversation?.text || conversation.isBusy) return;
  const { id, text } = conversation;
  const { world } = play;
  const isSame = ({ program: { conversation: other } }) => other?.id == id && other.text == text && !other.isBusy;
  const others = world.living.filter((other) => other != tab && ticketOf(world, other) == id);
  // The same reply is often in several tabs, and sent by all of them.
  const unopened = others.find((other) => !isSame(other) && !other.program.conversation?.text);
  if (unopened && onDevice(world.device).drafts.has(text) && world.random.chance(60))
    return openTicket(world, unopened);
  const tabs = world.random.chance(80) ? [tab, ...others.filter(isSame)] : [tab];
  for (const each of tabs) each.program.sendReply(pressed(play, each, `reply:${id}`));
};

/** The outbox is opened, or something in it is pressed. @param {Play} play @param {Tab} tab */
export const useOutbox = (play, tab) => {
  const { world, texts } = play;
  const { program } = tab;
  if (!program.loader) return;
  if (program.screen != "outbox") return program.openOutbox();
  const item = program.items.find(({ refused }) => refused) ?? world.random.pick(program.items);
  if (!item) return;
  const { key, text, refused, draft, cause } = item;
  const line = `tab ${tab.number}: of ${text} in the outbox`;
  if (refused && draft && world.random.chance(80)) {
    world.tell(`${line} Edit is pressed`);
    edit(play, tab, item);
  } else if (world.random.chance(70)) {
    world.tell(`${line} Try again is pressed`);
    program.loader.sendAgain(key, cause == "unsure");
  } else {
    world.tell(`${line} Discard is pressed`);
    texts.change(text, (known) => {
      known.isRequired = false;
      known.isDiscarded = true;
    });
    program.loader.discard(key);
  }
};

/** What was refused is edited, with the files that the device has of it. @param {Play} play @param {Tab} tab @param {any} item */
const edit = async (play, tab, { key, text, user, files }) => {
  const { world, isReliable } = play;
  const names = world.device
    .all("files")
    .filter(({ id }) => files.includes(id))
    .map(({ name }) => name);
  await tab.program.loader.edit(key).catch(() => {});
  const isThere = tab.text == text && tab.user == user && !tab.program.isSealed && world.living.includes(tab);
  if (!isReliable || !isThere || world.device.all("outbox").some((item) => item.key == key)) return;
  const attached = tab.program.loader.attached("").files.map(({ name }) => name);
  const lost = names.filter((name) => !attached.includes(name));
  if (lost[0]) play.found ??= new Violation(`${text} is edited without ${lost}`);
};

/** @param {Play} play @param {Tab} tab */
export const chooseOffer = ({ world }, tab) => {
  if (!tab.offer || tab.program.isSealed) return;
  world.tell(`tab ${tab.number}: the other draft is chosen`);
  tab.offer.onclick();
};

/** A question has helped. @param {Play} play @param {Tab} tab */
export const finish = ({ world, texts }, tab) => {
  if (!tab.program.loader || tab.program.isSealed || !tab.text) return;
  world.tell(`tab ${tab.number}: a question has helped with ${tab.text}`);
  texts.release(tab.text, isSending(world, tab.text));
  // Other tabs may show it, or are about to.
  const isElsewhere = world.living.some(
    (other) => other != tab && (other.program.loader || other.page.modules.size > 1),
  );
  texts.change(tab.text, (known) => (known.isDone = !isElsewhere && !known.wasSealed));
  tab.program.finish();
};

/** The host's function for tokens, which asks its server. @param {Play} play @param {Tab} tab @param {string} id */
const provider = ({ world, hasFaults }, tab, id) => {
  const provide = () =>
    new Promise((resolve, reject) => {
      const fails = hasFaults() && world.random.chance(20);
      if (hasFaults() && world.random.chance(5)) return;
      world.scheduler.later(tab, `the host ${fails ? "issues no" : "issues a"} token of ${id}`, () => {
        if (tab.provide == provide) tab.isUnknown = fails;
        if (fails) return reject(0);
        tab.isOpen = false;
        resolve(world.token(id));
      });
    });
  return provide;
};

/** The host declares a user: another one, or the same with a new token. @param {Play} play @param {Tab} tab @param {string} [wanted] */
export const identify = (play, tab, wanted) => {
  const { world } = play;
  const { random } = world;
  const id = wanted ?? (tab.person && random.chance(60) ? tab.person : random.pick(PEOPLE));
  const token = !world.hasTokens ? undefined : random.chance(50) ? world.token(id) : provider(play, tab, id);
  const user = token && random.chance(50) ? { token } : { id, name: id, email: `${id}@host.example`, token };
  world.tell(`tab ${tab.number}: the host declares ${id} by ${Object.keys(user)} (${typeof token})`);
  tab.person = id;
  tab.isUnknown = false;
  tab.provide = token;
  tab.isOpen = !user.id && typeof token == "function";
  return tab.page.command("identify", user);
};

/** The user logs out. @param {Play} play @param {Tab} tab */
export const reset = ({ world, texts }, tab) => {
  const discard = world.random.chance(30);
  const { drafts, outbox } = onDevice(world.device);
  // Other tabs may still have something in memory.
  const isAlone = world.living.every((other) => other == tab || !other.program.loader);
  const before = new Map(world.localStorage);
  tab.page.command("reset", discard ? { discard: true } : {});
  // Whom the loader takes the user for: if it has not read their token, for the last one on the device, or for everybody.
  const names = [...world.localStorage.keys()].filter((name) => /^deskbell-(reset|discard):/.test(name));
  const mark = names.find((name) => world.localStorage.get(name) != before.get(name));
  const user = mark?.split(":").pop() ?? "";
  world.tell(`the host resets, ${discard ? "and discards" : "and keeps submissions"} of "${user}"`, tab);
  for (const [text, known] of texts.known) {
    const isTheirs = !user || known.isAnonymous || known.owners.has(user);
    if (!isTheirs) continue;
    const isOnItsWay = known.isPressed && isSending(world, text);
    const isSent = (isOnItsWay || known.wasSealed) && !text.startsWith("bad");
    if (!isSent || discard) known.isRequired = false;
    // The device forgets the draft; until it has the submission, only the tab that sends it has the text.
    if (isOnItsWay && !known.wasSealed) known.isForgettable = true;
    const isOnlyDraft = drafts.has(text) && !outbox.has(text) && !known.isPressed;
    const isOnlyTheirs = !user || !known.owners.size || (known.owners.size == 1 && known.owners.has(user));
    if (isAlone && isOnlyDraft && isOnlyTheirs) known.isForgotten = true;
  }
  tab.person = "";
  tab.isOpen = tab.isUnknown = false;
};

/** All tabs end; somebody comes to a page on which help is not opened, and logs out. @param {Play} play @param {Tab} tab */
export const logOut = (play, tab) => {
  const { world } = play;
  for (const other of world.living) end(play, other);
  const opened = world.open(tab.number);
  identify(play, opened);
  reset(play, opened);
};

/** The panel is closed. @param {Play} play @param {Tab} tab */
export const hide = ({ world }, tab) => {
  if (!tab.isShown) return;
  world.tell(`tab ${tab.number}: help is closed`);
  tab.page.command("close");
};

/** The customer closes the tab; it ends a little later. @param {Play} play @param {Tab} tab */
export const close = ({ world }, tab) => {
  world.tell("is closed", tab);
  tab.isClosing = true;
  tab.page.document.visibilityState = "hidden";
  tab.page.document.dispatchEvent(new Event("visibilitychange"));
  tab.page.window.dispatchEvent(new Event("pagehide"));
};

/** The tab ends at once. @param {Play} play @param {Tab} tab */
export const end = ({ world, texts }, tab) => {
  world.tell("ends", tab);
  const others = new Set(world.living.filter((other) => other != tab).flatMap(composed));
  world.kill(tab);
  // What only its memory had is gone.
  for (const [text, known] of texts.known) {
    const wasKept = known.isForgettable ? known.wasSealed : known.wasStored;
    // What was not in the outbox yet is a draft again.
    if (!known.wasSealed && known.tab == tab.number && !isSending(world, text)) known.isPressed = false;
    if (!wasKept && !others.has(text) && !world.gateway.arrivals(text).length && known.tab == tab.number)
      known.isRequired = false;
  }
};
