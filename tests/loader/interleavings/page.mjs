// The page of a tab, as far as the loader's scripts know it.

import { IDBKeyRange } from "./database.mjs";
import { localStorageOf } from "./local-storage.mjs";
import { GLOBALS } from "./bundle.mjs";
import { AbortController, Event, Target, TextDecoder, atob } from "./platform.mjs";
import { FakeFile, copy } from "./values.mjs";

/** An element. */
class Element extends Target {
  dataset = {};
  children = /** @type {any[]} */ ([]);
  value = "";
  /** What was put after it. @type {any} */
  follower;
  relList = { supports: () => true };
  /** Whether it is a dialog that is open. */
  isShown = false;

  constructor(page) {
    super();
    this.page = page;
  }

  append(...nodes) {
    for (const node of nodes) {
      this.children.push(node);
      if (node instanceof Element) node.parent = this;
      if (node.rel == "modulepreload") this.page.preload(node);
    }
  }

  after(node) {
    this.follower = node;
    node.remove = () => this.follower == node && (this.follower = undefined);
  }

  // Its text replaces what is in it.
  set textContent(text) {
    this.children = [];
  }

  remove() {}
  setAttribute() {}
  matches() {
    return this.isShown;
  }
  getElementById() {
    return null;
  }
  click() {
    this.page.click(this);
  }
}

class Document extends Target {
  visibilityState = "visible";
  title = "";
  documentElement = { lang: "en", matches: () => false };
  get currentScript() {
    return null;
  }
  constructor(page) {
    super();
    this.createElement = () => new Element(page);
    this.createTextNode = () => new Element(page);
    this.querySelectorAll = () => [];
    this.head = new Element(page);
  }
}

class Window extends Target {}

const ADDRESS = "https://support.example/deskbell.mjs?site=acme";

export class Page {
  /** The modules that were loaded, by their names. @type {Map<string, any>} */
  modules = new Map();
  /** Why a script of the page has rejected or thrown. @type {unknown[]} */
  errors = [];

  /**
   * @param {import("./world.mjs").World} world @param {any} tab @param {Map<string, Function>} scripts
   * @param {object} program what the loader calls in the program
   */
  constructor(world, tab, scripts, program) {
    const { scheduler, device, network, locks, channels, random } = world;
    Object.assign(this, { world, tab, scripts, program });
    const window = (this.window = new Window());
    const document = (this.document = new Document(this));
    const timers = new Map();
    let count = 0;
    const setTimeout = (act, ms, ...args) => {
      const id = ++count;
      timers.set(
        id,
        scheduler.timer(tab, ms, () => (timers.delete(id), act(...args))),
      );
      return id;
    };
    const clearTimeout = (id) => {
      scheduler.cancel(timers.get(id));
      timers.delete(id);
    };
    // In a chain, so that the scheduler sees one at a time.
    const setInterval = (act, ms) => {
      const id = ++count;
      const again = () =>
        timers.set(
          id,
          scheduler.timer(tab, ms, () => (again(), act())),
        );
      again();
      return id;
    };
    const RealDate = Date;
    class SimulatedDate extends RealDate {
      constructor(...args) {
        super(...(args.length ? args : [scheduler.now]));
      }
      static now() {
        return scheduler.now;
      }
    }
    const SimulatedMath = Object.create(Math, { random: { value: () => random.next() } });
    const globals = (this.globals = {
      ...{ window, document, Document, Window, IDBKeyRange, URL, Event, AbortController, TextDecoder, atob },
      ...{
        setTimeout,
        clearTimeout,
        setInterval,
        clearInterval: clearTimeout,
        Date: SimulatedDate,
        Math: SimulatedMath,
      },
      navigator: { onLine: true, languages: ["en"], ...(world.hasLocks && { locks: locks.manager(tab) }) },
      location: { href: "https://host.example/", origin: "https://host.example", pathname: "/" },
      localStorage: localStorageOf(world.localStorage),
      indexedDB: device.factory(tab),
      crypto: { getRandomValues: (bytes) => bytes.forEach((_, index) => (bytes[index] = random.below(256))) || bytes },
      console: { warn() {}, error() {}, info() {}, log() {} },
      BroadcastChannel: channels.classOf(tab),
      XMLHttpRequest: network.requestClassOf(tab),
      WebAssembly: { Module: class {}, compileStreaming: async (answer) => void (await answer) },
      MutationObserver: class {
        observe() {}
        disconnect() {}
      },
      AbortSignal: {
        timeout: (ms) => {
          const ends = new AbortController();
          setTimeout(() => ends.abort(), ms);
          return ends.signal;
        },
      },
      fetch: network.fetchOf(tab),
      addEventListener: window.addEventListener.bind(window),
      dispatchEvent: window.dispatchEvent.bind(window),
      performance: { now: () => scheduler.now },
      structuredClone: copy,
      Blob: FakeFile,
      File: FakeFile,
    });
    this.values = GLOBALS.map((name) => globals[name]);
    this.load(ADDRESS, "deskbell.js");
  }

  /** Runs a script once. @param {string} url @param {string} [name] */
  load(url, name = url.split("/").pop() ?? "") {
    const known = this.modules.get(name);
    if (known) return known;
    const script = this.scripts.get(name);
    if (!script) throw new Error(`no script ${name}`);
    const require = (wanted) => (wanted == "program:glue" ? this.program : this.load(wanted));
    const module = { exports: {} };
    const loaded = script(require, module, module.exports, url, ...this.values);
    this.modules.set(name, loaded);
    return loaded;
  }

  /** A script is fetched before it runs. @param {any} link */
  preload(link) {
    const done = (answer) => (answer ? link.onload : link.onerror)();
    this.world.network.send(this.tab, { method: "GET", path: link.href, headers: {}, body: undefined }, done);
  }

  /** Presses what was drawn by the loader, or chooses the files of the tab in the browser's dialog. @param {any} element */
  click(element) {
    if (element.type != "file") return element.onclick?.();
    element.files = this.tab.chosen;
    element.onchange?.();
  }

  /** @param {string} name @param {any[]} args */
  command(name, ...args) {
    return this.window["deskbell"](name, ...args);
  }
}
