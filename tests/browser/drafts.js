/**
 * The records of a store in the device's database.
 * @param {import("@playwright/test").Page} page @param {string} store @returns {Promise<any[]>}
 */
export const readStore = (page, store) =>
  page.evaluate(
    (store) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("deskbell");
        // The database does not exist yet, and this function must not create it.
        request.onupgradeneeded = () => request.transaction?.abort();
        request.onerror = () => (request.error?.name == "AbortError" ? resolve([]) : reject(request.error));
        request.onsuccess = () => {
          const all = request.result.transaction(store).objectStore(store).getAll();
          all.onsuccess = () => {
            request.result.close();
            resolve(all.result);
          };
        };
      }),
    store,
  );

/**
 * The texts of the drafts on the device, sorted.
 * @param {import("@playwright/test").Page} page @returns {Promise<string[]>}
 */
export const drafts = async (page) => {
  const texts = (await readStore(page, "drafts")).map((draft) => draft.ticket?.message);
  return texts.filter((text) => text != undefined).sort();
};
