// What the plain form sends besides the text: the customer, the address of the page, the names of its errors. There
// is no redaction here, so nothing is collected that could contain a secret.

/** @typedef {import("../widget-loader.js").Parts} Parts */
/** @typedef {{name: string, email: string}} Contact */

/** Lenient on purpose. @param {string} text */
export const isAddress = (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
/** The form of a type's name. */
const TYPE = /^[A-Za-z]{1,40}$/;
const PERSON = ["id", "name", "email", "plan", "role"];

/**
 * How support can reach the user; nothing if no user was declared.
 * @param {Parts} parts @returns {Contact | false}
 */
export const contact = ({ state }) => {
  const { id, name, email } = texts(state.user, PERSON);
  const good = isAddress(email);
  return (id || good) && { name, email: good ? email : "" };
};

/** The ticket in wire format. @param {Parts} parts @param {string} message @param {Contact} contact */
export const ticket = ({ state, lang, script, snapshot }, message, contact) => {
  const { user, config, frozen } = state;
  const { at, url, errors } = frozen ?? snapshot();
  const { origin, pathname } = new URL(url);
  const names = new Set(errors.map(({ name }) => name).filter((name) => TYPE.test(name)));
  /** @type {any} */
  const context = {
    version: 1,
    frozen_at: at,
    page: { url: origin + pathname },
    user: user && { ...texts(user, PERSON), organization: texts(user.organization, ["id", "name"]) },
    errors: [...names].map((name) => ({ name })),
  };
  // Groups that the site asks for first are not sent, because nobody is asked here.
  for (const { context: options } of config)
    for (const group of [options?.off, options?.ask].flat()) delete context[group];
  return {
    test: script.dataset["env"] == "test",
    kind: "question",
    severity: "low",
    message,
    contact,
    context,
    locale: lang,
    created_at: new Date().toISOString(),
    client: { name: "deskbell-plain", version: VERSION },
  };
};

/** Named values of the host as strings. @param {any} object @param {string[]} names @returns {any} */
const texts = (object, names) =>
  Object.fromEntries(names.map((name) => [name, /string|number/.test(typeof object?.[name]) ? `${object[name]}` : ""]));
