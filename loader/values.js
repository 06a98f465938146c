// What a page throws, rejects with or logs, as text. It can be anything, and reading it must not run code of the page:
// a getter, `toJSON` or a proxy may log in turn, change something, or take seconds. So only primitives and the data of
// real errors are read, which takes microseconds whatever is logged.

/** Longer strings are not read, because a string that was put together from others is copied when it is read. */
const READABLE = 100_000;
/** The most characters of a text that are kept, and of a stack. Tickets have half of that. */
const KEPT = 2000;
const STACK_KEPT = 8000;
/** Stands between the arguments of the console. */
export const BETWEEN = "\0";
/** How many arguments of the console are read, and prototypes of an error. */
const MOST = 20;

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;

/** In browsers from before 2025 a proxy notices the question, and nothing else. @type {(value: any) => boolean} */
const isError = /** @type {any} */ (Error).isError ?? ((value) => value instanceof Error);

/** The browser's own getters: of stacks, and of the exceptions of the DOM. */
const NATIVE = [new Error(), Error.prototype, DOMException.prototype].flatMap((owner) =>
  ["name", "message", "stack"].map((key) => getOwnPropertyDescriptor(owner, key)?.get),
);

/** A primitive as a string, and the type of anything else. @param {any} value @param {number} [most] */
const word = (value, most = KEPT) =>
  // To write a long BigInt takes seconds.
  Object(value) === value || typeof value == "bigint"
    ? `[${typeof value}]`
    : value?.length > READABLE
      ? "[long text]"
      : String(value).slice(0, most);

/**
 * The property of an error, or of the nearest of its prototypes.
 * @param {any} owner @param {string} key @returns {PropertyDescriptor | undefined}
 */
const find = (owner, key, depth = MOST) =>
  owner && depth ? (getOwnPropertyDescriptor(owner, key) ?? find(getPrototypeOf(owner), key, depth - 1)) : undefined;

/** A property that is data, or that the browser itself computes. @param {any} error @param {string} key @param {number} [most] */
const property = (error, key, most) => {
  const { get, value } = find(error, key) ?? {};
  return word((get ? NATIVE.includes(get) && get.call(error) : value) || "", most);
};

/** The stack of an error; empty for anything else. @param {any} error */
export const stackOf = (error) =>
  // The browser writes the name and the message above the stack, and calls getters of the page for that.
  isError(error) && !["name", "message"].some((key) => find(error, key)?.get)
    ? property(error, "stack", STACK_KEPT)
    : "";

/** The name of an error; empty for anything else. @param {any} error */
export const nameOf = (error) => (isError(error) ? property(error, "name") || "Error" : "");

/** The message of an error, and anything else as a text. @param {any} value */
export const messageOf = (value) => (isError(value) ? property(value, "message") : word(value));

/** @param {any} value */
const text = (value) => [nameOf(value), messageOf(value)].filter(Boolean).join(": ");

/**
 * The arguments of a call of the console as one text, which `collect/console.js` puts together as the console does; the
 * first error among them; and what calls with the same format have in common, whatever its values are.
 * @param {any[]} args
 */
export const logged = (args) => {
  const values = args.slice(0, MOST);
  const texts = values.map(text);
  const message = texts.join(BETWEEN).slice(0, KEPT);
  const [format = "", ...rest] = texts;
  const places = format.match(/%[sdifoOc]/g) ?? [];
  // A format that says nothing itself is no reason to take two messages for one.
  const same = /\w{3}/.test(format.replace(/%./g, "")) ? [format, ...rest.slice(places.length)].join() : message;
  return { message, same, error: values.find(isError) };
};
