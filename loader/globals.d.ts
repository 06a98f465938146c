// What the build puts in place of these names.

/** The version of the package. */
declare const VERSION: string;
/** What the folder is named after that the widget's files lie in: their content. */
declare const BUILD: string;
/** The integrity of `widget.js`. */
declare const WIDGET_INTEGRITY: string;
/** The integrity of `widget.wasm`. */
declare const WASM_INTEGRITY: string;
/** The integrity of `plain.js`. */
declare const PLAIN_INTEGRITY: string;
/** The style of the plain form; known to `plain.js` only. */
declare const PLAIN_CSS: string;
/** The integrity of `answers.js`; known to `modules.js` only. */
declare const ANSWERS_INTEGRITY: string;
/** The integrity of `answers.wasm`; known to `modules.js` only. */
declare const ANSWERS_WASM_INTEGRITY: string;
/** The integrity of `engines.js`; known to `modules.js` only. */
declare const ENGINES_INTEGRITY: string;
/** The integrity of `engines.wasm`; known to `modules.js` only. */
declare const ENGINES_WASM_INTEGRITY: string;
/** The integrity of `sends.js`; known to `modules.js` only. */
declare const SENDS_INTEGRITY: string;
/** The integrity of `sends.wasm`; known to `modules.js` only. */
declare const SENDS_WASM_INTEGRITY: string;
/** The integrity of `files.js`; known to `modules.js` only. */
declare const FILES_INTEGRITY: string;
/** The style of files; known to `files.js` only. */
declare const FILES_CSS: string;
/** The integrity of `modules.js`; known to `widget.js` only. */
declare const MODULES_INTEGRITY: string;
/** The integrity of `site.js`; known to `modules.js` only. */
declare const SITE_INTEGRITY: string;
/** The integrity of `site.wasm`; known to `modules.js` only. */
declare const SITE_WASM_INTEGRITY: string;
/** The style of what a site adds; known to `site.js` only. */
declare const SITE_CSS: string;
/** The integrity of `tickets.js`; known to `modules.js` only. */
declare const TICKETS_INTEGRITY: string;
/** The integrity of `tickets.wasm`; known to `modules.js` only. */
declare const TICKETS_WASM_INTEGRITY: string;
/** The style of tickets and conversations; known to `tickets.js` only. */
declare const TICKETS_CSS: string;
/** The integrity of `tools.js`; known to `modules.js` only. */
declare const TOOLS_INTEGRITY: string;
/** The integrity of `recovery.js`; known to `modules.js` only. */
declare const RECOVERY_INTEGRITY: string;
/** The integrity of `zendesk.js`; known to `modules.js` only. */
declare const ZENDESK_INTEGRITY: string;
/** The integrity of `options.js`; known to `modules.js` only. */
declare const OPTIONS_INTEGRITY: string;
/** The integrity of `shot.js`; known to `modules.js` only. */
declare const SHOT_INTEGRITY: string;
/** The style of the editor of pictures; known to `shot.js` only. */
declare const SHOT_CSS: string;
/** The style of what is sent; known to `sends.js` only. */
declare const SENDS_CSS: string;
/** What the panel is painted with before the widget is there. */
declare const FIRST_CSS: string;
/** The rest of the panel's style; known to `widget.js` only. */
declare const PANEL_CSS: string;
/** The style of an answer; known to `answers.js` only. */
declare const ANSWERS_CSS: string;
/** By language tag, the loader's texts in the order of `texts::LOADER`. */
declare const TEXTS: Record<string, string[]>;
/** The languages written from right to left. */
declare const RTL: string[];

/** What Trunk makes of the crate: one glue for each module. */
declare module "trunk:glue" {
  export function initSync(options: { module: WebAssembly.Module }): unknown;
  export function mount(loader: object): void;
  export function open(options: object): void;
  export function changed(what: 0 | 1 | 2): void;
  export function show(place: HTMLElement, live: HTMLElement, ...given: unknown[]): void;
  export function answer(what: string, about: string): unknown;
  export function follows(total: number, unread: number, queued: number, unsure: number): void;
  export function alike(place: Element, live: HTMLElement, ...given: unknown[]): void;
  export function begin(site: object, live: HTMLElement, form: typeof answer, lang: string, labels: unknown): void;
  export function notices(place: Element, incidents: unknown): void;
  export function ask(place: Element, fields: unknown, asks: boolean): void;
  export function complete(): boolean;
  export function values(): object | undefined;
  export function restore(ticket: unknown): void;
  export function forget(): void;
  export function refresh(id: string): void;
  export function leave(): void;
  export function look(place: Element, form: typeof answer, lang: string, labels: unknown, host: string): void;
  export function find(done: (answer: unknown) => void, sources: unknown, siteUrl: string, given: object): void;
  export function rest(done: (answer: unknown) => void): void;
  export function question(done: (answer: unknown) => void, sources: unknown, siteUrl: string, id: string): void;
}
