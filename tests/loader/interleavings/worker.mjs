// Plays interleavings in a thread of their own: in that of a test, the test runner follows every promise, which takes as long as
// the interleavings. Posts what the first failure says.

import { parentPort, workerData } from "node:worker_threads";
import { Violation } from "./checks.mjs";
import { Play } from "./play.mjs";

/** The first seed, how many, and whether storage does what it should. @type {{first: number, count: number, isReliable: boolean}} */
const { first, count, isReliable } = workerData;

for (let seed = first; seed < first + count; seed++) {
  const play = new Play(seed, isReliable);
  try {
    await play.run();
  } catch (error) {
    const reason = error instanceof Violation ? error.message : error.stack;
    parentPort?.postMessage(`${play.world.trace}\nDESK_SEED=${seed} DESK_INTERLEAVINGS=2: ${reason}`);
    break;
  }
}
