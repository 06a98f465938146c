// Finishes a `reset` on a page that has not loaded the code for it. Until then there is a mark on the device
// (`forget.js`).

/** @typedef {import("../widget-loader.js").Parts} Parts */

/**
 * Loads the widget's code to delete the data that a `reset` names. If there is no database, only the marks are deleted.
 * @param {() => Promise<any>} loadWidget fetches the widget's module @param {Parts} parts
 */
export const finishReset = async (loadWidget, parts) => {
  const marks = Object.keys(localStorage).filter((name) => /^deskbell-(reset|discard):/.test(name));
  // Code that was loaded has deleted the data and the mark already.
  if (!marks.length) return;
  const databases = (await indexedDB.databases?.()) ?? [{ name: "deskbell" }];
  if (databases.some(({ name }) => name == "deskbell")) return (await loadWidget()).finishReset(parts);
  for (const mark of marks) localStorage.removeItem(mark);
};
