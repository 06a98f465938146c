// Formats arguments as the console does, without styles (https://console.spec.whatwg.org/#formatter).

import { BETWEEN } from "../values.js";

/** @param {string} text recorded arguments (`values.js`), or any other text */
export const shown = (text) => {
  const [format = "", ...rest] = text.split(BETWEEN);
  if (!rest.length) return text;
  const message = format.replace(/%([sdifoOc%])/g, (placeholder, type) => {
    if (type == "%") return type;
    const value = rest.shift();
    if (value == undefined) return placeholder;
    return `${type == "c" ? "" : type == "f" ? parseFloat(value) : /[di]/.test(type) ? parseInt(value) : value}`;
  });
  return [message, ...rest].join(" ").trim();
};
