/**
 * Runs a function once. A failure is forgotten, so that the next call tries again.
 * @template T @param {() => Promise<T>} act
 */
export const once = (act) => {
  /** @type {Promise<T> | undefined} */
  let done;
  return () => {
    done ??= act();
    done.catch(() => (done = undefined));
    return done;
  };
};
