/** Random numbers from 0 to 1, the same for the same seed (mulberry32). @param {number} seed */
export const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

/** A random element. @template T @param {() => number} chance @param {readonly T[]} among @returns {T} */
export const pick = (chance, among) => /** @type {T} */ (among[Math.floor(chance() * among.length)]);
