// The panel beside the page's own controls. It covers some of them, and whoever comes to one by keyboard must be able to
// see it (WCAG 2.2, 2.4.11).

/**
 * Closes the panel at Escape if it covers what has the focus on the page; otherwise the key is the page's.
 * @param {{dialog: HTMLElement, close: () => void, signal: AbortSignal}} parts
 */
export const uncover = ({ dialog, close, signal }) =>
  // After the page's own handlers, which have taken the key if they prevent its default.
  addEventListener(
    "keydown",
    (event) => {
      const { key, isComposing, keyCode, defaultPrevented } = event;
      if (key != "Escape" || isComposing || keyCode == 229 || defaultPrevented) return;
      const focused = document.activeElement;
      // Deskbell's own element has no box.
      if (!focused || focused == document.body || !overlap(focused, dialog)) return;
      event.preventDefault();
      close();
    },
    { signal },
  );

/** Whether two elements that are shown overlap. @param {Element} one @param {Element} other */
const overlap = (one, other) => {
  const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
};
