// Puts known faults back into a copy of the loader's scripts, one at a time, and says what finds each: how many interleavings,
// or a named test. `node tests/loader/faults.mjs [NAME…]`; it fails if one is not found.

import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** The most interleavings that a fault may need. */
const MOST = 500;
const HERE = new URL(".", import.meta.url).pathname;
const LOADER = new URL("../../loader", import.meta.url).pathname;

/**
 * What is replaced by what in which script, and the file of the test that finds it, unless the interleavings do.
 * @typedef {{name: string, script: string, from: string, to: string, test?: string}} Fault
 */

/** @type {Fault[]} */
const FAULTS = [
  {
    name: "A1 editing what was refused replaces what is being written",
    script: "modules.js",
    from: "const offer = draft?.putAside();",
    to: "const offer = () => {};",
    test: "tabs.test.mjs",
  },
  {
    name: "A1 what is put aside is stored apart from what replaces it",
    script: "draft.js",
    from: "for (const other of others) store.put(other, other.place);",
    to: "for (const other of others) kept((store) => store.put(other, other.place)).catch(blank);",
    test: "tabs.test.mjs",
  },
  {
    name: "A2 the draft of a reply outlives its submission",
    script: "modules.js",
    from: 'sealed?.send(ticket, { id: "", place }, keep',
    to: "sealed?.send(ticket, undefined, keep",
  },
  {
    name: "A3 another token of the same user is another user",
    script: "widget.js",
    from: 'const who = () => `${state.user?.id ?? ""}`;',
    to: 'const who = () => `${state.user?.id ?? ""}`.concat((state.user?.id && JSON.stringify(state.token)) || "");',
  },
  {
    name: "A4 everything on the gateway's origin is taken for our own",
    script: "settings.js",
    from: "own.add(`${gateway}v1/sites/${encodeURIComponent(site)}/`);",
    to: "own.add(gateway);",
    test: "recorded.test.mjs",
  },
  {
    name: "A5 the stream of the user before goes on",
    script: "follow.js",
    from: "followedOwner = owner();\n      stopFollowing();\n      const",
    to: "followedOwner = owner();\n      const",
    test: "follow.test.mjs",
  },
  {
    name: "A6 a reset deletes nothing of a page on which help was not opened",
    script: "deskbell.js",
    from: 'localStorage[`deskbell-${discard ? "discard" : "reset"}:${site}:${id}`] = Date.now();',
    to: "",
  },
  {
    name: "A9 files that the gateway has lost are looked for in the memory of the page only",
    script: "attachments.js",
    from: "const file = await find(id);\n        if (file) await keep({ ...file, there: false });\n        else gone.push(id);",
    to: "const file = known.get(id);\n        if (file) await keep({ ...file, there: false });",
    test: "tabs.test.mjs",
  },
  {
    name: "A9 a refused ticket that is edited on a later page loses its files",
    script: "attachments.js",
    from: "known.get(id) ?? (await stored(id));",
    to: "known.get(id);",
    test: "tabs.test.mjs",
  },
  {
    name: "A10 what was done with is a draft again",
    script: "draft.js",
    from: "if (isUnkept) {",
    to: "if (isUnkept || true) {",
  },
  {
    name: "B2 nobody limits how long storage may take",
    script: "disk.js",
    from: "if (left <= 0) {",
    to: "if (left < -1e9) {",
  },
  {
    name: "B2 what fails in the middle of a transaction is written all the same",
    script: "disk.js",
    from: "transaction?.abort();",
    to: "",
    test: "disk.test.mjs",
  },
  {
    name: "B2 a dead connection is never opened again",
    script: "disk.js",
    from: "if ((await open()) == database) open = once(connect);",
    to: "",
    test: "disk.test.mjs",
  },
  {
    name: "B2 the error of a pending request is read",
    script: "disk.js",
    from: 'reject(new Error("blocked"))',
    to: "reject(request.error)",
    test: "disk.test.mjs",
  },
  {
    name: "B2 a lock is waited for without a limit",
    script: "outbox.js",
    from: "const LOCK_MS = 30_000;",
    to: "const LOCK_MS = 1e9;",
    test: "tabs.test.mjs",
  },
  {
    name: "B3 a new ticket waits behind old ones",
    script: "outbox.js",
    from: "await turn();\n      await alone(key);",
    to: "await turn();\n      await run();\n      await alone(key);",
    test: "tabs.test.mjs",
  },
  {
    name: "B5 every try to load reports a failure",
    script: "widget-loader.js",
    from: "if (!hasFailed) emit",
    to: "emit",
    test: "tabs.test.mjs",
  },
  {
    name: "B8 what was refused is deleted before it is a draft again",
    script: "outbox.js",
    from: "const isKept = await keep();",
    to: "await remove(key).catch(blank);\n    const isKept = await keep();",
  },
  {
    name: "a request has no time limit",
    script: "outbox.js",
    from: "const REQUEST_MS = 20_000;",
    to: "const REQUEST_MS = 1e9;",
  },
  {
    name: "an upload has no time limit",
    script: "attachments.js",
    from: "const STALLED_MS = 30_000;",
    to: "const STALLED_MS = 1e9;",
  },
  {
    name: "the host's function has no time limit",
    script: "identity.js",
    from: "const PATIENCE_MS = 5000;",
    to: "const PATIENCE_MS = 1e9;",
  },
  {
    name: "the request that looks for what blocks another has no time limit",
    script: "recovery.js",
    from: "const PATIENCE_MS = 5000;",
    to: "const PATIENCE_MS = 1e9;",
  },
  {
    name: "a reply replaces one that was not shown",
    script: "replies.js",
    from: "if (isOther && text) drafts.put",
    to: "if (!drafts) drafts.put",
  },
  {
    name: "a reply that two tabs have is sent by both",
    script: "outbox.js",
    from: "const id = draft || replyDraft ||",
    to: "const id = draft ||",
    test: "tabs.test.mjs",
  },
  {
    name: "what was sent before anybody had signed in waits for them for ever",
    script: "outbox.js",
    from: "!!item.draft || !item.user ||",
    to: "!!item.draft ||",
    test: "tabs.test.mjs",
  },
  {
    name: "a reply that could not be stored is not tried again",
    script: "replies.js",
    from: "|| store(at, text, from);",
    to: "|| 0;",
    test: "tabs.test.mjs",
  },
  {
    name: "a reply is not stored if what stores it could not be loaded",
    script: "widget.js",
    from: "done.catch(() => setTimeout(again, STORE_MS));",
    to: "done.catch(() => again);",
    test: "tabs.test.mjs",
  },
  {
    name: "a ticket is not stored if what stores it could not be loaded",
    script: "widget.js",
    from: "load().catch(() => setTimeout(again, wait));",
    to: "load().catch(() => again);",
  },
  {
    name: "the host's function is not called again after it has failed",
    script: "widget.js",
    from: "retry = setTimeout(learnLater,",
    to: "retry = setTimeout(blank,",
  },
  {
    name: "what belongs to the user before is shown while nobody knows who is there",
    script: "widget.js",
    from: "if (!failures || !person || isStaying) return;",
    to: "if (failures >= 0) return;",
    test: "tabs.test.mjs",
  },
  {
    name: "files of other tabs are left out",
    script: "modules.js",
    from: "== text) await carried.load(of);",
    to: "== text) of;",
    test: "tabs.test.mjs",
  },
];

