// Imported by `modules.js` with the chunk `screens`: the style of its screens.

export const css = SCREENS_CSS;
