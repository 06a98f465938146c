// What looks confidential in a text. The widget knows far more of it (`crates/redaction`); here it is what is most often
// pasted by mistake.

/** How much of a secret is shown. */
const SHOWN = 8;

/** By their forms: keys and tokens of common issuers, private keys, signed tokens, and passwords by their names. */
const FORMS =
  /\b(?:[spr]k_(?:live|test)_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-[\w-]{20}|AKIA[0-9A-Z]{12}|AIza)[\w-]{4,}|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{8,}\.[\w-]{8,}|(?:password|passwort|secret|api[_-]?key|token)["']?\s*[:=]\s*["']?[^\s"']{6,}/i;
const CARD = /\b\d(?:[ -]?\d){12,18}\b/g;

/** The beginning of the first secret in a text; empty if there is none. @param {string} text */
export const secretIn = (text) => {
  const found = FORMS.exec(text)?.[0] ?? (text.match(CARD) ?? []).find(isCard) ?? "";
  return found.length > SHOWN ? `${found.slice(0, SHOWN)}…` : found;
};

/** Whether the last digit checks the others (ISO/IEC 7812-1, Luhn). @param {string} text */
const isCard = (text) => {
  let sum = 0;
  const digits = text.replace(/\D/g, "");
  for (let nth = 1; nth <= digits.length; nth++) {
    const digit = Number(digits.at(-nth)) * (nth % 2 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 == 0;
};
