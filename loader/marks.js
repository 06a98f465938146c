// Counters on the host's own triggers, which the host may style.

/**
 * Keeps an attribute of the triggers in step with a count, also on triggers that come later.
 * @param {string} attribute @param {string} triggers @param {AbortSignal} signal ends it
 */
export const marks = (attribute, triggers, signal) => {
  /** @type {number | undefined} */
  let count;
  /** @param {Element} entry */
  const mark = (entry) => {
    const shown = count ? `${count}` : null;
    if (entry.getAttribute(attribute) == shown) return;
    if (shown) entry.setAttribute(attribute, shown);
    else entry.removeAttribute(attribute);
  };
  /** @param {NodeListOf<Element>} entries */
  const show = (entries) => entries.forEach(mark);
  // Triggers come and go with the host's views. Only new elements are searched, because pages have tens of thousands of
  // them, and change them all the time.
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        // From the prototype, because a form's `<input name="matches">` hides its own.
        if (Element.prototype.matches.call(node, triggers)) mark(node);
        if (node.firstElementChild) show(Element.prototype.querySelectorAll.call(node, triggers));
      }
  });
  /** @param {number} now */
  const set = (now) => {
    // The outbox calls this at each of its changes; triggers that came since the last count are marked already.
    if (now === count) return;
    count = now;
    show(Document.prototype.querySelectorAll.call(document, triggers));
    observer.disconnect();
    if (count) observer.observe(document, { childList: true, subtree: true });
  };
  signal.addEventListener("abort", () => set(0));
  /** @param {number} now */
  return (now) => set(signal.aborted ? 0 : now);
};
