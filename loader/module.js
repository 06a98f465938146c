// The loader as a module: `import { deskbell } from "https://GATEWAY/deskbell.mjs?site=acme"`.

import "./deskbell.js";

/** The one function, of the script that ran first on the page. @type {import("./deskbell.d.ts").Deskbell} */
export const deskbell = window.deskbell;
export default deskbell;
