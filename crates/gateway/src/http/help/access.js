// The anonymous session of this browser, as loader/session.js makes it: for whoever chooses that the panel on this site's help page reads the tickets of a
// link as well, and for whoever ends that. Without it the tickets are shown once.

/** The session that is stored; empty if there is none. @param {string} site */
const storedSession = (site) => {
  const kept = localStorage[`deskbell:${site}:session`];
  return kept?.length == 32 ? kept : "";
};

/** The stored session, or a new one; empty if it cannot be stored. @param {string} site */
const makeSession = (site) => {
  let made = storedSession(site);
  if (!made) {
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) made += byte.toString(16).padStart(2, "0");
    localStorage[`deskbell:${site}:session`] = made;
  }
  return storedSession(site);
};

/** @type {NodeListOf<HTMLInputElement>} */
const fields = document.querySelectorAll("input[name=session]");
for (const field of fields) {
  const { site } = field.dataset;
  const isChoice = field.type == "checkbox";
  // Says that there is something to forget.
  const mark = `deskbell:${site}:granted`;
  try {
    field.value = storedSession(site);
    field.form.addEventListener("submit", () => {
      try {
        if (!isChoice) delete localStorage[mark];
        else if (field.checked) {
          field.value = makeSession(site);
          localStorage[mark] = "1";
        }
      } catch {}
    });
    if (isChoice || (field.value && localStorage[mark]))
      /** @type {HTMLElement} */ (field.closest("[hidden]")).hidden = false;
  } catch {}
}
