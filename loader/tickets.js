// Imported by `modules.js` if somebody has tickets.

export { follow } from "./follow.js";
