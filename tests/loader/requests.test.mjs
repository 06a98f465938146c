// What resource timing adds to the recorded requests.

import assert from "node:assert/strict";
import { test } from "node:test";

const { addTimings } = await import("../../loader/collect/requests.js");

const time = (ms) => new Date(performance.timeOrigin + ms).toISOString();
const recordedRequest = (url, ms, more) => ({
  method: "POST",
  url,
  status: 200,
  failure: "",
  at: time(ms),
  duration_ms: 10,
  size: 0,
  headers: { traceparent: url },
  ...more,
});
const timingEntry = (name, startTime, more) => ({
  name,
  startTime,
  duration: 4000.4,
  responseStatus: 200,
  transferSize: 77,
  contentType: "application/json",
  ...more,
});

test("adds size and total duration to a failed request without duplicating it", () => {
  const snapshot = {
    requests: [recordedRequest("https://x.test/a#part", 1000, { status: 503 })],
    recent: [recordedRequest("https://x.test/a#part", 1000, { status: 503 })],
    timed: [timingEntry("https://x.test/a", 1100, { responseStatus: 503, duration: 20 })],
  };
  addTimings(snapshot);
  assert.deepEqual(snapshot, {
    requests: [recordedRequest("https://x.test/a#part", 1000, { status: 503, size: 77, duration_ms: 20 })],
  });
});

test("keeps method and headers of a slow request, and inserts an unrecorded one by its time", () => {
  const snapshot = {
    requests: [recordedRequest("https://x.test/late", 9000, { status: 500 })],
    recent: [recordedRequest("https://x.test/slow", 1000), recordedRequest("https://x.test/slow", 5000)],
    timed: [
      timingEntry("https://x.test/slow", 5050),
      timingEntry("https://x.test/beacon", 2000, { responseStatus: 404 }),
    ],
  };
  addTimings(snapshot);
  assert.deepEqual(
    snapshot.requests.map(({ url, method, status, duration_ms, size }) => [url, method, status, duration_ms, size]),
    [
      ["https://x.test/beacon", "", 404, 4000, 77],
      ["https://x.test/slow", "POST", 200, 4000, 77],
      ["https://x.test/late", "POST", 500, 10, 0],
    ],
  );
  assert.equal(snapshot.requests[1].at, time(5000));
  assert.deepEqual(snapshot.requests[1].headers, { traceparent: "https://x.test/slow" });
});

test("ignores event streams and keeps the newest twenty requests", () => {
  const snapshot = {
    requests: Array.from({ length: 20 }, (_, n) => recordedRequest(`https://x.test/${n}`, n * 1000)),
    timed: [
      timingEntry("https://x.test/stream", 500, { contentType: "text/event-stream" }),
      timingEntry("https://x.test/new", 30_000),
    ],
  };
  addTimings(snapshot);
  assert.equal(snapshot.requests.length, 20);
  assert.deepEqual(
    [snapshot.requests[0].url, snapshot.requests.at(-1).url],
    ["https://x.test/1", "https://x.test/new"],
  );
});
