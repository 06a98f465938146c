// Values that pages pass around: files, and copies as the structured clone makes them.

/** A file whose bytes can always be read. */
export class FakeFile {
  /** @param {string} name @param {number} [size] */
  constructor(name, size = 10) {
    Object.assign(this, { name, size, type: "text/plain" });
  }

  slice() {
    return { arrayBuffer: async () => new ArrayBuffer(1) };
  }
}

/** @template T @param {T} value @returns {T} */
export const copy = (value) => {
  if (typeof value == "function") throw Object.assign(new Error("DataCloneError"), { name: "DataCloneError" });
  if (typeof value != "object" || !value || value instanceof FakeFile) return value;
  if (Array.isArray(value)) return /** @type {any} */ (value.map(copy));
  if (typeof (/** @type {any} */ (value).then) == "function") throw new Error("DataCloneError");
  /** @type {any} */
  const result = {};
  for (const [key, member] of Object.entries(value)) result[key] = copy(member);
  return result;
};
