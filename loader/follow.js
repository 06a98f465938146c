// Follows the tickets of a customer: sends requests to the gateway, and watches for changes. One tab at a time has a
// stream from the gateway and informs the others. A tab that is hidden or offline requests nothing.

import { marks } from "./marks.js";

/**
 * @typedef {{total: number, open: number, unread: number}} Counts
 * @typedef {Counts & {ticket?: {id: string, reference: string}}} Change
 * @typedef {object} Options
 * @property {string} site
 * @property {string} siteUrl the site's address at the gateway
 * @property {string} triggers the selector of elements that open the panel
 * @property {import("./widget-loader.js").Parts["state"]} state
 * @property {(name: string, detail: object) => void} emit
 * @property {AbortSignal} signal ends it
 * @property {(make?: boolean) => string} session
 * @property {import("./asking.js").Token} token
 * @property {() => Promise<unknown>} known settles once the user is known
 * @property {(change: Change) => void} changed called on every change
 */

const REQUEST_MS = 20_000;
/** How long to wait for the first event of a stream, which a proxy may hold back. */
const FIRST_EVENT_MS = 10_000;
/** Three times as long as the gateway is ever silent. */
const SILENCE_MS = 45_000;
const RECONNECT_MS = 1000;
const POLL_MS = 30_000;
const POLL_MAX_MS = 300_000;
/** The list of somebody who has no tickets. */
const NONE = '{"tickets":[],"open":0,"unread":0}';

