// What the console shows for its arguments, without styles (https://console.spec.whatwg.org/#formatter).

import { BETWEEN } from "../values.js";

/** @param {string} recorded the arguments as they were recorded (`values.js`), or any other text */
export const shown = (recorded) => {
  const [format = "", ...rest] = recorded.split(BETWEEN);
  if (!rest.length) return recorded;
  const start = format.replace(/%([sdifoOc%])/g, (whole, type) => {
    if (type == "%") return type;
    const value = rest.shift();
    if (value == undefined) return whole;
    return `${type == "c" ? "" : type == "f" ? parseFloat(value) : /[di]/.test(type) ? parseInt(value) : value}`;
  });
  return [start, ...rest].join(" ").trim();
};
