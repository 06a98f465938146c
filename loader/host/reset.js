// Carries out a `reset` where nothing is loaded that could. What it leaves on the device until then is a mark
// (`forget.js`).

/** @typedef {import("../widget-loader.js").Parts} Parts */

/**
 * Deletes the data that a `reset` asks for, where nothing is loaded that could. Without a database there is none.
 * @param {() => Promise<any>} glue fetches the widget's module @param {Parts} parts
 */
export const finishReset = async (glue, parts) => {
  const marks = Object.keys(localStorage).filter((name) => /^deskbell-(reset|discard):/.test(name));
  // What runs has carried it out, and removed the mark.
  if (!marks.length) return;
  const kept = (await indexedDB.databases?.()) ?? [{ name: "deskbell" }];
  if (kept.some(({ name }) => name == "deskbell")) return (await glue()).finishReset(parts);
  for (const mark of marks) localStorage.removeItem(mark);
};
