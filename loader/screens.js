// Imported by `modules.js` for the screens of the chunk `screens`: their style, and what a site adds to the form.

export const css = SCREENS_CSS;

/** @typedef {import("./widget-loader.js").Parts} Parts */

/**
 * Initialises what a site adds to the form. `labels` are the texts.
 * @param {Parts} parts @param {import("./widget.js").Program} program @param {any} labels
 */
export const start = (parts, program, labels) => {
  program.beginSite(parts["live"], parts.lang, labels);
  return {
    ask: program.showFields,
    complete: program.fieldsComplete,
    values: program.fieldValues,
    restore: program.restoreFields,
    forget: program.forgetFields,
  };
};
