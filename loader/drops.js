// Files that are dropped on the panel or pasted into it.

/**
 * Listens for dropped and pasted files.
 * @param {HTMLElement} dialog @param {(files: FileList | undefined) => void} take
 */
export const drops = (dialog, take) => {
  const carries = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  const over = (/** @type {boolean} */ on) => dialog.classList.toggle("dropping", on);
  dialog.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    over(true);
  });
  dialog.addEventListener("dragleave", (event) => {
    if (!dialog.contains(/** @type {Node | null} */ (event.relatedTarget))) over(false);
  });
  dialog.addEventListener("drop", (event) => {
    over(false);
    if (!carries(event)) return;
    event.preventDefault();
    take(event.dataTransfer?.files);
  });
  dialog.addEventListener("paste", (event) => {
    const { clipboardData } = event;
    // If a program copies both text and a picture of it, the text is meant.
    if (!clipboardData?.files.length || clipboardData.getData("text/plain")) return;
    event.preventDefault();
    take(clipboardData.files);
  });
};
