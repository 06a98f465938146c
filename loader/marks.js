// Counters on the host's own triggers, which the host may style.

/**
 * Keeps an attribute of the triggers in step with a count, also on later ones.
 * @param {string} attribute @param {string} triggers
 */
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
  // Triggers come and go with the host's views.
  new MutationObserver(() => count && show()).observe(document, { childList: true, subtree: true });
  /** @param {number} now */
  return (now) => {
    count = now;
    show();
  };
};
