/** `deskbell.mjs`: the script tag's one function for modules and `import()`. */

import type { Deskbell } from "./deskbell.js";

export * from "./deskbell.js";
/** The one function, of the script that ran first on the page; also `window.deskbell`. */
export declare const deskbell: Deskbell;
export default deskbell;
