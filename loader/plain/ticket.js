// What the plain form sends beside the text: who it is, the address of the page, the names of its errors. Nothing here knows what a
// secret looks like, so nothing is taken that could hold one.

/** @typedef {import("../widget-loader.js").Parts} Parts */
/** @typedef {{name: string, email: string}} Contact */

/** Kind on purpose. */
export const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
/** What the name of a type looks like. */
const TYPE = /^[A-Za-z]{1,40}$/;
const PERSON = ["id", "name", "email", "plan", "role"];

/** How support answers who is here; nothing where nobody has said who it is. @param {Parts} parts @returns {Contact | false} */
export const contact = ({ state }) => {
  const { id, name, email } = texts(state.user, PERSON);
  const good = ADDRESS.test(email);
  return (id || good) && { name, email: good ? email : "" };
};

/** The ticket as the gateway reads it. @param {Parts} parts @param {string} message @param {Contact} contact */
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
    errors: Array.from(names, (name) => ({ name })),
  };
  // What the site asks for first it does not get here, where nobody is asked.
  for (const { context: said } of config) for (const group of [said?.off, said?.ask].flat()) delete context[group];
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

/** What the host gave under names, as texts. @param {any} object @param {string[]} names @returns {any} */
const texts = (object, names) =>
  Object.fromEntries(names.map((name) => [name, /string|number/.test(typeof object?.[name]) ? `${object[name]}` : ""]));
