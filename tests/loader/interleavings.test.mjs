// The scripts of the loader that store and send what customers write, in random interleavings of tabs, storage, network and
// host. `DESK_INTERLEAVINGS` is their number, half of them with storage that fails, and `DESK_SEED` the first seed. A failure
// prints its seed and what happened; with the same seed it happens again.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";

const count = Number(process.env.DESK_INTERLEAVINGS || 5000) / 2;
const first = Number(process.env.DESK_SEED || 1);
/** An interleaving leaves much that is short-lived, so that a small heap of the young is cleared too often. */
const YOUNG_MB = 64;

/** @param {boolean} isReliable whether storage does what it should */
const playMany = async (isReliable) => {
  const worker = new Worker(new URL("interleavings/worker.mjs", import.meta.url), {
    workerData: { first, count, isReliable },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  let failure = "";
  worker.on("message", (text) => (failure = text));
  await once(worker, "exit");
  if (failure) assert.fail(failure);
};

// At the same time, where there are two cores.
describe("what customers write is stored, sent once and theirs", { concurrency: 2 }, () => {
  test("with reliable storage", () => playMany(true));

  test("with storage that fails, hangs or is full", () => playMany(false));
});
