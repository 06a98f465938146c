// Attachments: stored on the device until their message is sent, and uploaded to the gateway before or with it.

import { as } from "./asking.js";
import { FILES_MS, got, transact } from "./disk.js";
import { FULL, parsed } from "./outcome.js";
import { random } from "./session.js";
import { blank } from "./state.js";

/**
 * @typedef {object} Kept
 * @property {string} id a UUID, also at the gateway
 * @property {string} of its owner: the id of a draft, or `reply:` and the id of a ticket
 * @property {string} name
 * @property {Blob} blob
 * @property {number} at when it was added
 * @property {boolean} there whether the gateway has it
 * @property {boolean} [metadata] whether it may still contain metadata, such as a location, according to the gateway
 * @property {string} [refused] why the gateway refused it: the code of its problem document
 *
 * @typedef {{status: number, text?: string, after?: number, late?: boolean}} Answer
 * @typedef {import("./asking.js").Token} Token
 */

/** How long an upload may make no progress. */
const STALLED_MS = 30_000;

/** @param {string} siteUrl */
export const attachments = (siteUrl) => {
  /** The attachments that this page knows, and the only ones if storage is forbidden. @type {Map<string, Kept>} */
  const known = new Map();
  /** Running uploads. @type {Map<string, {done: Promise<Answer>, end: () => void}>} */
  const going = new Map();
  /** The progress of uploads, from 0 to 1. @type {Map<string, number>} */
  const gone = new Map();
  /** The ids of those that were removed. @type {Set<string>} */
  const dropped = new Set();
  let changed = blank;

  /** @param {Kept} file */
  const keep = async (file) => {
    known.set(file.id, file);
    changed();
    await transact(["files"], (files) => files.put(file, file.id), FILES_MS).catch(blank);
  };

  /** An attachment on the device. @param {string} id @returns {Promise<Kept | undefined>} */
  const stored = (id) => transact(["files"], (files) => got(files.get(id)), FILES_MS).catch(blank);

  /**
   * Finds an attachment with readable bytes: the chosen file may have been deleted since, and then the stored copy is
   * used.
   * @param {string} id
   */
  const find = async (id) => {
    for (const from of [() => known.get(id), () => stored(id)]) {
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
      dropped.add(id);
    }
    changed();
    await transact(["files"], (files) => ids.forEach((id) => files.delete(id))).catch(blank);
  };

  /** @param {string} whose */
  const of = (whose) => [...known.values()].filter((file) => file.of == whose).sort((one, other) => one.at - other.at);

  /** @param {Kept} file @param {Record<string, string>} headers @param {(request: XMLHttpRequest) => void} begun @returns {Promise<Answer>} */
  const exchange = ({ id, name, blob }, headers, begun) =>
    new Promise((resolve) => {
      // `fetch` does not report upload progress.
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
        // By its name the browser would log an error if something in between has answered.
        const after = Number(/^retry-after: (\d+)/im.exec(request.getAllResponseHeaders())?.[1] ?? 0);
        resolve(status ? { status, text, after } : { status, late });
      };
      request.open("PUT", `${siteUrl}/attachments/${id}?name=${encodeURIComponent(name)}`);
      for (const [header, value] of Object.entries(headers)) request.setRequestHeader(header, value);
      begun(request);
      moved();
      request.send(blob);
    });

  /** The ids of its attachments that a ticket or a reply can have. @param {string} whose */
  const ids = (whose) =>
    of(whose)
      .filter(({ refused }) => !refused)
      .map(({ id }) => id);

  /** The names of its attachments with a state. @param {string} whose @param {(file: Kept) => unknown} has */
  const namesOf = (whose, has) =>
    of(whose)
      .filter(has)
      .map(({ name }) => name);

  return {
    drop,
    find,
    of,
    ids,
    /** An attachment that this page knows. @param {string} id */
    get: (id) => known.get(id),

    /**
     * Adds files to an owner, as far as the limits allow: all at once, so that what is sent the next moment has them.
     * Returns their ids, why others were not added (`many`, `large` or `empty`), and what resolves once they are stored.
     * @param {string} to @param {File[]} files @param {{max_bytes: number, max_count: number}} limits
     * @param {string} unnamed the name of a file without one
     */
    add: (to, files, { max_bytes, max_count }, unnamed) => {
      const added = [];
      const refused = [];
      const storing = [];
      for (const blob of files) {
        const name = blob.name || unnamed;
        const id = uuid();
        const isOver = ids(to).length >= max_count;
        const why = isOver ? "many" : blob.size > max_bytes ? "large" : !blob.size ? "empty" : "";
        if (why) refused.push({ name, why });
        else {
          added.push(id);
          // Fractions keep the order in which they were chosen.
          const at = Date.now() + added.length / 1000;
          storing.push(keep({ id, of: to, name, blob, at, there: false }));
        }
      }
      return { added, refused, stored: Promise.all(storing) };
    },

    /** The attachments of an owner with the state of their uploads. @param {string} whose */
    list: (whose) =>
      of(whose).map(({ blob: { size, type }, ...file }) => ({
        ...file,
        size,
        type,
        going: going.has(file.id),
        part: gone.get(file.id),
      })),
    /** Whether a refusal is temporary. @param {string} [code] */
    ends: (code) => FULL.test(code ?? ""),
    /** Sets the listener for any change. @param {() => void} heard */
    listen: (heard) => (changed = heard),

    /** Loads the stored attachments of an owner. @param {string} whose */
    load: async (whose) => {
      /** @type {Kept[]} */
      const stored = await transact(["files"], (files) => got(files.getAll())).catch(() => []);
      for (const file of stored)
        if (file.of == whose && !known.has(file.id) && !dropped.has(file.id)) known.set(file.id, file);
      changed();
    },

    /** The names of its attachments that something on the way has blocked. @param {string} whose */
    stopped: (whose) => namesOf(whose, ({ refused }) => refused == "stopped"),

    /** The names of its attachments that support does not accept. @param {string} whose */
    unaccepted: (whose) => namesOf(whose, ({ refused }) => refused && refused != "stopped"),

    /** Assigns attachments to another owner, also those that an earlier page has stored. @param {string[]} ids @param {string} to */
    give: (ids, to) =>
      Promise.all(
        ids.map(async (id) => {
          const file = known.get(id) ?? (await stored(id));
          if (file && !dropped.has(id)) await keep({ ...(known.get(id) ?? file), of: to });
        }),
      ),

    /**
     * Marks attachments as missing at the gateway. Returns those that are not on the device either.
     * @param {string[]} ids
     */
    lost: async (ids) => {
      const gone = [];
      for (const id of ids) {
        const file = await find(id);
        if (file) await keep({ ...file, there: false });
        else gone.push(id);
      }
      return gone;
    },

    /** The names of attachments. @param {string[]} ids */
    names: (ids) => ids.map((id) => known.get(id)?.name ?? ""),

    /**
     * Uploads an attachment; never rejects. The status is 201 if it was uploaded before, or does not exist any more.
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
      // Registered before anything is awaited, so that nobody starts a second upload.
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
      // It may belong to another owner by now.
      const now = known.get(id) ?? file;
      // A response that is not the gateway's says nothing about the type of the file.
      const { code = answer.status == 413 ? "stopped" : "", has_metadata: metadata } = parsed(answer.text);
      if (answer.status == 201) await keep({ ...now, there: true, metadata, refused: undefined });
      else if (code && ([413, 415].includes(answer.status) || FULL.test(code))) await keep({ ...now, refused: code });
      changed();
      return answer;
    },
  };
};

/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` does not exist on every page. */
const uuid = () => {
  const digits = random(16);
  const [variant = ""] = "89ab"[parseInt(digits[16] ?? "0", 16) & 3] ?? "8";
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    variant + digits.slice(17, 20),
    digits.slice(20),
  ].join("-");
};
