// One interleaving: what happens is decided by a seed.

import * as actors from "./actors.mjs";
import { checkAlways, checkEnd, checkRequest, checkSent, checkSettled, Violation } from "./checks.mjs";
import { Event } from "./platform.mjs";
import { Texts } from "./texts.mjs";
import { World } from "./world.mjs";

/** How many things happen before everything works again. */
const STEPS = 90;
/** More than anything takes to settle, in events and in time. */
const ENDLESS = 6000;
const SETTLED_MS = 7_200_000;
/** How long somebody may wait for the outcome of a message with its files, whatever does not answer. */
const PATIENCE_MS = 900_000;

export class Play {
  texts = new Texts();
  isHealthy = false;
  /** The commits on the device when the texts were checked last. */
  seen = { commits: 0 };
  /** A violation that was found where nothing catches it. @type {unknown} */
  found;

  /** @param {number} seed @param {boolean} isReliable whether storage does what it should */
  constructor(seed, isReliable) {
    this.isReliable = isReliable;
    this.world = new World(seed);
    const { world } = this;
    world.hasLocks = seed % 5 != 0;
    world.hasTokens = seed % 7 != 0;
    const theme = world.random.pick(THEMES);
    this.badness = theme == "refusals" ? 50 : 20;
    this.acts = ACTS.map(([weight, act, themes]) => ({
      weight: weight * (themes?.includes(theme) ? 4 : 1) * world.random.pick([0.3, 1, 1, 2]),
      act,
    }));
    this.total = this.acts.reduce((sum, { weight }) => sum + weight, 0);
    world.network.faults = [0, 10, 30, 60][world.random.below(4)];
    world.gateway.watchers.push((request, sub) => this.note(() => checkRequest(this, request, sub)));
    world.note = (tab, what, detail) => {
      const reference = what == "sent" ? detail.reference : what == "receipt" && JSON.parse(detail).reference;
      if (reference) this.note(() => checkSent(this, reference));
    };
  }

  /** Remembers a violation. @param {() => void} check */
  note(check) {
    try {
      check();
    } catch (violation) {
      this.found ??= violation;
    }
  }

  hasFaults = () => !this.isHealthy;

  /** Runs something, and checks what must always hold. @param {() => unknown} act */
  async happen(act) {
    act();
    await this.world.scheduler.settle();
    this.afterwards();
  }

  afterwards() {
    const { world, texts } = this;
    for (const tab of world.living) {
      const before = tab.lastUser;
      tab.lastUser = tab.user;
      // What was written before any user was declared belongs to the one who is.
      if (!before && tab.lastUser) {
        const items = tab.program.items.map((item) => item.text);
        // Of what was sent only this page may know.
        const sent = [...texts.known].filter(
          ([, known]) => known.isAnonymous && known.isPressed && known.tab == tab.number,
        );
        for (const text of [...actors.composed(tab), ...items, ...sent.map(([text]) => text)])
          texts.claim(text, tab.user);
        for (const name of tab.files) texts.files.get(name)?.add(tab.user);
      }
      for (const text of actors.composed(tab))
        texts.change(text, (known) => {
          known.tab = tab.number;
          if (!known.isOpen || before == tab.lastUser) return;
          if (tab.lastUser) known.owners.add(tab.lastUser);
          else known.isAnonymous = true;
        });
    }
    if (this.found) throw this.found;
    checkAlways(this);
  }

  /** @param {import("./scheduler.mjs").Event} event */
  async step(event) {
    await this.world.run(event);
    this.afterwards();
  }

  /** Plays it to its end. */
  async run() {
    for (let nth = 0; nth < STEPS; nth++) await this.something();
    await this.wait();
    await this.finish();
  }

  /** Whatever does not answer goes on like that, also a tab of which nobody hears: all others learn what became of what they send. */
  async wait() {
    const { world } = this;
    const { scheduler, random, device } = world;
    const silent = random.chance(30) ? random.pick(world.tabs) : undefined;
    // A browser does not suspend a tab while others wait for its transaction.
    const isSilent = silent && !device.transactions.some(({ owner }) => owner == silent);
    const goesOn = ({ owner }) => !isSilent || owner != silent;
    const waiting = () => world.living.find((tab) => tab.isWaiting && goesOn({ owner: tab }));
    for (const end = scheduler.now + PATIENCE_MS; waiting();) {
      const event = scheduler.ready().find(goesOn) ?? scheduler.nextTimer(goesOn);
      if (!event || scheduler.now > end) throw new Violation(`tab ${waiting().number} waits for ever`);
      await this.step(event);
    }
  }

