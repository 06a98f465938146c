// Recorded errors: what is read from a value, what counts as the same error, and what stays when the list is full.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { types } from "node:util";

// Current browsers have it, Node 20 does not.
Error.isError ??= types.isNativeError;

const { note, readErrors } = await import("../../loader/error-list.js");
const { state } = await import("../../loader/state.js");
const { shown } = await import("../../loader/collect/console.js");
const { logged, messageOf, nameOf, stackOf } = await import("../../loader/values.js");

const errors = readErrors();

/** The message in a ticket for the arguments of a console call. */
const messageOfCall = (args) => shown(logged(args).message);

beforeEach(() => errors.splice(0));

/** A proxy that records every trap that is called. */
const countingProxy = (target = {}) => {
  const traps = [];
  const handler = new Proxy({}, { get: (_, trap) => (traps.push(trap), undefined) });
  return { traps, proxy: new Proxy(target, handler) };
};

test("keeps primitives as the console shows them", () => {
  for (const [value, text] of [
    ["a text", "a text"],
    ["", ""],
    [42, "42"],
    [-0.5, "-0.5"],
    [NaN, "NaN"],
    [true, "true"],
    [undefined, "undefined"],
    [null, "null"],
    [12n, "[bigint]"],
    [Symbol("s"), "Symbol(s)"],
  ])
    assert.equal(messageOf(value), text);
});

test("records a short name for other objects and reads none of their properties", () => {
  let ran = 0;
  const busy = () => ran++;
  const objects = [
    {
      get message() {
        return busy();
      },
      toJSON: busy,
      toString: busy,
      valueOf: busy,
      [Symbol.toPrimitive]: busy,
      get [Symbol.toStringTag]() {
        return busy();
      },
    },
    [{ toJSON: busy }],
    new Uint8Array(8),
    new Map(),
    Object.create(null),
    { message: "looks like an error", stack: "at x", name: "Error" },
  ];
  for (const value of objects) {
    assert.equal(messageOf(value), "[object]");
    assert.equal(nameOf(value) + stackOf(value), "");
    assert.equal(messageOfCall(["%s and %o and %d", value, value, value]), "[object] and [object] and NaN");
    note("rejection", value, "");
  }
  assert.equal(messageOf(busy), "[function]");
  for (const target of [{}, [], () => {}, new Error("inside")]) {
    const { proxy, traps } = countingProxy(target);
    note("rejection", proxy, "");
    note("console.error", ["%s", proxy, proxy], "");
    note("console.warn", [proxy], "");
    assert.deepEqual(traps, []);
  }
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.equal(messageOf(proxy), "[object]");
  assert.equal(ran, 0);
});

test("reads the data properties of errors and runs no getter", () => {
  const error = new TypeError("cannot read");
  assert.deepEqual([nameOf(error), messageOf(error)], ["TypeError", "cannot read"]);
  assert.match(stackOf(error), /^TypeError: cannot read\n +at /);

  class HttpError extends Error {
    get status() {
      throw new Error("a getter ran");
    }
    get message() {
      throw new Error("a getter ran");
    }
    name = "HttpError";
  }
  const httpError = new HttpError();
  assert.deepEqual([nameOf(httpError), messageOf(httpError)], ["HttpError", ""]);
  for (const key of ["name", "message", "stack"]) {
    const trapped = new RangeError("x");
    Object.defineProperty(trapped, key, {
      get() {
        throw new Error("a getter ran");
      },
    });
    assert.ok(nameOf(trapped) + messageOf(trapped) + stackOf(trapped), key);
  }
  class Custom extends Error {}
  Custom.prototype.name = "CustomError";
  assert.equal(nameOf(new Custom("x")), "CustomError");

  const strange = Object.assign(new Error(), { message: { toString: () => assert.fail("it was read") }, name: 7 });
  assert.deepEqual([nameOf(strange), messageOf(strange)], ["7", "[object]"]);
  const circular = new Error();
  circular.message = circular;
  assert.equal(messageOf(circular), "[object]");
});

test("cuts long texts and does not read very long ones", () => {
  assert.equal(messageOf("x".repeat(3000)).length, 2000);
  assert.equal(messageOf("x".repeat(100_001)), "[long text]");
  assert.match(messageOfCall(Array.from({ length: 1000 }, (_, n) => `argument ${n}`)), / argument 19$/);
});

