// Sends tickets directly to a Zendesk, without a gateway: as an anonymous request with its attachments. There is no
// idempotency key, so a second request would be a second ticket: once one was begun, only the customer may send it
// again.

import { described, subject } from "./zendesk/request.js";

/** @typedef {import("./attachments.js").Kept} Kept */
/** @typedef {{[key: string]: string} | void} Words */
/** @typedef {{status: number, content: any, after: number}} ZendeskResponse what Zendesk answered: `content` is the parsed body */
/**
 * The response that a gateway would have sent, as `outcome.js` judges it.
 * @typedef {{status: number, text?: string, after?: number, sealed?: "keyless"}} Answer
 */

const REQUEST_MS = 20_000;
/** The further time for an attachment: a connection slower than 10 kB per second is not waited for. */
const MS_PER_BYTE = 0.1;
const REASON_MAX = 500;
/** A refusal that is about uploads. */
const TAKEN = /upload|attachment|token/i;
/** No request has begun. @type {Answer} */
const NOTHING = { status: 0 };

/**
 * Sends a submission; never rejects. The result is `keyless` if it may have reached Zendesk; otherwise it may be
 * retried.
 * @param {string} origin @param {{key: string, body: string, files: string[]}} item
 * @param {(id: string) => Promise<Kept | undefined>} find finds an attachment on the device
 * @param {() => Promise<boolean>} begin records on the device that it may arrive from now on; resolves to whether
 *   nobody has begun before
 * @param {Words} words
 * @returns {Promise<Answer>}
 */
export const deliver = async (origin, { key, body, files }, find, begin, words) => {
  if (!navigator.onLine) return NOTHING;
  /** @type {{sealed?: "keyless"}} */
  const so = {};
  try {
    const ticket = JSON.parse(body);
    const uploads = [];
    // Again for every attempt: the tokens that Zendesk returns for uploads are valid for an hour.
    for (const id of files) {
      const file = await find(id);
      if (!file) continue;
      const response = await upload(origin, file.name, file.blob);
      const token = response.content.upload?.token;
      if (!token) return unsent(response, words, `${file.name}: `);
      uploads.push(token);
    }
    const context = collected(ticket.context);
    if (context) {
      const response = await upload(origin, "deskbell-context.json", context);
      const token = response.content.upload?.token;
      // Parts of it that are refused are also in the message, in short.
      if (token) uploads.push(token);
      else if (!refuses(response)) return unsent(response, words);
    }
    const { name, email } = ticket.contact;
    const request = {
      requester: { name: name || email.split("@")[0], email },
      subject: subject(ticket),
      comment: { body: described(ticket, key), ...(uploads.length && { uploads }) },
      tags: ["deskbell", ...(ticket.test ? ["deskbell_test"] : [])],
    };
    const first = await begin();
    so.sealed = "keyless";
    if (!first) return { ...NOTHING, ...so };
    const response = await ask(`${origin}/api/v2/requests.json`, "application/json", JSON.stringify({ request }));
    const { status, content, after } = response;
    if (refuses(response)) {
      const text = refusal(response, words);
      // Fresh uploads are gone only if the browser itself, after its connection broke, has sent the request twice.
      return uploads.length && TAKEN.test(text) ? { ...NOTHING, ...so } : { status, text, ...so };
    }
    const id = content.request?.id;
    return {
      status,
      text: JSON.stringify(id ? { id: `${id}`, reference: `#${id}`, status: "open" } : {}),
      after,
      ...so,
    };
  } catch {
    return { ...NOTHING, ...so };
  }
};

/** The context as a file; nothing if the customer withholds all of it. @param {any} context */
const collected = (context) => {
  // Notes that something is withheld need no file of their own.
  const groups = Object.entries(context ?? {}).filter(([name, of]) => typeof of == "object" && name != "withheld");
  return groups.length ? new Blob([JSON.stringify(context, null, 2)], { type: "application/json" }) : null;
};

/** @param {string} origin @param {string} name @param {Blob} blob */
const upload = (origin, name, blob) =>
  ask(
    `${origin}/api/v2/uploads.json?filename=${encodeURIComponent(name)}`,
    blob.type || "application/binary",
    blob,
    REQUEST_MS + blob.size * MS_PER_BYTE,
  );

/**
 * Sends a POST request; rejects without a readable response in time. Without other headers, because no others are
 * allowed.
 * @param {string} url @param {string} type @param {BodyInit} body @returns {Promise<ZendeskResponse>}
 */
const ask = async (url, type, body, time = REQUEST_MS) => {
  const ends = new AbortController();
  /** @type {any} */
  let timer;
  // A page's own `fetch` may ignore the signal.
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => {
      ends.abort();
      reject();
    }, time);
  });
  const exchange = async () => {
    const headers = { "Content-Type": type };
    const answer = await fetch(url, { method: "POST", headers, body, signal: ends.signal, credentials: "omit" });
    const content = parsed(await answer.text());
    return { status: answer.status, content, after: Number(answer.headers.get("Retry-After")) };
  };
  try {
    return /** @type {ZendeskResponse} */ (await Promise.race([exchange(), end]));
  } finally {
    clearTimeout(timer);
  }
};

/** Whether Zendesk refuses, and would again. @param {ZendeskResponse} response */
const refuses = ({ status }) => status >= 400 && status < 500 && status != 408 && status != 429;

/**
 * The result before the request was begun: refused, told to wait, or not reached.
 * @param {ZendeskResponse} response @param {Words} words @returns {Answer}
 */
const unsent = (response, words, of = "") => {
  const { status, after } = response;
  if (refuses(response)) return { status, text: refusal(response, words, of) };
  return status == 429 ? { status, after } : NOTHING;
};

/** A problem document with the reason. @param {ZendeskResponse} response @param {Words} words */
const refusal = ({ status, content }, words, of = "") => {
  const signedOut = status == 401 || status == 403 ? words?.["refused_signed_out"] : "";
  const { details, errors, description, error_description, error } = content;
  const reasons = [details ? Object.values(details) : [], errors ?? []].flat(2);
  const texts = reasons.map((reason) => reason?.description ?? reason?.detail ?? reason?.title);
  texts.push(description, error_description, error?.message, error);
  const [reason = `HTTP ${status}`] = texts.filter((text) => text && typeof text == "string");
  const title = of + (signedOut || (reasons.length > 1 ? texts.slice(0, reasons.length).join(" ") : reason));
  return JSON.stringify({ code: "refused", title: title.slice(0, REASON_MAX) });
};

/** Parses a JSON object; nothing if it is invalid. @param {string} text @returns {any} */
const parsed = (text) => {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
};