  async something() {
    const { world } = this;
    const { random, scheduler } = world;
    if (random.chance(72)) {
      const ready = scheduler.ready();
      const tab = random.pick(world.tabs);
      const timer = scheduler.nextTimer(tab && random.chance(20) ? ({ owner }) => owner == tab : undefined);
      const event = ready.length && (!timer || random.chance(85)) ? random.pick(ready) : timer;
      if (event) return this.step(event);
    }
    const number = random.below(world.tabs.length);
    const tab = world.tabs[number];
    if (!tab) {
      return this.happen(() => {
        world.tell(`tab ${number} is opened`);
        const opened = world.open(number);
        if (random.chance(60)) actors.identify(this, opened);
        if (random.chance(70)) actors.open(this, opened);
      });
    }
    const act = tab.isClosing ? actors.end : this.pick(random.next() * this.total);
    return this.happen(() => void act(this, tab));
  }

  /** @param {number} position between 0 and the sum of all weights */
  pick(position) {
    for (const { weight, act } of this.acts) if ((position -= weight) < 0) return act;
    return actors.type;
  }

  /** Everything works again, and everybody comes back. */
  async finish() {
    const { world } = this;
    world.tell("everything works again");
    this.isHealthy = true;
    world.network.faults = 0;
    world.network.isOnline = true;
    world.gateway.rejectsTokens = false;
    world.device.mode = "good";
    world.device.unlucky = 0;
    await this.happen(() => {
      for (const tab of world.living) tab.page.window.dispatchEvent(new Event("online"));
    });
    await this.settle();
    checkSettled(this);
    const people = ["", "ada", "ben"];
    await this.happen(() => {
      for (const tab of world.living) actors.end(this, tab);
      world.tell("everybody comes back");
      for (const [number, person] of people.entries()) {
        const tab = world.open(number);
        if (person) actors.identify(this, tab, person);
        actors.open(this, tab);
      }
    });
    await this.settle();
    for (const { key, user, heir, refused } of world.device.all("outbox")) {
      const tab = world.living[people.indexOf(user || heir || "")];
      if (!refused) await this.happen(() => tab.program.loader.sendAgain(key, true));
    }
    await this.settle();
    checkSettled(this);
    checkEnd(this);
  }

  /** Lets everything happen that was begun, and time pass, until nothing is left. */
  async settle() {
    const { scheduler } = this.world;
    const end = scheduler.now + SETTLED_MS;
    for (let nth = 0; nth < ENDLESS && scheduler.now < end; nth++) {
      const event = scheduler.ready()[0] ?? scheduler.nextTimer();
      if (!event) return;
      await this.step(event);
    }
    throw new Violation("it never ends");
  }
}

/** What a play has more of than others. */
const THEMES = ["", "", "refusals", "files", "replies", "people"];

/** What can happen besides what was begun, how often, and in which themes it is more frequent. @type {[number, (play: Play, tab: import("./world.mjs").Tab) => unknown, string?][]} */
const ACTS = [
  [14, actors.type, "refusals"],
  [12, actors.send, "refusals files"],
  [6, actors.attach, "files"],
  [3, actors.add],
  [4, actors.converse, "replies"],
  [6, actors.typeReply, "replies"],
  [6, actors.sendReply, "replies"],
  [14, actors.useOutbox, "refusals"],
  [4, actors.chooseOffer],
  [2, actors.finish],
  [5, (play, tab) => actors.identify(play, tab), "people"],
  [3, actors.reset, "people"],
  [1, actors.logOut, "people"],
  [4, actors.open],
  [2, actors.hide, "people"],
  [5, actors.end, "files"],
  [2, actors.close],
  [3, ({ world }, tab) => void tab.page.window.dispatchEvent(new Event("online"))],
  [2, ({ world }, tab) => void tab.page.document.dispatchEvent(new Event("visibilitychange"))],
  [
    3,
    ({ world }) => change(world, "network", (network) => (network.faults = world.random.pick([0, 10, 40, 100]))),
    "refusals files",
  ],
  [1, ({ world }) => change(world, "gateway", (gateway) => (gateway.rejectsTokens = world.random.chance(40)))],
  [1, ({ world }) => change(world, "gateway", (gateway) => gateway.files.clear()), "files"],
  [
    4,
    ({ world, isReliable }) => {
      if (isReliable) return;
      world.device.mode = world.random.pick(["good", "good", "failing", "full", "full-at-commit", "hanging"]);
      world.tell(`storage is ${world.device.mode}`);
    },
  ],
  [
    3,
    ({ world, isReliable }) => {
      if (isReliable) return;
      world.device.unlucky = 1;
      world.tell("storage refuses the next change");
    },
    "refusals",
  ],
];

const change = (world, name, act) => {
  const value = act(world[name]);
  world.tell(`${name}: ${value}`);
};
