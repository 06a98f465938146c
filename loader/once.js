/**
 * Does something once; a failure is forgotten, so that the next one may have better luck.
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
