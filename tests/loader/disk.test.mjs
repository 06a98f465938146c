// Storage on the device: a transaction is all or nothing, and nobody waits for a device that does not answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./load.mjs";

/** A database whose transactions end when they are told to. */
class Device {
  opened = 0;
  aborted = 0;
  /** Whether the database is opened when somebody asks for it. */
  opens = true;
  /** Whether another tab keeps an older version of the database open. */
  isBlocked = false;
  /** Whether transactions end by themselves. */
  ends = true;
  /** The connection that the browser has ended. */
  ended = 0;

  open() {
    const nth = ++this.opened;
    const request = {
      get error() {
        throw new Error("it has none while it is pending");
      },
    };
    if (this.isBlocked) queueMicrotask(() => request.onblocked());
    else if (this.opens) queueMicrotask(() => request.onsuccess());
    const transaction = () => {
      if (this.ended == nth) throw new Error("InvalidStateError");
      return this.transaction();
    };
    return Object.assign(request, { result: { transaction } });
  }

  transaction() {
    const transaction = {
      objectStore: (name) => name,
      abort: () => {
        this.aborted += 1;
        setImmediate(() => transaction.onabort());
      },
    };
    if (this.ends) setImmediate(() => transaction.oncomplete?.());
    return transaction;
  }
}

/** The module with a device of its own. @param {Partial<Device>} [options] */
const disk = async (options) => {
  const device = Object.assign(new Device(), options);
  globalThis.indexedDB = device;
  const { transact } = await load(`disk.js?${Math.random()}`);
  return { device, transact };
};

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Lets time pass as a page that is not suspended sees it. @param {number} ms */
const wait = async (mock, ms) => {
  for (let passed = 0; passed < ms; passed += 100) {
    mock.timers.tick(100);
    await settled();
  }
};

test("a transaction resolves once all of it is on disk", async () => {
  const { device, transact } = await disk();
  assert.equal(await transact(["drafts", "outbox"], (drafts, outbox) => `${drafts} ${outbox}`), "drafts outbox");
  assert.equal(device.aborted, 0);
});

test("what fails in the middle of a transaction aborts all of it", async () => {
  const { device, transact } = await disk({ ends: false });
  await assert.rejects(
    transact(["drafts"], () => Promise.reject(new Error("full"))),
    /full/,
  );
  await assert.rejects(
    transact(["drafts"], () => {
      throw new Error("not cloneable");
    }),
    /not cloneable/,
  );
  assert.equal(device.aborted, 2);
});

test("a transaction that takes too long is given up, and not written later", async ({ mock }) => {
  const { device, transact } = await disk({ ends: false });
  mock.timers.enable({ apis: ["setTimeout"] });
  const rejections = assert.rejects(transact(["drafts"], () => 1));
  const patient = assert.rejects(transact(["files"], () => 2, 30_000));
  await settled();
  await wait(mock, 5000);
  await rejections;
  assert.equal(device.aborted, 1);
  await wait(mock, 25_000);
  await patient;
  assert.equal(device.aborted, 2);
});

test("a page that was suspended gives the device its time when it continues", async ({ mock }) => {
  const { device, transact } = await disk({ ends: false });
  mock.timers.enable({ apis: ["setTimeout"] });
  let isGivenUp = false;
  transact(["drafts"], () => 1).catch(() => (isGivenUp = true));
  await settled();
  mock.timers.tick(3_600_000);
  await settled();
  assert.equal(isGivenUp, false);
  await wait(mock, 5000);
  assert.equal(isGivenUp, true);
  assert.equal(device.aborted, 1);
});

test("a database that is not opened in time is opened again by the next user", async ({ mock }) => {
  const { device, transact } = await disk({ opens: false });
  mock.timers.enable({ apis: ["setTimeout"] });
  const rejections = Promise.all([
    assert.rejects(transact(["drafts"], () => 1)),
    assert.rejects(transact(["drafts"], () => 1)),
  ]);
  await settled();
  await wait(mock, 5000);
  await rejections;
  device.opens = true;
  assert.equal(await transact(["drafts"], () => 2), 2);
  assert.equal(device.opened, 2);
});

test("a connection that the browser has ended in the background is opened again", async () => {
  const { device, transact } = await disk();
  assert.equal(await transact(["drafts"], () => 1), 1);
  device.ended = 1;
  assert.equal(await transact(["drafts"], () => 2), 2);
  assert.equal(device.opened, 2);
});

test("a database that another tab keeps closed rejects at once, and is opened by the next user", async () => {
  const { device, transact } = await disk({ isBlocked: true });
  await assert.rejects(
    transact(["drafts"], () => 1),
    /blocked/,
  );
  device.isBlocked = false;
  assert.equal(await transact(["drafts"], () => 2), 2);
});

test("after a transaction that was late nobody waits as long, until one is in time again", async ({ mock }) => {
  const { device, transact } = await disk({ ends: false });
  mock.timers.enable({ apis: ["setTimeout"] });
  /** How long a transaction is waited for. */
  const patience = async () => {
    let isOver = false;
    transact(["drafts"], () => 1).catch(() => (isOver = true));
    await settled();
    for (let waited = 0; ; waited += 500) {
      if (isOver) return waited;
      mock.timers.tick(500);
      await settled();
    }
  };
  assert.equal(await patience(), 5000);
  assert.equal(await patience(), 1000);
  device.ends = true;
  await transact(["drafts"], () => 1);
  device.ends = false;
  assert.equal(await patience(), 5000);
});