test("fills in console formats as the console does, without styles", () => {
  for (const [args, message] of [
    [
      ["Each child should have a unique %s prop.%s", "key", " Check Row."],
      "Each child should have a unique key prop. Check Row.",
    ],
    [["%c[app]", "color:red", "boot failed"], "[app] boot failed"],
    [["%c[app]%c boot %s", "color:red", "", "failed"], "[app] boot failed"],
    [["%d of %i, %f", "42.9px", 7.8, "1.50"], "42 of 7, 1.5"],
    [["%d", {}], "NaN"],
    [["100 %", "done"], "100 % done"],
    [["%s is missing %s", "one"], "one is missing %s"],
    [["%s"], "%s"],
    [["100%% of %s", "rows"], "100% of rows"],
    [["a", 1, null, undefined, "b"], "a 1 null undefined b"],
    [["$& %s", "$&"], "$& $&"],
    [["failed:", new RangeError("too far")], "failed: RangeError: too far"],
    [[], ""],
  ])
    assert.equal(messageOfCall(args), message, JSON.stringify(args));
});

test("counts repetitions of an error with its first and last time", () => {
  const error = new Error("again");
  assert.equal(note("error", error, "/a.js:1:1"), "Error again");
  note("error", new Error("another"), "");
  assert.equal(note("error", error, "/a.js:1:1"), "");
  assert.deepEqual(
    errors.map(({ message, count }) => [message, count]),
    [
      ["another", 1],
      ["again", 2],
    ],
  );
  assert.ok(errors[1].first_at <= errors[1].at);
  note("rejection", error, "");
  assert.equal(errors.length, 3);
});

test("merges calls with the same format into one entry with the latest values", () => {
  for (let n = 0; n < 30; n++) note("console.error", ["Row %d of table %s is invalid", n, "orders"], "");
  assert.deepEqual(
    errors.map(({ message, count }) => [shown(message), count]),
    [["Row 29 of table orders is invalid", 30]],
  );
});

test("does not merge different messages that share only a placeholder or a style", () => {
  for (const text of ["the first failed", "the second failed"]) {
    note("console.error", ["%s", text], "");
    note("console.error", ["%o\n\n%s\n", text, text], "");
    note("console.warn", ["%c[app]", "color:red", text], "");
    note("console.warn", [text, 1], "");
  }
  assert.equal(errors.length, 8);
});

test("keeps a thrown error when many messages are logged", () => {
  note("error", new TypeError("the cause"), "");
  for (let n = 0; n < 100; n++) {
    note("console.warn", [`warning ${n}`], "");
    note("resource", "<img>", `/${n}.png`);
    note("policy", `img-src ${n}`, "");
  }
  assert.equal(errors.length, 20);
  assert.equal(errors[0].message, "the cause");
  assert.equal(errors.at(-1).message, "img-src 99");
});

test("keeps the newest thrown errors", () => {
  for (let n = 0; n < 10; n++) note("console.error", [`logged ${n}`], "");
  for (let n = 0; n < 100; n++) note("rejection", new Error(`thrown ${n}`), "");
  assert.deepEqual(
    errors.map(({ message }) => message),
    Array.from({ length: 20 }, (_, n) => `thrown ${n + 80}`),
  );
});

test("reads the stacks of a burst once, and only those that stay in the list", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const { prepareStackTrace } = Error;
  let read = 0;
  Error.prepareStackTrace = (error) => `${error.message} at x ${++read}`;
  try {
    readErrors();
    for (let n = 0; n < 100; n++) note("rejection", new Error(`thrown ${n}`), "");
    note("rejection", new Error("thrown 99"), "");
    assert.equal(read, 0);
    t.mock.timers.tick(1000);
    note("rejection", new Error("thrown 98"), "");
    assert.equal(read, 20);
    readErrors();
    assert.equal(read, 20);
    assert.match(errors.at(-1).stack, /^thrown 98 at x \d+$/);
    assert.match(errors.at(-2).stack, /^thrown 99 at x \d+$/);
    assert.ok(errors.every(({ unread }) => unread === null));
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
});

test("leaves out a stack if the page's prepareStackTrace throws", () => {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = () => {
    throw new Error("of the page");
  };
  try {
    note("error", new Error("without a stack"), "");
    readErrors();
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  assert.equal(errors[0].message, "without a stack");
});

test("does not record Deskbell's own warnings", () => {
  assert.equal(note("console.warn", ["deskbell: configure: topics: no id"], ""), "");
  assert.equal(note("console.warn", ["deskbell:", "no token"], ""), "");
  assert.equal(errors.length, 0);
});

test("records nothing for a group that is switched off", () => {
  state.off.add("errors");
  note("error", new Error("off"), "");
  state.off.clear();
  assert.equal(errors.length, 0);
});
