// Pages replace their root element, or what is in it: frameworks that draw the whole document, `document.open()`, views
// that contain the panel.

/** How often the panel is put back on a page that removes it. */
const RESTORES = 10;

/**
 * Calls a function when the page has removed Deskbell's element, until it does so once too often.
 * @param {Element} element @param {import("./widget-loader.js").Parts} parts @param {() => unknown} removed
 */
export const watchRoot = (element, { script, signal }, removed) => {
  let left = RESTORES;
  const subtree = !!script.dataset["mount"];
  const watch = () => {
    observer.observe(document, { childList: true });
    if (document.documentElement) observer.observe(document.documentElement, { childList: true, subtree });
  };
  const observer = new MutationObserver((changes) => {
    if (changes.some(({ target }) => target == document)) watch();
    if (!element.isConnected && document.documentElement && left-- > 0) removed();
  });
  watch();
  signal.addEventListener("abort", () => observer.disconnect());
};
