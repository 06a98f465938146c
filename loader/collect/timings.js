// Timings of the page: navigation timing, and the web vitals that the browser buffers.

const VITALS = ["largest-contentful-paint", "layout-shift", "event"];
/**
 * Shifts belong to one window if they are less than a second apart, and five seconds in all
 * (https://web.dev/articles/cls).
 */
const SHIFT_GAP_MS = 1000;
const SHIFTS_MS = 5000;

/**
 * @param {number} endTime in milliseconds; later entries do not count
 * @returns {Promise<import("../moment.js").Timings>}
 */
export const timings = async (endTime) => {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const [largest, shifts, events] = /** @type {any[][]} */ (
    await Promise.all(VITALS.map((type) => bufferedEntries(type, endTime)))
  );
  const ms = (/** @type {number | undefined} */ time) => (time ? Math.round(time) : undefined);
  return {
    first_byte: ms(navigation?.responseStart),
    dom_ready: ms(navigation?.domContentLoadedEventEnd),
    loaded: ms(navigation?.loadEventEnd),
    first_paint: ms(paint?.startTime),
    largest_paint: ms(largest?.at(-1)?.startTime),
    interaction: ms(
      Math.max(0, ...(events ?? []).filter((event) => event.interactionId).map((event) => event.duration)),
    ),
    layout_shift: shifts?.length ? shift(shifts).toFixed(3) : undefined,
  };
};

/** The entries that the browser has buffered. @param {string} type @param {number} endTime @returns {Promise<any[]>} */
const bufferedEntries = (type, endTime) =>
  new Promise((done) => {
    if (!PerformanceObserver.supportedEntryTypes?.includes(type)) return done([]);
    /** @type {any[]} */
    const all = [];
    const observer = new PerformanceObserver((list) => void all.push(...list.getEntries()));
    observer.observe({ type, buffered: true });
    // The browser delivers buffered entries in a task of its own, before this one or not at all.
    setTimeout(() => {
      observer.disconnect();
      done(all.filter((entry) => performance.timeOrigin + entry.startTime <= endTime));
    }, 100);
  });

/** The cumulative layout shift: the worst window of shifts. @param {any[]} shifts */
const shift = (shifts) => {
  let [worst, sum, first, last] = [0, 0, 0, 0];
  for (const { startTime, value, hadRecentInput } of shifts) {
    if (hadRecentInput) continue;
    if (startTime - last > SHIFT_GAP_MS || startTime - first > SHIFTS_MS) [sum, first] = [0, startTime];
    sum += value;
    last = startTime;
    worst = Math.max(worst, sum);
  }
  return worst;
};
