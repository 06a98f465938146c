// Three tabs of one browser, their device, and the gateway.

import { Channels, Locks } from "./between-tabs.mjs";
import { compile, scripts } from "./bundle.mjs";
import { Device } from "./database.mjs";
import { Gateway } from "./gateway.mjs";
import { Network } from "./network.mjs";
import { Page } from "./page.mjs";
import { Program } from "./program.mjs";
import { seeded } from "./random.mjs";
import { Scheduler } from "./scheduler.mjs";

export const TABS = 3;
/** One context for each tab, which all worlds use: making one takes longer than an interleaving. */
const CONTEXTS = Array.from({ length: TABS }, () => compile(scripts));

/** A tab of the browser, in which somebody uses the host's page. */
export class Tab {
  /** The files that somebody chooses. @type {any[]} */
  chosen = [];
  /** The names of those that were chosen in it. @type {string[]} */
  files = [];
  /** Who uses the page according to the host; empty if nobody is logged in. */
  person = "";

  /** Whether it is not known yet whom the host has declared: what is written meanwhile is for whoever that is. */
  isOpen = false;
  /** The token of whom the host has declared last, or its function. @type {any} */
  provide;
  /** Whether that function has failed when it was called last. */
  isUnknown = false;
  /** Whether the customer has closed it. */
  isClosing = false;
  /** The user as the loader knew them after the last event. */
  lastUser = "";

  /** @param {World} world @param {number} number */
  constructor(world, number) {
    this.world = world;
    this.number = number;
    this.program = new Program((what, detail) => world.note(this, what, detail));
    this.page = new Page(world, this, CONTEXTS[number], this.program.exports);
    this.program.fetch = async (url) => {
      try {
        const answer = await this.page.globals.fetch(url);
        return answer.ok ? JSON.parse(await answer.text()) : undefined;
      } catch {}
    };
    for (const name of ["sent", "failed"]) this.page.command("on", name, (detail) => world.note(this, name, detail));
  }

  /** The values that the host has set, once the panel was opened. */
  get state() {
    return this.program.loader?.state;
  }

  /** The user as the loader knows them. */
  get user() {
    return `${this.state?.user?.id ?? ""}`;
  }

  /** What is in the box. */
  get text() {
    return this.program.loader ? this.program.box.value : "";
  }

  /** Whether the panel is open. */
  get isShown() {
    return !!this.program.loader?.dialog.isShown;
  }

  /** Whether somebody waits for something to be sent. */
  get isWaiting() {
    return this.program.isSealed || !!this.program.conversation?.isBusy;
  }

  /** Whether the scripts that store anything are loaded. */
  get hasModules() {
    return this.program.loader?.extras().website != undefined;
  }

  /** @param {string} text */
  shows(text) {
    return this.text == text || this.program.conversation?.text == text;
  }

  /** Whether a text is being sent. @param {string} text */
  isSending(text) {
    const { program } = this;
    const { conversation } = program;
    return (program.isSealed && this.text == text) || (!!conversation?.isBusy && conversation.text == text);
  }

  /** The button that offers another draft. */
  get offer() {
    return this.program.loader?.box.follower?.children.find((child) => child.onclick);
  }
}

export class World {
  scheduler = new Scheduler();
  gateway = new Gateway();
  /** @type {Map<string, string>} */
  localStorage = new Map();
  /** @type {(Tab | undefined)[]} */
  tabs = Array.from({ length: TABS });
  hasLocks = true;
  /** Whether the host signs tokens for its users. */
  hasTokens = true;
  /** What happened: when, and in words. @type {[number, any, string][]} */
  events = [];
  /** Called with what a tab shows or reports. @type {(tab: Tab, what: string, detail: any) => void} */
  note = () => {};

  /** @param {number} seed */
  constructor(seed) {
    this.random = seeded(seed);
    this.device = new Device(this.scheduler);
    this.locks = new Locks(this.scheduler);
    this.channels = new Channels(this.scheduler);
    this.network = new Network(this.scheduler, this.gateway, this.random);
    this.issued = 0;
  }

  /** @param {string} line @param {Tab} [tab] */
  tell(line, tab) {
    this.events.push([this.scheduler.now, tab, line]);
  }

  /** What happened, for people. */
  get trace() {
    const seconds = (time) => ((time - 1_800_000_000_000) / 1000).toFixed(3);
    return this.events
      .map(([time, tab, line]) => `${seconds(time)} ${tab ? `tab ${tab.number}: ` : ""}${line}`)
      .join("\n");
  }

  /** @param {number} number */
  open(number) {
    return (this.tabs[number] = new Tab(this, number));
  }

  /** A tab ends at once. @param {Tab} tab */
  kill(tab) {
    this.tabs[tab.number] = undefined;
    this.scheduler.drop(tab);
    this.device.drop(tab);
    this.locks.drop(tab);
    this.channels.drop(tab);
  }

  /** A token of a user, as the host signs it. @param {string} id */
  token(id) {
    const iat = Math.floor(this.scheduler.now / 1000);
    const claims = { sub: id, name: id, email: `${id}@host.example`, iat, exp: iat + 300, jti: `${++this.issued}` };
    return `e30.${btoa(JSON.stringify(claims))}.`;
  }

  /** The open tabs. @returns {Tab[]} */
  get living() {
    return /** @type {Tab[]} */ (this.tabs.filter(Boolean));
  }

  /** @param {import("./scheduler.mjs").Event} event */
  async run(event) {
    this.tell(event.label, event.owner);
    await this.scheduler.run(event);
  }
}
