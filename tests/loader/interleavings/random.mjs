// Random numbers from a seed, so that every run can be repeated.

/** @param {number} seed */
export const seeded = (seed) => {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0;
  /** A number from 0 to less than 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    /** A whole number from 0 to less than `limit`. @param {number} limit */
    below: (limit) => Math.floor(next() * limit),
    /** Whether something with a probability in percent happens. @param {number} percent */
    chance: (percent) => next() * 100 < percent,
    /** @template T @param {T[]} list @returns {T} */
    pick: (list) => list[Math.floor(next() * list.length)],
  };
};
