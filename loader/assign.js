/**
 * Sets properties of an element. `role` and names with the prefix `aria-` are set as attributes: not every browser
 * has them as properties.
 * @template {Element} T @param {T} node @param {object} properties @returns {T}
 */
export const assign = (node, properties) => {
  for (const [name, value] of Object.entries(properties))
    if (/^aria-|^role$/.test(name)) node.setAttribute(name, value);
    else /** @type {any} */ (node)[name] = value;
  return node;
};
