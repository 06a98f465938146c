// Carries out a `reset` where nothing is loaded that could.

/** @typedef {import("../widget-loader.js").Parts} Parts */

/**
 * Deletes the data that a `reset` asks for, where nothing is loaded that could. Without a database there is none.
 * @param {() => Promise<any>} glue fetches the widget's module @param {Parts} parts
 */
export const finishReset = async (glue, parts) => {
  const kept = (await indexedDB.databases?.()) ?? [{ name: "deskbell" }];
  if (kept.some(({ name }) => name == "deskbell")) return (await glue()).finishReset(parts);
  for (const mark of Object.keys(localStorage))
    if (/^deskbell-(reset|discard):/.test(mark)) localStorage.removeItem(mark);
};
