// Fetches the plain form, for pages on which the widget cannot run.

/** @param {import("../widget-loader.js").Parts["preload"]} preload */
export const plain = async (preload) => {
  const { href } = new URL("plain.js", import.meta.url);
  await preload(href, PLAIN_INTEGRITY);
  return import(href);
};
