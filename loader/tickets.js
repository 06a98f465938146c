// Imported by `modules.js` if somebody has tickets: the module that follows them, and the check for similar ones.

export { follow } from "./follow.js";

/** How long sending waits for the check for similar tickets. */
const PATIENCE_MS = 3000;

/** The message that was last checked; it is not checked again if it is sent all the same. */
let asked = "";

/**
 * Whether there are similar open tickets; if so, shows them in a place.
 * @param {Element} place @param {ReturnType<typeof import("./follow.js").follow>} line
 * @param {(what: string, about: string) => any} form
 * @param {() => Promise<(place: Element, tickets: any) => Promise<void>>} draws fetches what draws them
 */
export const alike = async (place, line, form, draws) => {
  const { message, topic } = JSON.parse(form("ticket", ""));
  if (asked == message) return false;
  const late = AbortSignal.timeout(PATIENCE_MS);
  const ended = new Promise((resolve) => late.addEventListener("abort", () => resolve(0)));
  if (!(await Promise.race([line.open(), ended]))) return false;
  asked = message;
  const found = await line.request("POST", "/alike", JSON.stringify({ message, topic }), late);
  if (found.status != 200) return false;
  const answer = JSON.parse(found.text ?? "");
  if (!answer.tickets.length) return false;
  const draw = await draws();
  if (late.aborted) return false;
  const within = document.createElement("div");
  place.querySelector(".alike")?.remove();
  within.className = "alike";
  place.append(within);
  await draw(within, answer);
  return true;
};
