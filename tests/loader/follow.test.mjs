// Whose tickets are followed: the stream of one user ends when the page is another's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./load.mjs";

class Target extends EventTarget {}

/** The page, as far as the script knows it. */
Object.assign(globalThis, {
  document: Object.assign(new Target(), { visibilityState: "visible" }),
  Document: class {
    querySelectorAll() {
      return [];
    }
  },
  Element: class {},
  MutationObserver: class {
    observe() {}
    disconnect() {}
  },
  BroadcastChannel: class {
    postMessage() {}
    close() {}
  },
  addEventListener() {},
  localStorage: { setItem() {}, removeItem() {}, getItem: () => null },
});
Object.defineProperty(globalThis, "navigator", { value: { onLine: true } });

const { follow } = await load("follow.js");

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("ends the stream of the user before, and reports nothing of it, once the page is another's", async () => {
  const events = [];
  /** The streams that were opened, by whose token. */
  const streams = [];
  globalThis.fetch = async (url, { headers, signal }) => {
    const user = headers.get("Authorization").slice("Bearer ".length);
    if (!url.endsWith("/stream")) return new Response('{"tickets":[{}],"open":1,"unread":0}');
    const stream = { user, signal };
    streams.push(stream);
    return new Response(new ReadableStream({ start: (controller) => void (stream.controller = controller) }));
  };
  const life = new AbortController();
  const state = { user: { id: "ada" }, token: "ada" };
  const following = follow({
    site: "acme",
    siteUrl: "https://support.example/v1/sites/acme",
    triggers: "a",
    state,
    emit: (name, detail) => events.push([name, detail]),
    signal: life.signal,
    session: () => "",
    token: async () => state.user.id,
    known: async () => {},
    changed() {},
  });
  await following.look();
  await settled();
  assert.deepEqual(
    streams.map(({ user }) => user),
    ["ada"],
  );
  Object.assign(state, { user: { id: "ben" }, token: "ben" });
  await following.meet();
  await settled();
  assert.deepEqual(
    streams.map(({ user, signal }) => [user, signal.aborted]),
    [
      ["ada", true],
      ["ben", false],
    ],
  );
  const change = { ticket: { id: "1", reference: "DB-ADA01" }, total: 1, open: 1, unread: 1 };
  streams[0].controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(change)}\n\n`));
  await settled();
  assert.deepEqual(events, []);
  life.abort();
});
