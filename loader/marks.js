// Counts on the host's own entries, by which the host may style them.

/** Keeps an attribute of the entries in step with a count, also of those that come later. @param {string} attribute @param {string} triggers */
export const marks = (attribute, triggers) => {
  let count = 0;
  const show = () => {
    for (const entry of document.querySelectorAll(triggers)) mark(entry);
  };
  /** @param {Element} entry */
  const mark = (entry) => {
    const said = count ? `${count}` : null;
    if (entry.getAttribute(attribute) == said) return;
    if (said) entry.setAttribute(attribute, said);
    else entry.removeAttribute(attribute);
  };
  // Entries come and go with the host's views.
  new MutationObserver(() => count && show()).observe(document, { childList: true, subtree: true });
  /** @param {number} now */
  return (now) => {
    count = now;
    show();
  };
};