/** @param {Options} options */
export const follow = (options) => {
  const {
    site,
    siteUrl,
    triggers,
    state,
    emit,
    session,
    token,
    known: whenUserKnown,
    changed: onChange,
    signal: lifetime,
  } = options;
  const storageKey = `deskbell:${site}:tickets`;
  const mark = marks("data-deskbell-unread", triggers, lifetime);
  /** @type {Counts} */
  let counts = { total: 0, open: 0, unread: 0 };
  /** The owner of the followed tickets. A signed customer has other tickets than their session.  */
  const owner = () => `${state.user?.id ?? ""}\n${state.token ? "signed" : ""}`;
  let followedOwner = owner();
  /** Counts changes of the owner. Results of requests from an earlier generation are ignored. */
  let generation = 0;
  /** Aborts the running watch. @type {AbortController | undefined} */
  let watch;
  let isStreaming = false;
  /** @type {BroadcastChannel | undefined} */
  let channel;

  /**
   * Sends a request as the current user. A token that is rejected is replaced by a new one once.
   * @param {string} path @param {RequestInit} options
   */
  const call = async (path, options) => {
    const user = `${state.user?.id ?? ""}`;
    for (let rejectedToken = ""; ;) {
      const jwt = await token(rejectedToken, user);
      const headers = new Headers(options.headers);
      // Only submissions begin a session: after a `reset`, following tickets must not create another.
      const sessionId = session(false);
      if (!jwt && !sessionId) throw new Error("deskbell: neither a token nor a session");
      if (sessionId) headers.set("Deskbell-Session", sessionId);
      if (jwt) headers.set("Authorization", `Bearer ${jwt}`);
      const response = await fetch(`${siteUrl}/tickets${path}`, {
        ...options,
        headers,
        credentials: "omit",
        cache: "no-store",
      });
      if (response.status != 401 || !jwt) return response;
      if (rejectedToken) {
        await token({ text: await response.clone().text() }, user);
        return response;
      }
      rejectedToken = jwt;
    }
  };

  /**
   * Sends a request; never rejects. The status is 0 if there was no response.
   * @param {string} method @param {string} path @param {string} [body]
   * @param {AbortSignal} [signal] aborts it
   */
  const request = async (method, path, body, signal = AbortSignal.timeout(REQUEST_MS)) => {
    try {
      /** @type {Record<string, string>} */
      const headers = body ? { "Content-Type": "application/json" } : {};
      const response = await call(path, { method, headers, signal, ...(body && { body }) });
      const text = await response.text();
      return { status: response.status, text, after: Number(response.headers.get("Retry-After")) };
    } catch {
      return { status: 0, late: signal.aborted };
    }
  };

  /** Stores new counts, and informs listeners. @param {Change} change */
  const applyChange = ({ ticket, total, open, unread }) => {
    const before = counts.unread;
    counts = { total, open, unread };
    storeCounts();
    if (unread != before) {
      showCounts();
      emit("unread", { count: unread });
    }
    if (ticket && unread > before) emit("reply", { id: ticket.id, reference: ticket.reference });
    onChange({ ticket, ...counts });
  };

  /** Records on the device that there are tickets to follow, so that the next page follows them. */
  const storeCounts = () => {
    try {
      if (counts.open || counts.unread) localStorage.setItem(storageKey, `${counts.unread}`);
      // Zero may also mean that the host has not declared the user yet.
      else if (counts.total) localStorage.removeItem(storageKey);
    } catch {}
  };

  const showCounts = () => {
    state.unread = counts.unread;
    state.counted?.();
    mark(counts.unread);
  };

  /** The last request for the counts. @type {Promise<unknown>} */
  let countsRequest = Promise.resolve();

  /** Requests the counts. Resolves to whether that succeeded. */
  const refresh = () => {
    const request = requestCounts();
    countsRequest = request;
    return request;
  };

  const requestCounts = async () => {
    const startGeneration = generation;
    // Without a token and a session there are no tickets.
    const isNobody = !state.token && !session(false);
    const { status, text } = isNobody ? { status: 200, text: NONE } : await request("GET", "");
    await whenUserKnown();
    if (status != 200 || startGeneration != generation) return false;
    try {
      const { tickets, total = tickets.length, open, unread } = JSON.parse(text ?? "");
      applyChange({ total, open, unread });
    } catch {
      return false;
    }
    return true;
  };

  /**
   * Applies a change from a watch, unless the watch has ended because the user has changed.
   * @param {Change} change @param {AbortSignal} signal
   */
  const receive = async (change, signal) => {
    await whenUserKnown();
    if (signal.aborted) return;
    applyChange(change);
    return true;
  };

  /** Reads the gateway's stream to its end. Resolves to whether it sent anything. @param {AbortSignal} signal */
  const readStream = async (signal) => {
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal.addEventListener("abort", abort);
    let timer = setTimeout(abort, FIRST_EVENT_MS);
    try {
      const response = await call("/stream", { signal: stop.signal });
      if (!response.ok || !response.body) return false;
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return isStreaming;
        clearTimeout(timer);
        timer = setTimeout(abort, SILENCE_MS);
        const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) {
          const data = event.match(/^data: ?(.*)$/m)?.[1];
          if (!data) continue;
          isStreaming = true;
          const change = JSON.parse(data);
          if (await receive(change, signal)) channel?.postMessage(change);
        }
      }
    } catch {
      return isStreaming;
    } finally {
      abort();
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      isStreaming = false;
    }
  };

  /**
   * Watches until it is aborted: with a stream, or by polling if no stream gets through.
   * @param {AbortSignal} signal
   */
  const run = async (signal) => {
    for (let poll = POLL_MS; !signal.aborted;) {
      let wait = RECONNECT_MS;
      if (!(await readStream(signal)) && !signal.aborted) {
        poll = (await refresh()) ? POLL_MS : Math.min(poll * 2, POLL_MAX_MS);
        wait = poll;
      }
      // Jitter, so that clients do not reconnect all at once after an outage.
      await pause(wait * (0.5 + Math.random()), signal);
    }
  };

  /** Starts watching anew, or only stops if there is nothing to follow, the page is hidden, or the network is offline. */
  const restartWatch = () => {
    watch?.abort();
    watch = undefined;
    channel?.close();
    channel = undefined;
    if (
      lifetime.aborted ||
      document.visibilityState != "visible" ||
      !navigator.onLine ||
      !(counts.open || counts.unread)
    )
      return;
    const { signal } = (watch = new AbortController());
    const name = `${storageKey}:${followedOwner}`;
    let isRunning = false;
    const start = () => ((isRunning = true), run(signal));
    try {
      channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => (data ? receive(data, signal) : isStreaming && channel?.postMessage(counts));
      // The tab with the stream replies with the counts.
      channel.postMessage(0);
      navigator.locks.request(name, { signal }, start).catch(() => void (isRunning || signal.aborted || start()));
    } catch {
      // Old browsers have neither, and sandboxed pages may use neither. Then this tab has a stream of its own.
      start();
    }
  };

  const ensureWatch = () => {
    if (!watch) restartWatch();
  };

  /** Stops following; nothing is unread any more. */
  const stopFollowing = () => {
    const { unread } = counts;
    generation += 1;
    counts = { total: 0, open: 0, unread: 0 };
    restartWatch();
    showCounts();
    if (unread) emit("unread", { count: 0 });
    onChange(counts);
  };

  lifetime.addEventListener("abort", restartWatch);
  document.addEventListener("visibilitychange", restartWatch, { signal: lifetime });
  for (const type of ["online", "offline"]) addEventListener(type, restartWatch, { signal: lifetime });

  return {
    request,
    /** How many tickets are known to be open. If none is, waits for the running request first. */
    open: async () => {
      if (!counts.open) await countsRequest;
      return counts.open;
    },
    /** Continues with the count that the device has stored. */
    resume: () => {
      try {
        counts = { total: 1, open: 1, unread: Number(localStorage.getItem(storageKey)) };
      } catch {}
      showCounts();
      ensureWatch();
    },
    /** Requests the counts, and continues from there. */
    look: async () => {
      await refresh();
      ensureWatch();
    },
    /** A ticket was sent or changed from here. */
    touched: () => {
      counts = { ...counts, total: counts.total || 1, open: counts.open || 1 };
      storeCounts();
      if (watch && !isStreaming) refresh();
      ensureWatch();
    },
    /** If the user has changed, or is signed now, ends the watch and requests the counts again. */
    meet: async () => {
      if (followedOwner == owner()) return;
      followedOwner = owner();
      stopFollowing();
      const startGeneration = generation;
      const isCurrent = await refresh();
      if (startGeneration != generation) return;
      // Assumed until the gateway responds.
      if (!isCurrent) counts.open = 1;
      ensureWatch();
    },
    /** The user has logged out. */
    forget: () => {
      followedOwner = owner();
      stopFollowing();
    },
  };
};

/** @param {number} ms @param {AbortSignal} signal */
const pause = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(0);
    });
  });
