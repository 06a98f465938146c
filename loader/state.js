// What the host told us: read by the widget when it needs it.

export const blank = () => {};

/**
 * `user` is who is here, `given` what the host said of them beside their token, which may say the rest.
 * `frozen` is the page at the draft's first letter; later moments must not change what the customer began to describe. `leave` is
 * there while the plain form is, and ends it; `left` is what it had sealed then. `gave` is what the host's function for tokens gave last, `error`
 * why a token counts nothing.
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
 *   leave?: () => void,
 *   left?: import("./plain/device.js").Sealed[],
 *   gather?: (snapshot: import("./moment.js").Snapshot) => Promise<unknown>,
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
  headers: ["x-request-id", "traceparent"],
  forget: [],
};

/** Takes in what the host says of recording. @param {any} context */
export const restrict = (context) => {
  if (Array.isArray(context?.off)) state.off = new Set(context.off);
  if (Array.isArray(context?.headers))
    state.headers.push(...context.headers.map((/** @type {any} */ name) => `${name}`.toLowerCase()));
  for (const forget of state.forget) forget(false);
};

/** Forgets the person, and what was recorded. */
export const clear = () => {
  state.user = state.given = state.frozen = null;
  state.token = undefined;
  state.values = {};
  for (const forget of state.forget) forget(true);
};
