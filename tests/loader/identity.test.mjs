// The user's token: when the host's function is called for another one.

import assert from "node:assert/strict";
import { test } from "node:test";

const { token } = await import("../../loader/identity.js");

/** A token that is valid for a minute. @param {string} id */
const jwt = (id) => `e30.${btoa(JSON.stringify({ sub: "ada", iat: 0, exp: 60, jti: id }))}.`;

/** A page whose host gives another token at each call. */
const host = () => {
  const issued = [];
  const state = { token: () => (issued.push(jwt(`${issued.length}`)), issued.at(-1)) };
  return { state, issued };
};

test("fetches one new token for two requests that were rejected with the same one", async () => {
  const { state, issued } = host();
  const first = await token(state);
  const second = await token(state, first);
  // The other request is rejected after the new token has arrived.
  assert.equal(await token(state, first), second);
  assert.equal(issued.length, 2);
});

test("replaces a new token that is rejected as well", async () => {
  const { state, issued } = host();
  const second = await token(state, await token(state));
  await token(state, second);
  assert.equal(issued.length, 3);
});

test("reuses a token that was not rejected", async () => {
  const { state, issued } = host();
  assert.equal(await token(state), await token(state));
  assert.equal(issued.length, 1);
});
