// What must hold after every event, and in the end.

import { draftText, onDevice } from "./texts.mjs";

/** What does not hold, in a sentence. */
export class Violation extends Error {}

/** @param {boolean} holds @param {() => string} sentence */
const demand = (holds, sentence) => {
  if (!holds) throw new Violation(sentence());
};

/** After every event. @param {import("./play.mjs").Play} play */
export const checkAlways = ({ world, texts, seen }) => {
  const { device, gateway } = world;
  if (seen.commits != device.commits) {
    seen.commits = device.commits;
    const { drafts, outbox } = onDevice(device);
    // What was sent before any user was declared belongs to the one who is.
    for (const { text, user, heir } of device.all("outbox"))
      texts.change(text, (known) => void (!user && heir && known.isAnonymous && known.owners.add(heir)));
    for (const [text, known] of texts.known) {
      const isStored = drafts.has(text) || outbox.has(text);
      known.wasStored ||= isStored;
      if (!known.wasSealed && outbox.has(text)) {
        known.wasSealed = true;
        const { place, refused } = device.all("outbox").find((item) => item.text == text);
        const draft = device.entries("drafts").find(([key]) => key == place)?.[1];
        // What was refused becomes a draft again. A device that stored nothing until then has both.
        demand(refused || !draft || draftText(draft) != text, () => `${text} is a submission and still a draft`);
      }
      const isSomewhere = isStored || gateway.arrivals(text).length > 0;
      const wasKept = known.isForgettable ? known.wasSealed : known.wasStored;
      demand(!known.isRequired || !wasKept || isSomewhere, () => `${text} was stored and is nowhere`);
    }
  }
  for (const tab of world.living) {
    const { program, number, user } = tab;
    if (!program.loader) continue;
    // Nobody knows whether it is still the previous user, who may be writing.
    const isAnother = tab.isUnknown && !tab.isShown && user && user != tab.person;
    demand(!isAnother, () => `tab ${number} is still that of "${user}"`);
    const shown = [tab.text, program.conversation?.text, ...program.items.map((item) => item.text)];
    for (const text of shown)
      demand(!text || texts.isTheirs(text, user), () => `tab ${number} shows ${text} to "${user}"`);
  }
  demand(!gateway.reused.length, () => `key ${gateway.reused[0]} came with two bodies`);
};

/**
 * A submission comes to the gateway.
 * @param {import("./play.mjs").Play} play @param {{body: any, ticket: string}} request @param {string} sub the signed user
 */
export const checkRequest = ({ texts, world }, { body, ticket }, sub) => {
  const text = body.message.split("\n\n")[0];
  const known = texts.known.get(text);
  demand(!!known, () => `nobody wrote ${text}`);
  demand(!sub || known.owners.has(sub), () => `${text} is sent as ${sub}`);
  const person = /^(ada|ben)@/.exec(body.contact?.email ?? "")?.[1];
  demand(!person || known.owners.has(person), () => `${text} is sent with the name of ${person}`);
  const reader = ticket.replace("t-", "");
  // Those of a session have its random digits as their reader.
  const isReaders = reader.length == 32 || known.owners.has(reader);
  demand(!reader || isReaders, () => `${text} is sent to a ticket of ${reader}`);
  for (const id of body.attachments ?? []) {
    const name = world.gateway.files.get(id)?.name;
    const owners = name && texts.files.get(name);
    const isTheirs = !owners || [...owners].some((owner) => (owner ? known.owners.has(owner) : known.isAnonymous));
    demand(isTheirs, () => `${text} is sent with ${name} of ${[...owners]}`);
  }
};

/** Something is shown or reported as sent. @param {import("./play.mjs").Play} play @param {string} reference */
export const checkSent = ({ world }, reference) => {
  const isThere = [...world.gateway.stored.values()].some((arrival) => arrival.reference == reference);
  demand(isThere, () => `${reference} is shown as sent`);
};

