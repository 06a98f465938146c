// The simulated clock, and everything that is about to happen. Whoever runs the simulation decides what happens next.

/**
 * @typedef {object} Event
 * @property {any} owner the tab to which it happens; none for what happens outside of tabs
 * @property {string} label
 * @property {() => void} act
 * @property {number} [due] when a timer fires
 * @property {() => boolean} [ready] whether it can happen now; always without it
 */

export class Scheduler {
  now = 1_800_000_000_000;
  /** What can happen in any order, oldest first. @type {Event[]} */
  events = [];
  /** Timers. @type {Set<Event>} */
  timers = new Set();
  /** The tabs that have ended. @type {WeakSet<object>} */
  gone = new WeakSet();
  /** Called after each event and all that follows from it at once. @type {Set<() => void>} */
  afterwards = new Set();

  /** Something will happen. @param {any} owner @param {string} label @param {() => void} act @param {() => boolean} [ready] */
  later(owner, label, act, ready) {
    const event = { owner, label, act, ready };
    if (!this.gone.has(owner)) this.events.push(event);
    return event;
  }

  /** @param {any} owner @param {number} ms @param {() => void} act */
  timer(owner, ms, act) {
    const delay = Math.max(0, Number(ms) || 0);
    const event = { owner, label: `timer of ${Math.round(delay)} ms`, act, due: this.now + delay };
    if (!this.gone.has(owner)) this.timers.add(event);
    return event;
  }

  /** @param {Event | undefined} event */
  cancel(event) {
    if (!event) return;
    this.timers.delete(event);
    const index = this.events.indexOf(event);
    if (index >= 0) this.events.splice(index, 1);
  }

  /** What can happen now. */
  ready() {
    return this.events.filter(({ ready }) => !ready || ready());
  }

  /** The timer that is due next, of all or some. @param {(timer: Event) => boolean} [isMeant] @returns {Event | undefined} */
  nextTimer(isMeant) {
    let next;
    for (const timer of this.timers) if ((!next || timer.due < next.due) && (!isMeant || isMeant(timer))) next = timer;
    return next;
  }

  /** Nothing happens to an owner any more. @param {any} owner */
  drop(owner) {
    this.gone.add(owner);
    this.events = this.events.filter((event) => event.owner != owner);
    for (const timer of this.timers) if (timer.owner == owner) this.timers.delete(timer);
  }

  /** Makes an event happen, with everything that follows from it at once. @param {Event} event */
  async run(event) {
    this.cancel(event);
    if (event.due) this.now = Math.max(this.now, event.due);
    event.act();
    await this.settle();
  }

  /** Lets all promises settle whose results are there. */
  async settle() {
    await new Promise(setImmediate);
    for (const act of this.afterwards) act();
    this.now += 1;
  }
}
