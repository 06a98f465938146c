// Lets the panel on this site's help page read the tickets of the link as well: sends the anonymous session of this browser along, or a new one, as
// loader/session.js makes it. Without it the tickets are shown once.

/** @type {HTMLInputElement | null} */
const field = document.querySelector("input[name=session]");
try {
  const place = `deskbell:${field.dataset.site}:session`;
  let kept = localStorage[place];
  if (kept?.length != 32) {
    kept = "";
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) kept += byte.toString(16).padStart(2, "0");
    localStorage[place] = kept;
  }
  if (localStorage[place] == kept) field.value = kept;
} catch {}
