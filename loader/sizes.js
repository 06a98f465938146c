/** Formats a number of bytes for people. @param {number} bytes @param {string} lang */
export const sized = (bytes, lang) => {
  // A file that is not empty is never shown with size zero.
  const [unit, amount] = bytes < 1e6 ? ["kilobyte", Math.max(bytes, 100) / 1e3] : ["megabyte", bytes / 1e6];
  const maximumFractionDigits = amount < 10 ? 1 : 0;
  return new Intl.NumberFormat(lang, { style: "unit", unit, maximumFractionDigits }).format(amount);
};