/** Everything works again, and everything that was begun has ended. @param {import("./play.mjs").Play} play */
export const checkSettled = ({ world, texts, isReliable }) => {
  const { drafts, outbox } = onDevice(world.device);
  for (const tab of world.living) {
    const { program, number } = tab;
    if (!program.loader) continue;
    demand(!tab.isWaiting, () => `tab ${number} sends for ever`);
    demand(tab.person == tab.user, () => `tab ${number} is that of "${tab.user}" and not of "${tab.person}"`);
    const mine = world.device.all("outbox").filter(({ user, heir }) => (user || heir || "") == tab.user).length;
    demand(
      tab.state.queued == mine || !tab.hasModules,
      () => `tab ${number} counts ${tab.state.queued} submissions of ${mine}`,
    );
  }
  for (const [place, draft] of world.device.entries("drafts")) {
    const [, user] = place.split("\n");
    demand(texts.isTheirs(draftText(draft), user), () => `${draftText(draft)} is a draft of "${user}"`);
  }
  for (const { text, user } of world.device.all("outbox"))
    demand(texts.isTheirs(text, user), () => `${text} is a submission of "${user}"`);
  for (const [text, known] of texts.known) {
    const arrivals = world.gateway.arrivals(text);
    const isStored = drafts.has(text) || outbox.has(text);
    // Storage may not have taken it.
    const isHeld = !known.wasStored && !isReliable && !known.isPressed;
    demand(!known.isRequired || isStored || isHeld || arrivals.length > 0, () => `${text} is nowhere`);
    const isApart = known.isAnonymous && known.owners.size > 1;
    demand(arrivals.length < 2 || isApart || !isReliable, () => `${text} has arrived ${arrivals.length} times`);
    demand(!known.isDone || !isStored || !isReliable, () => `${text} was done with, and comes back`);
  }
};

/**
 * Everybody was there again: what was sent off has arrived, whole, and does not come back.
 * @param {import("./play.mjs").Play} play
 */
export const checkEnd = ({ world, texts, isReliable }) => {
  const { drafts, outbox } = onDevice(world.device);
  for (const [text, known] of texts.known) {
    const arrivals = world.gateway.arrivals(text);
    const waits = outbox.has(text);
    if (known.wasSealed && known.isRequired && !text.startsWith("bad"))
      demand(arrivals.length > 0 || drafts.has(text), () => `${text} has not arrived`);
    demand(!waits || !known.isDiscarded || !isReliable, () => `${text} was discarded and is in the outbox`);
    demand(!waits || text.startsWith("bad") || !known.isRequired, () => `${text} waits for ever`);
    const isStored = drafts.has(text) || waits;
    demand(!known.isForgotten || !isStored || !isReliable, () => `${text} was to be forgotten`);
    if (!isReliable || !arrivals.length) continue;
    const isApart = known.isAnonymous && known.owners.size > 0;
    demand(!drafts.has(text) || isApart, () => `${text} has arrived and is a draft again`);
    if (!known.isRequired) continue;
    const whole = arrivals.map(({ whole }) => whole).join();
    for (const name of known.files) {
      const isThere =
        whole.includes(name) || arrivals.some(({ body }) => hasFile(world.gateway, body, name)) || isLeft(world, name);
      demand(isThere, () => `${text} came without ${name}, and does not say so`);
    }
  }
};

/** Whether a draft has a file, which another tab has continued. @param {import("./world.mjs").World} world @param {string} name */
const isLeft = ({ device }, name) => {
  const owners = new Set(device.entries("drafts").map(([place, { id }]) => id ?? `reply:${place.split("\n")[2]}`));
  return device.all("files").some((file) => file.name == name && owners.has(file.of));
};

/** @param {import("./gateway.mjs").Gateway} gateway @param {any} body @param {string} name */
const hasFile = (gateway, body, name) => (body.attachments ?? []).some((id) => gateway.files.get(id)?.name == name);
