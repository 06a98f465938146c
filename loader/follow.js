// Follows the tickets of a customer: requests to the gateway, and watching for changes. One tab at a time has a
// stream from the gateway and informs the others; a tab that is hidden or offline requests nothing.

import { marks } from "./marks.js";

/**
 * @typedef {{total: number, open: number, unread: number}} Counts
 * @typedef {Counts & {ticket?: {id: string, reference: string}}} Change
 * @typedef {object} Given
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
/** How long to wait for the first event of a stream, which something in between may hold back. */
const FIRST_WORD_MS = 10_000;
/** Three times as long as the gateway is ever silent. */
const SILENCE_MS = 45_000;
const AGAIN_MS = 1000;
const POLL_MS = 30_000;
const POLL_MAX_MS = 300_000;

/** @param {Given} given */
export const follow = (given) => {
  const { site, siteUrl, triggers, state, emit, session, token, known, changed, signal: over } = given;
  const place = `deskbell:${site}:tickets`;
  const mark = marks("data-deskbell-unread", triggers, over);
  /** @type {Counts} */
  let counts = { total: 0, open: 0, unread: 0 };
  /** The owner of the followed tickets. A signed customer has other tickets than their session.  */
  const owner = () => `${state.user?.id ?? ""}\n${state.token ? "signed" : ""}`;
  let whose = owner();
  /** Counts changes of the owner: results of requests from before one are ignored. */
  let ends = 0;
  /** Aborts the running watch. @type {AbortController | undefined} */
  let watch;
  let streams = false;
  /** @type {BroadcastChannel | undefined} */
  let channel;

  /**
   * Sends a request as the current user; a token that is refused is replaced by a new one, once.
   * @param {string} path @param {RequestInit} options
   */
  const call = async (path, options) => {
    const user = `${state.user?.id ?? ""}`;
    for (let refused = ""; ;) {
      const jwt = await token(refused, user);
      const headers = new Headers(options.headers);
      // Only what is submitted begins a session: after a `reset` the old one must not be followed by another.
      const own = session(false);
      if (!jwt && !own) throw new Error("deskbell: nobody");
      if (own) headers.set("Deskbell-Session", own);
      if (jwt) headers.set("Authorization", `Bearer ${jwt}`);
      const answer = await fetch(`${siteUrl}/tickets${path}`, {
        ...options,
        headers,
        credentials: "omit",
        cache: "no-store",
      });
      if (answer.status != 401 || !jwt) return answer;
      if (refused) {
        await token({ text: await answer.clone().text() }, user);
        return answer;
      }
      refused = jwt;
    }
  };

  /**
   * Sends a request; never rejects. Without a status there was no response.
   * @param {string} method @param {string} path @param {string} [body]
   * @param {AbortSignal} [signal] aborts it
   */
  const request = async (method, path, body, signal = AbortSignal.timeout(REQUEST_MS)) => {
    try {
      /** @type {Record<string, string>} */
      const headers = body ? { "Content-Type": "application/json" } : {};
      const answer = await call(path, { method, headers, signal, ...(body && { body }) });
      const text = await answer.text();
      return { status: answer.status, text, after: Number(answer.headers.get("Retry-After")) };
    } catch {
      return { status: 0, late: signal.aborted };
    }
  };

  /** Takes new counts, and informs listeners. @param {Change} change */
  const take = ({ ticket, total, open, unread }) => {
    const before = counts.unread;
    counts = { total, open, unread };
    keep();
    if (unread != before) {
      show();
      emit("unread", { count: unread });
    }
    if (ticket && unread > before) emit("reply", { id: ticket.id, reference: ticket.reference });
    changed({ ticket, ...counts });
  };

  /** Records on the device that there are tickets to follow, so that the next page does. */
  const keep = () => {
    try {
      if (counts.open || counts.unread) localStorage.setItem(place, `${counts.unread}`);
      // Zero may also mean that the host has not declared the user yet.
      else if (counts.total) localStorage.removeItem(place);
    } catch {}
  };

  const show = () => {
    state.unread = counts.unread;
    state.counted?.();
    mark(counts.unread);
  };

  /** The last request for the counts. @type {Promise<unknown>} */
  let looking = Promise.resolve();

  /** Requests the counts; resolves to whether that succeeded. */
  const look = () => {
    const told = ask();
    looking = told;
    return told;
  };

  const ask = async () => {
    const asked = ends;
    const { status, text } = await request("GET", "");
    await known();
    if (status != 200 || asked != ends) return false;
    try {
      const { tickets, total = tickets.length, open, unread } = JSON.parse(text ?? "");
      take({ total, open, unread });
    } catch {
      return false;
    }
    return true;
  };

  /**
   * Takes a change from a watch, unless the watch was ended because the user has changed.
   * @param {Change} change @param {AbortSignal} signal
   */
  const hears = async (change, signal) => {
    await known();
    if (signal.aborted) return;
    take(change);
    return true;
  };

  /** Reads the gateway's stream to its end; resolves to whether it sent anything. @param {AbortSignal} signal */
  const hear = async (signal) => {
    const stop = new AbortController();
    const end = () => stop.abort();
    signal.addEventListener("abort", end);
    let timer = setTimeout(end, FIRST_WORD_MS);
    try {
      const answer = await call("/stream", { signal: stop.signal });
      if (!answer.ok || !answer.body) return false;
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return streams;
        clearTimeout(timer);
        timer = setTimeout(end, SILENCE_MS);
        const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) {
          const data = event.match(/^data: ?(.*)$/m)?.[1];
          if (!data) continue;
          streams = true;
          const change = JSON.parse(data);
          if (await hears(change, signal)) channel?.postMessage(change);
        }
      }
    } catch {
      return streams;
    } finally {
      end();
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      streams = false;
    }
  };

  /**
   * Watches until it is aborted: by the stream, or by polling if no stream gets through.
   * @param {AbortSignal} signal
   */
  const run = async (signal) => {
    for (let poll = POLL_MS; !signal.aborted;) {
      let wait = AGAIN_MS;
      if (!(await hear(signal)) && !signal.aborted) {
        poll = (await look()) ? POLL_MS : Math.min(poll * 2, POLL_MAX_MS);
        wait = poll;
      }
      // Jitter, so that not all clients come back at once with the gateway.
      await pause(wait * (0.5 + Math.random()), signal);
    }
  };

  /** Starts watching, or stops: if there is nothing to follow, the page is hidden, or the network is offline. */
  const turn = () => {
    watch?.abort();
    watch = undefined;
    channel?.close();
    channel = undefined;
    if (over.aborted || document.visibilityState != "visible" || !navigator.onLine || !(counts.open || counts.unread))
      return;
    const { signal } = (watch = new AbortController());
    const name = `${place}:${whose}`;
    let begun = false;
    const hold = () => ((begun = true), run(signal));
    try {
      channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => (data ? hears(data, signal) : streams && channel?.postMessage(counts));
      // The tab with the stream replies with the counts.
      channel.postMessage(0);
      navigator.locks.request(name, { signal }, hold).catch(() => void (begun || signal.aborted || hold()));
    } catch {
      // Old browsers have neither, and sandboxed pages are refused both, like storage: this tab has a stream of its own.
      hold();
    }
  };

  const begin = () => {
    if (!watch) turn();
  };

  /** Stops following; nothing is unread any more. */
  const end = () => {
    const { unread } = counts;
    ends += 1;
    counts = { total: 0, open: 0, unread: 0 };
    turn();
    show();
    if (unread) emit("unread", { count: 0 });
    changed(counts);
  };

  over.addEventListener("abort", turn);
  document.addEventListener("visibilitychange", turn, { signal: over });
  for (const type of ["online", "offline"]) addEventListener(type, turn, { signal: over });

  return {
    request,
    /** How many tickets are open, as far as known. If none is, it waits for a running request. */
    open: async () => {
      if (!counts.open) await looking;
      return counts.open;
    },
    /** Continues with what the device has stored. */
    resume: () => {
      try {
        counts = { total: 1, open: 1, unread: Number(localStorage.getItem(place)) };
      } catch {}
      show();
      begin();
    },
    /** Requests the counts, and continues from there. */
    look: async () => {
      await look();
      begin();
    },
    /** A ticket was sent or changed from here. */
    touched: () => {
      counts = { ...counts, total: counts.total || 1, open: counts.open || 1 };
      keep();
      if (watch && !streams) look();
      begin();
    },
    /** The user may have changed, or is signed now: ends the watch, and requests the counts again. */
    meet: async () => {
      if (whose == owner()) return;
      whose = owner();
      end();
      const met = ends;
      const told = await look();
      if (met != ends) return;
      // Until the gateway says otherwise.
      if (!told) counts.open = 1;
      begin();
    },
    /** The user has logged out. */
    forget: () => {
      whose = owner();
      end();
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
