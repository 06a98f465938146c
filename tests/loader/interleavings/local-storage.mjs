// localStorage, which all tabs share, and which answers at once.

/** @param {Map<string, string>} entries */
export const localStorageOf = (entries) => {
  const methods = {
    getItem: (name) => entries.get(`${name}`) ?? null,
    setItem: (name, value) => void entries.set(`${name}`, `${value}`),
    removeItem: (name) => void entries.delete(`${name}`),
  };
  return new Proxy(
    {},
    {
      get: (_, name) => methods[name] ?? entries.get(`${String(name)}`),
      set: (_, name, value) => (entries.set(`${String(name)}`, `${value}`), true),
      deleteProperty: (_, name) => (entries.delete(`${String(name)}`), true),
      has: (_, name) => entries.has(`${String(name)}`),
      ownKeys: () => [...entries.keys()],
      getOwnPropertyDescriptor: (_, name) =>
        entries.has(`${String(name)}`)
          ? { value: entries.get(`${String(name)}`), enumerable: true, configurable: true, writable: true }
          : undefined,
    },
  );
};
