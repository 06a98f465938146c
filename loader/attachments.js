// Files that go along with what is written: on the device as long as it is, and brought to the gateway before it is sent, or
// with it.

import { as } from "./asking.js";
import { got, transact } from "./disk.js";
import { FULL, parsed } from "./outcome.js";
import { blank } from "./state.js";

/**
 * @typedef {object} Kept
 * @property {string} id a UUID, by which the gateway knows it
 * @property {string} of what it goes along with: the id of a draft, or `reply:` and the id of a ticket
 * @property {string} name
 * @property {Blob} blob
 * @property {number} at when it was added
 * @property {boolean} there whether the gateway has it
 * @property {boolean} [metadata] whether the gateway says that it may still carry metadata, such as a location
 * @property {string} [refused] why the gateway does not take it: the code of its problem document
 *
 * @typedef {{status: number, text?: string, after?: number, late?: boolean}} Answer
 * @typedef {import("./asking.js").Token} Token
 */

/** How long it may stand still on its way. */
const STALLED_MS = 30_000;

/** @param {string} siteUrl */
export const attachments = (siteUrl) => {
  /** What this page knows of, and all there is where storage is forbidden. @type {Map<string, Kept>} */
  const known = new Map();
  /** What is on its way. @type {Map<string, {done: Promise<Answer>, end: () => void}>} */
  const going = new Map();
  /** How much of it has gone, from 0 to 1. @type {Map<string, number>} */
  const gone = new Map();
  let changed = blank;

  /** @param {Kept} file */
  const keep = async (file) => {
    known.set(file.id, file);
    changed();
    await transact(["files"], (files) => files.put(file, file.id)).catch(blank);
  };

  /** Finds one whose bytes can be read: a file that was chosen may have left the disk since, and then the copy counts. @param {string} id */
  const find = async (id) => {
    const stored = () => transact(["files"], (files) => got(files.get(id))).catch(blank);
    for (const from of [() => known.get(id), stored]) {
      /** @type {Kept | undefined} */
      const file = await from();
      try {
        await file?.blob.slice(0, 1).arrayBuffer();
        if (file) return file;
      } catch {}
    }
  };

  /** @param {string[]} ids */
  const drop = async (ids) => {
    for (const id of ids) {
      going.get(id)?.end();
      known.delete(id);
    }
    changed();
    await transact(["files"], (files) => ids.forEach((id) => files.delete(id))).catch(blank);
  };

  /** @param {string} whose */
  const of = (whose) => [...known.values()].filter((file) => file.of == whose).sort((one, other) => one.at - other.at);

  /** @param {Kept} file @param {Record<string, string>} headers @param {(request: XMLHttpRequest) => void} begun @returns {Promise<Answer>} */
  const exchange = ({ id, name, blob }, headers, begun) =>
    new Promise((resolve) => {
      // What `fetch` does not tell: how far it has come.
      const request = new XMLHttpRequest();
      let timer = 0;
      let late = false;
      const moved = () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          late = true;
          request.abort();
        }, STALLED_MS);
      };
      request.upload.onprogress = ({ loaded, total }) => {
        moved();
        gone.set(id, loaded / total);
        changed();
      };
      request.onloadend = () => {
        clearTimeout(timer);
        const { status, responseText: text } = request;
        // By its name the browser would complain of it on the console where something in between has answered.
        const after = Number(/^retry-after: (\d+)/im.exec(request.getAllResponseHeaders())?.[1] ?? 0);
        resolve(status ? { status, text, after } : { status, late });
      };
      request.open("PUT", `${siteUrl}/attachments/${id}?name=${encodeURIComponent(name)}`);
      for (const [header, value] of Object.entries(headers)) request.setRequestHeader(header, value);
      begun(request);
      moved();
      request.send(blob);
    });

  return {
    keep,
    drop,
    find,
    of,
    gone,
    /** Whether a refusal ends by itself. @param {string} [code] */
    ends: (code) => FULL.test(code ?? ""),
    /** Whether one is on its way. @param {string} id */
    goes: (id) => going.has(id),
    /** Has something called whenever anything changes. @param {() => void} heard */
    listen: (heard) => (changed = heard),

    /** Finds what the device keeps for something. @param {string} whose */
    load: async (whose) => {
      /** @type {Kept[]} */
      const stored = await transact(["files"], (files) => got(files.getAll())).catch(() => []);
      for (const file of stored) if (file.of == whose && !known.has(file.id)) known.set(file.id, file);
      changed();
    },

    /** What a ticket or a reply can carry of it. @param {string} whose */
    ids: (whose) =>
      of(whose)
        .filter(({ refused }) => !refused)
        .map(({ id }) => id),

    /** What those are called that something on the way has stopped. @param {string} whose */
    stopped: (whose) =>
      of(whose)
        .filter(({ refused }) => refused == "stopped")
        .map(({ name }) => name),

    /** From now on they go along with something else. @param {string[]} ids @param {string} to */
    give: async (ids, to) => {
      for (const id of ids) {
        const file = known.get(id);
        if (file) await keep({ ...file, of: to });
      }
    },

    /** The gateway does not have them after all; gives those that are not here either. @param {string[]} ids */
    lost: async (ids) => {
      const gone = [];
      for (const id of ids) {
        const file = await find(id);
        if (file) await keep({ ...file, there: false });
        else gone.push(id);
      }
      return gone;
    },

    /** What they are called. @param {string[]} ids */
    names: (ids) => ids.map((id) => known.get(id)?.name ?? ""),

    /**
     * Brings one to the gateway; never rejects. What is there already, or not here any more, is a 201.
     * @param {string} id @param {string} session @param {Token} token @returns {Promise<Answer>}
     */
    put: async (id, session, token) => {
      const running = going.get(id);
      if (running) return running.done;
      if (known.get(id)?.there) return { status: 201 };
      let ended = false;
      /** @type {XMLHttpRequest | undefined} */
      let request;
      const end = () => {
        ended = true;
        request?.abort();
      };
      /** @type {Kept | undefined} */
      let found;
      /** @returns {Promise<Answer>} */
      const bring = async () => {
        const file = (found = await find(id));
        if (ended) return { status: 0 };
        if (!file || file.there) return { status: 201 };
        known.set(id, file);
        return as(session, token, (headers) => exchange(file, headers, (begun) => (request = begun))).catch(() => ({
          status: 0,
        }));
      };
      // It is on its way before anything is waited for, so that nobody brings it twice.
      const done = bring();
      going.set(id, { done, end });
      changed();
      const answer = await done;
      going.delete(id);
      gone.delete(id);
      const file = found;
      if (ended || !file || file.there) {
        changed();
        return answer;
      }
      // It may belong to something else by now.
      const now = known.get(id) ?? file;
      // What is no answer of a gateway says nothing about what kind of file it is.
      const { code = answer.status == 413 ? "stopped" : "", has_metadata: metadata } = parsed(answer.text);
      if (answer.status == 201) await keep({ ...now, there: true, metadata, refused: undefined });
      else if (code && ([413, 415].includes(answer.status) || FULL.test(code))) await keep({ ...now, refused: code });
      changed();
      return answer;
    },
  };
};
