// Calls of the functions that the recorder wraps, and their results.

/** @typedef {import("node:http").ServerResponse} Response */

/** Streams that wait until more is requested. @type {(() => void)[]} */
const pendingStreams = [];

/** Responses of the product's server. */
const ANSWERS = /** @type {Record<string, (response: Response) => unknown>} */ ({
  "/api/json": (response) => response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}'),
  "/api/fails": (response) => response.writeHead(503, { "x-request-id": "req-1" }).end("no"),
  "/api/stream": async (response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.write("one ");
    await new Promise((go) => pendingStreams.push(() => go(null)));
    response.end("two three");
  },
  "/api/more": (response) => {
    for (const go of pendingStreams.splice(0)) go();
    response.end();
  },
  "/api/never": () => {},
  "/api/hangs-up": (response) => response.destroy(),
});

/** Responds to the requests of these calls. @type {import("./site.js").Options["answer"]} */
export const answer = ({ url }, response) => {
  const reply = ANSWERS[url ?? ""];
  reply?.(response);
  return reply;
};

/** Each function calls an interface of the page and returns the result. */
const USES = /** @type {Record<string, () => unknown>} */ ({
  "the text of an answer": () => fetch("/api/json").then((answer) => answer.text()),
  "a request as an object": () => fetch(new Request("/api/json", { method: "POST", body: "x" })).then((a) => a.status),
  "a clone": () => fetch("/api/json").then(async (answer) => [await answer.clone().json(), await answer.json()]),
  "a stream, part by part": async () => {
    const reader = (await fetch("/api/stream")).body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    const first = await read();
    await fetch("/api/more");
    let rest = "";
    for (let part; (part = await read());) rest += part;
    return [first, rest];
  },
  "an abort before the answer": () => {
    const controller = new AbortController();
    const request = fetch("/api/never", { signal: controller.signal });
    controller.abort(new RangeError("enough"));
    return request.catch((error) => [error.name, error.message]);
  },
  "an abort in the middle of a body": async () => {
    const controller = new AbortController();
    const answer = await fetch("/api/stream", { signal: controller.signal });
    controller.abort();
    return answer.text().catch((error) => error.name);
  },
  "a server that hangs up": () => fetch("/api/hangs-up").catch((error) => [error.name, error.message]),
  "an invalid URL": () => fetch("http://").catch((error) => [error.name, error.message]),
  "options that throw": () =>
    fetch("/api/json", {
      get method() {
        throw new RangeError("mine");
      },
    }).catch((error) => error.message),
  "how often options are read": async () => {
    let reads = 0;
    const headers = { "x-a": "b" };
    await fetch("/api/json", {
      get headers() {
        reads++;
        return headers;
      },
    });
    return reads > 0;
  },
  "headers from an iterator": () => {
    const headers = new Map([["x-a", "b"]]).entries();
    return fetch("/api/json", { headers: /** @type {any} */ (headers) }).then((a) => a.ok);
  },
  "fetch on something else": () => {
    try {
      return /** @type {any} */ (Reflect.apply(fetch, {}, ["/api/json"])).catch((/** @type {any} */ e) => e.name);
    } catch (error) {
      return `threw ${/** @type {any} */ (error).name}`;
    }
  },
  "fetch as a constructor": () => {
    try {
      return String(Reflect.construct(fetch, ["/api/json"]));
    } catch (error) {
      return /** @type {any} */ (error).name;
    }
  },
  "an unhandled rejection": () =>
    new Promise((done) => {
      addEventListener("unhandledrejection", (event) => (event.preventDefault(), done(event.reason.name)), {
        once: true,
      });
      fetch("/api/hangs-up");
    }),
  "a synchronous request": () => {
    const request = new XMLHttpRequest();
    request.open("GET", "/api/json", false);
    request.send();
    return [request.status, request.responseText, request.readyState];
  },
  "a synchronous request that fails": () => {
    const request = new XMLHttpRequest();
    request.open("GET", "/api/hangs-up", false);
    try {
      request.send();
      return "sent";
    } catch (error) {
      return /** @type {any} */ (error).name;
    }
  },
  "the events of a request": () =>
    new Promise((done) => {
      const request = new XMLHttpRequest();
      /** @type {string[]} */
      const events = [];
      for (const type of ["loadstart", "readystatechange", "progress", "load", "error", "abort", "loadend"])
        request.addEventListener(type, () => events.push(`${type} ${request.readyState}`));
      request.onloadend = () => setTimeout(() => done(events));
      request.open("GET", "/api/json");
      request.send();
    }),
  "an aborted request": () =>
    new Promise((done) => {
      const request = new XMLHttpRequest();
      /** @type {string[]} */
      const events = [];
      for (const type of ["load", "error", "abort", "loadend"]) request.addEventListener(type, () => events.push(type));
      request.open("GET", "/api/never");
      request.send();
      request.abort();
      setTimeout(() => done([events, request.status, request.readyState]));
    }),
  "an answer of another type": () =>
    new Promise((done) => {
      const request = new XMLHttpRequest();
      request.responseType = "json";
      request.onload = () => done(request.response);
      request.open("GET", "/api/json");
      request.send();
    }),
  "open without arguments": () => {
    try {
      /** @type {any} */ (new XMLHttpRequest()).open();
    } catch (error) {
      return [/** @type {any} */ (error).name, /** @type {any} */ (error).message];
    }
  },
  "send before open": () => {
    try {
      new XMLHttpRequest().send();
    } catch (error) {
      return [/** @type {any} */ (error).name, /** @type {any} */ (error).message];
    }
  },
  "a history entry": () => {
    const result = history.pushState({ a: 1 }, "", "#there");
    return [result, location.hash, history.state];
  },
  "a history entry elsewhere": () => {
    try {
      history.pushState(null, "", "https://elsewhere.example/");
    } catch (error) {
      return /** @type {any} */ (error).name;
    }
  },
  "the console": () => [console.warn("w", { a: 1 }), console.error(new RangeError("e"))].map(String),
});

/** The result of each use by its name. @param {import("@playwright/test").Page} page */
export const outcomes = async (page) => {
  /** @type {Record<string, unknown>} */
  const all = {};
  for (const [name, use] of Object.entries(USES))
    all[name] = await page.evaluate(use).catch((error) => `threw ${String(error).split("\n")[0]}`);
  return all;
};
