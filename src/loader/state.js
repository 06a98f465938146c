// What the host told us and what was recorded: read by the widget when it needs it.

import { errors } from "./errors.js";

export const blank = () => {};

/**
 * `frozen` is the page at the draft's first letter; later moments must not change what the customer began to describe.
 * @type {{ user: object | null, values: Record<string, unknown>, config: object[], frozen: object | null }}
 */
export const state = { user: null, values: {}, config: [], frozen: null };

export const now = () => new Date().toISOString();

/** The page, the person and the errors as they are now. */
export const snapshot = () => ({
  at: now(),
  url: location.href,
  title: document.title,
  referrer: document.referrer,
  online: navigator.onLine,
  user: state.user,
  values: { ...state.values },
  errors: errors.map((error) => ({ ...error })),
});

/** Keeps the moment until the draft is gone. */
export const freeze = () => (state.frozen ??= snapshot());

/** Forgets the person. */
export const clear = () => {
  state.user = state.frozen = null;
  state.values = {};
};