/** Plays until something is found; prints it with the number of interleavings. */
const play = async () => {
  const { Play } = await import("./interleavings/play.mjs");
  for (let count = 1; count <= MOST; count++) {
    // Storage fails in every second one.
    const one = new Play(Math.ceil(count / 2), count % 2 == 1);
    try {
      await one.run();
    } catch ({ message }) {
      return console.log(`interleaving ${count}: ${message}`);
    }
  }
  process.exitCode = 1;
};

/** What finds a fault; nothing if nothing does. @param {Fault} fault @returns {Promise<string>} */
const find = async ({ name, script, from, to, test }) => {
  const folder = mkdtempSync(join(tmpdir(), "deskbell-fault-"));
  try {
    cpSync(LOADER, folder, { recursive: true, filter: (path) => basename(path) != "node_modules" });
    const place = join(folder, script);
    const [before, after, more] = readFileSync(place, "utf8").split(from);
    if (after == undefined || more != undefined) throw new Error(`${name}: ${script} has to contain once: ${from}`);
    writeFileSync(place, before + to + after);
    const args = test ? ["--test", "--test-reporter=tap", join(HERE, test)] : [join(HERE, "faults.mjs"), "play"];
    const run = spawn(process.execPath, args, { env: { ...process.env, DESK_LOADER: folder } });
    let output = "";
    run.stdout.on("data", (data) => (output += data));
    await new Promise((resolve) => run.on("close", resolve));
    const [, failed] = /^not ok \d+ - (.*)/m.exec(output) ?? [];
    return test ? (failed ? `${test}: ${failed}` : "") : output.trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const [first, ...rest] = process.argv.slice(2);
if (first == "play") await play();
else {
  const wanted = FAULTS.filter(({ name }) => !first || [first, ...rest].some((part) => name.includes(part)));
  const left = [...wanted];
  const work = async () => {
    for (let fault; (fault = left.shift());) {
      const found = await find(fault);
      console.log(`${found ? "found" : "NOT FOUND"}: ${fault.name}\n    ${found}`);
      if (!found) process.exitCode = 1;
    }
  };
  await Promise.all([work(), work()]);
}
