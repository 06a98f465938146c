// Adds what resource timing knows of failed and slow requests: their size, their total duration, and requests that were
// not recorded because nothing could be wrapped.

/** The largest difference between the clocks of resource timing and ours. */
const TOLERANCE_MS = 200;
const REQUESTS_MAX = 20;

/** @param {string} url */
const withoutHash = (url) => url.split("#")[0];

/** @param {import("../moment.js").Snapshot} snapshot */
export const addTimings = (snapshot) => {
  const { requests, recent = [], timed = [] } = snapshot;
  for (const { name, startTime, duration, responseStatus, transferSize, contentType } of timed) {
    // A stream of events is long by design.
    if (/event-stream/.test(contentType)) continue;
    const startTimeMs = Math.round(performance.timeOrigin + startTime);
    const isSame = (/** @type {import("../moment.js").RecordedRequest} */ request) =>
      !request.size &&
      withoutHash(request.url) == withoutHash(name) &&
      Math.abs(Date.parse(request.at) - startTimeMs) < TOLERANCE_MS;
    const request = requests.find(isSame) ??
      recent.find(isSame) ?? {
        method: "",
        url: name,
        status: responseStatus,
        failure: "",
        at: new Date(startTimeMs).toISOString(),
        duration_ms: 0,
        size: 0,
        headers: {},
      };
    request.duration_ms = Math.round(duration);
    request.size = transferSize;
    if (!requests.includes(request)) requests.push(request);
  }
  requests.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  requests.splice(0, requests.length - REQUESTS_MAX);
  delete snapshot.recent;
  delete snapshot.timed;
};
