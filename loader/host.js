// Fetched by the pages that need it: Deskbell's own button, what `diagnose` tries, and the words about mistakes of the
// host's developer.

export { diagnose } from "./host/diagnose.js";
export { launch } from "./host/launcher.js";
export { check, wrong } from "./host/mistakes.js";
export { plain } from "./host/plain.js";
export { finishReset } from "./host/reset.js";
export { isKnown } from "./host/site.js";
