// The values that the host has set, for the widget to read.

export const blank = () => {};

/** Waits for a promise, but not for long. @param {Promise<unknown>} promise */
export const soon = (promise) => Promise.race([promise, new Promise((late) => setTimeout(late, 3000))]);

/** Thrown by a command whose arguments are wrong; `host.js` has the words. */
export const WRONG = 0;

const HEADERS = ["x-request-id", "traceparent"];

/**
 * `user` is the current user, `given` what the host declared of them besides their token, whose claims complete it.
 * `frozen` is the snapshot at the draft's first letter; later snapshots must not change what the customer began to
 * describe. `leave` is set while the plain form runs, and ends it; `left` are the submissions that it had then. `gave`
 * is the last result of the host's token function, `error` why a token is invalid. `counted` is called when
 * `unread` or `queued` has changed. `complete` and `put` are set once there is code that completes snapshots, and that
 * puts the arguments of the console together.
 * @type {{
 *   user: any,
 *   given?: any,
 *   unread: number,
 *   queued: number,
 *   unsure?: number,
 *   token?: string | (() => unknown),
 *   gave?: any,
 *   error?: { code: string, title: string },
 *   values: Record<string, unknown>,
 *   config: any[],
 *   suggested: object[],
 *   frozen: import("./moment.js").Snapshot | null,
 *   providers: Record<string, () => unknown>,
 *   off: Set<string>,
 *   headers: string[],
 *   forget: ((all: boolean) => void)[],
 *   counted?: () => void,
 *   put?: (recorded: string) => string,
 *   leave?: () => void,
 *   left?: import("./plain.js").Sealed[],
 *   complete?: (snapshot: import("./moment.js").Snapshot) => Promise<unknown>,
 * }}
 */
export const state = {
  user: null,
  unread: 0,
  queued: 0,
  values: {},
  config: [],
  suggested: [],
  frozen: null,
  providers: {},
  off: new Set(),
  headers: HEADERS,
  forget: [],
};

/** Applies the host's settings for recording. @param {any} context */
export const restrict = (context) => {
  if (Array.isArray(context?.off)) state.off = new Set(context.off);
  if (Array.isArray(context?.headers))
    state.headers = [...HEADERS, ...context.headers.map((/** @type {any} */ name) => `${name}`.toLowerCase())];
  for (const forget of state.forget) forget(false);
};

/** Forgets the user, and what was recorded. */
export const clear = () => {
  state.user = state.given = state.frozen = null;
  state.token = undefined;
  state.values = {};
  for (const forget of state.forget) forget(true);
};
