// The scripts of the loader that store and send what customers write, in random interleavings of tabs, storage, network and
// host. `DESK_INTERLEAVINGS` is their number, half of them with storage that fails, and `DESK_SEED` the first seed. A failure
// prints its seed and what happened; with the same seed it happens again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Violation } from "./interleavings/checks.mjs";
import { Play } from "./interleavings/play.mjs";

const COUNT = Number(process.env.DESK_INTERLEAVINGS || 2000) / 2;
const FIRST = Number(process.env.DESK_SEED || 1);

/** @param {boolean} isReliable whether storage does what it should */
const playMany = async (isReliable) => {
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const play = new Play(seed, isReliable);
    try {
      await play.run();
    } catch (error) {
      const reason = error instanceof Violation ? error.message : error.stack;
      assert.fail(`${play.world.trace}\nDESK_SEED=${seed} DESK_INTERLEAVINGS=2: ${reason}`);
    }
  }
};

test("what customers write is stored, sent once and theirs, with reliable storage", () => playMany(true));

test("what customers write is stored, sent once and theirs, with storage that fails, hangs or is full", () =>
  playMany(false));
