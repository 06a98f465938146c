// What surrounds the panel on the page, statistics, and the chunks of the program: nothing of it keeps a text.

export const marks = () => () => {};
export const uncover = () => {};
export const drops = () => {};
export const watchRoot = () => {};
export const relabel = () => {};
export const describe = () => ({});
export const shown = String;
export const complete = async () => {};
export const counter = () => ({ visit: () => "", count() {}, uncount() {}, leaveVisit() {}, countSent() {} });
/** Nobody has tickets that are followed. */
export const follow = () => ({
  request: async () => ({ status: 0 }),
  open: async () => 0,
  resume() {},
  look: async () => {},
  touched() {},
  meet: async () => {},
  forget() {},
});
/** Nothing takes pictures here. */
export const possible = () => false;
export const shoot = () => {};
