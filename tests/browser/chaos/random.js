/** Random numbers from 0 to 1, the same for the same seed (mulberry32). @param {number} seed */
export const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let hash = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  hash = (hash + Math.imul(hash ^ (hash >>> 7), 61 | hash)) ^ hash;
  return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32;
};

/** A random element. @template T @param {() => number} chance @param {readonly T[]} among @returns {T} */
export const pick = (chance, among) => /** @type {T} */ (among[Math.floor(chance() * among.length)]);
