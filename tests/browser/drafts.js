/** The texts of the drafts on the device, sorted. @param {import("@playwright/test").Page} page @returns {Promise<string[]>} */
export const drafts = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("deskbell");
        // Nothing is there yet, and it is not ours to make.
        request.onupgradeneeded = () => request.transaction?.abort();
        request.onerror = () => (request.error?.name == "AbortError" ? resolve([]) : reject(request.error));
        request.onsuccess = () => {
          const all = request.result.transaction("drafts").objectStore("drafts").getAll();
          all.onsuccess = () => {
            request.result.close();
            const texts = all.result.map((/** @type {any} */ draft) => draft.ticket?.message);
            resolve(texts.filter((text) => text != undefined).sort());
          };
        };
      }),
  );
