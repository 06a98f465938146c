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
