// Fetched right after `modules.js`: what completes a snapshot with what need not be collected before somebody asks for
// help.

export { shown } from "./collect/console.js";
export { complete } from "./collect/gather.js";
