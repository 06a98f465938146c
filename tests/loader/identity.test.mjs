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

test("two requests that are refused with the same token fetch one other token between them", async () => {
  const { state, issued } = host();
  const first = await token(state);
  const second = await token(state, first);
  // The other request's refusal arrives when the new token is there.
  assert.equal(await token(state, first), second);
  assert.equal(issued.length, 2);
});

test("a new token that is refused as well is replaced", async () => {
  const { state, issued } = host();
  const second = await token(state, await token(state));
  await token(state, second);
  assert.equal(issued.length, 3);
});

test("a token that nobody refused is used again", async () => {
  const { state, issued } = host();
  assert.equal(await token(state), await token(state));
  assert.equal(issued.length, 1);
});
