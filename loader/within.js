/** How long a script may take: a connection that is dead is given up, and whoever needs the script next tries again. */
export const SCRIPT_MS = 60_000;

/**
 * Rejects if a promise does not settle in time.
 * @template T @param {number} ms @param {Promise<T>} promise @returns {Promise<T>}
 */
export const within = (ms, promise) => {
  /** @type {any} */
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, ms, new Error("late"))));
  return /** @type {Promise<T>} */ (Promise.race([promise, late]).finally(() => clearTimeout(timer)));
};
