// Progressive enhancement of the inbox: times in the agent's time zone, copy buttons, and a few keys.

// Pages contain times in UTC; this shows them in the time zone of the browser, with the UTC time as a tooltip.
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

// Copies the field that a button names by `data-copy`: a read-only text, which can be copied by hand as well.
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
    // Without TLS pages have no clipboard, or access was denied.
    field.closest("details")?.setAttribute("open", "");
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

// Ctrl+Enter submits an answer; a slash focuses the search, unless the agent is typing in a field.
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
