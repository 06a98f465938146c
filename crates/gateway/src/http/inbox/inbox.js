// What the pages do beyond what they do without it: times in the agent's zone, copying, and a few keys.

// Times come in UTC; here they are shown in the zone of the browser, with the time in UTC as a hint.
/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const SHOWN = {
  minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  second: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
};
for (const time of document.querySelectorAll("time[data-shows]")) {
  const shows = time.getAttribute("data-shows") ?? "";
  const at = new Date(time.getAttribute("datetime") ?? "");
  const options = SHOWN[shows];
  if (!options || Number.isNaN(at.getTime())) continue;
  const zone = shows == "clock" ? {} : { timeZoneName: /** @type {const} */ ("short") };
  time.setAttribute("title", time.textContent ?? "");
  time.textContent = new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options, ...zone }).format(at);
}

// Copies what a button names by `data-copy`: the text of a read-only field, which can be copied by hand as well.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.getAttribute("data-copy") ?? "");
  if (!(button instanceof HTMLButtonElement) || !(field instanceof HTMLTextAreaElement)) continue;
  const status = button.parentElement?.querySelector("[role=status]");
  button.addEventListener("click", async () => {
    const copied = await copy(field);
    if (status) status.textContent = copied ? "Copied" : "Press Ctrl+C to copy the selected text";
  });
  button.hidden = false;
}

/**
 * @param {HTMLTextAreaElement} field
 * @returns {Promise<boolean>} false where the browser allows neither way; then the text is selected in sight
 */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Without TLS there is no clipboard for pages, or it was refused.
    field.closest("details")?.setAttribute("open", "");
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

// Ctrl+Enter sends an answer; a slash leads to the search, where nobody types.
document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (target instanceof HTMLTextAreaElement && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const button = target.form?.querySelector("button[type=submit]");
    if (button instanceof HTMLButtonElement) target.form?.requestSubmit(button);
    return;
  }
  const typing = target instanceof Element && target.matches("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.getElementById("q");
  if (!search) return;
  event.preventDefault();
  search.focus();
});
