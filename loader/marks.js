// Counters on the host's own triggers, which the host may style.

/**
 * Keeps an attribute of the triggers equal to a count, also on triggers that are added later.
 * @param {string} attribute @param {string} triggers @param {AbortSignal} signal ends it
 */
export const marks = (attribute, triggers, signal) => {
  /** @type {number | undefined} */
  let count;
  /** @param {Element} entry */
  const mark = (entry) => {
    const value = count ? `${count}` : null;
    if (entry.getAttribute(attribute) == value) return;
    if (value) entry.setAttribute(attribute, value);
    else entry.removeAttribute(attribute);
  };
  /** @param {NodeListOf<Element>} entries */
  const markAll = (entries) => entries.forEach(mark);
  // Triggers come and go with the host's views. Only new elements are searched, because pages have tens of thousands of
  // them, and change them all the time.
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        // From the prototype, because a form's `<input name="matches">` hides its own.
        if (Element.prototype.matches.call(node, triggers)) mark(node);
        if (node.firstElementChild) markAll(Element.prototype.querySelectorAll.call(node, triggers));
      }
  });
  /** @param {number} newCount */
  const set = (newCount) => {
    // The outbox calls this at each of its changes. Triggers that were added since the last count are marked already.
    if (newCount === count) return;
    count = newCount;
    markAll(Document.prototype.querySelectorAll.call(document, triggers));
    observer.disconnect();
    if (count) observer.observe(document, { childList: true, subtree: true });
  };
  signal.addEventListener("abort", () => set(0));
  /** @param {number} newCount */
  return (newCount) => set(signal.aborted ? 0 : newCount);
};
