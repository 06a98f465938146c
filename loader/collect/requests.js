// Adds what resource timing has of requests that failed or were slow: their size, their whole duration, and those that
// nobody saw because nothing could be wrapped.

/** The largest difference between the clocks of resource timing and ours. */
const APART_MS = 200;
const MOST = 20;

/** @param {string} url */
const bare = (url) => url.split("#")[0];

/** @param {import("../moment.js").Snapshot} snapshot */
export const addTimings = (snapshot) => {
  const { requests, recent = [], timed = [] } = snapshot;
  for (const { name, startTime, duration, responseStatus, transferSize, contentType } of timed) {
    // A stream of events is long by design.
    if (/event-stream/.test(contentType)) continue;
    const at = Math.round(performance.timeOrigin + startTime);
    const isSame = (/** @type {import("../moment.js").RecordedRequest} */ request) =>
      !request.size && bare(request.url) == bare(name) && Math.abs(Date.parse(request.at) - at) < APART_MS;
    const request = requests.find(isSame) ??
      recent.find(isSame) ?? {
        method: "",
        url: name,
        status: responseStatus,
        failure: "",
        at: new Date(at).toISOString(),
        duration_ms: 0,
        size: 0,
        headers: {},
      };
    request.duration_ms = Math.round(duration);
    request.size = transferSize;
    if (!requests.includes(request)) requests.push(request);
  }
  requests.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  requests.splice(0, requests.length - MOST);
  delete snapshot.recent;
  delete snapshot.timed;
};
