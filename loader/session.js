// The anonymous session: a secret of this browser that opens only what it created.

/** Used if storage is forbidden; it lasts as long as the page. */
let unstored = "";

/**
 * 128 random bits in hexadecimal digits; empty if there is no session and none is to be created.
 * @param {string} site
 */
export const session = (site, make = true) => {
  const place = `deskbell:${site}:session`;
  try {
    const kept = localStorage[place];
    if (kept?.length == 32) return kept;
  } catch {}
  if (unstored || !make) return unstored;
  const made = secret();
  try {
    localStorage[place] = made;
    if (localStorage[place] == made) return made;
  } catch {}
  return (unstored = made);
};

/** Forgets a session that could not be stored; the loader deletes a stored one. */
export const forgetSession = () => (unstored = "");

/** @param {Uint8Array} bytes */
const hex = (bytes) => {
  let digits = "";
  // Old libraries replace `Array.from` by one that ignores its second argument.
  for (const byte of bytes) digits += byte.toString(16).padStart(2, "0");
  return digits;
};

/**
 * 128 unpredictable bits; empty if the browser has none: no session is better than one that somebody else can guess.
 */
const secret = () => {
  try {
    return hex(crypto.getRandomValues(new Uint8Array(16)));
  } catch {
    return "";
  }
};

/** Random bytes in hexadecimal digits, for values that are no secret. @param {number} length */
export const random = (length) => {
  const bytes = new Uint8Array(length);
  try {
    crypto.getRandomValues(bytes);
  } catch {
    bytes.forEach((_, at) => (bytes[at] = Math.random() * 256));
  }
  return hex(bytes);
};
