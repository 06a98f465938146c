// Constants that the build defines.

/** The version of the package. */
declare const VERSION: string;
/** The name of the folder of the widget's files, which depends on their content. */
declare const BUILD: string;
/** The integrity of `widget.js`. */
declare const WIDGET_INTEGRITY: string;
/** The integrity of `widget.wasm`. */
declare const WASM_INTEGRITY: string;
/** The integrity of `plain.js`. */
declare const PLAIN_INTEGRITY: string;
/** The style of the plain form; defined in `plain.js` only. */
declare const PLAIN_CSS: string;
/** The integrity of `answers.js`; defined in `modules.js` only. */
declare const ANSWERS_INTEGRITY: string;
/** The integrity of `answers.wasm`; defined in `modules.js` only. */
declare const ANSWERS_WASM_INTEGRITY: string;
/** The integrity of `engines.js`; defined in `modules.js` only. */
declare const ENGINES_INTEGRITY: string;
/** The integrity of `engines.wasm`; defined in `modules.js` only. */
declare const ENGINES_WASM_INTEGRITY: string;
/** The integrity of `sends.js`; defined in `modules.js` only. */
declare const SENDS_INTEGRITY: string;
/** The integrity of `sends.wasm`; defined in `modules.js` only. */
declare const SENDS_WASM_INTEGRITY: string;
/** The integrity of `files.js`; defined in `modules.js` only. */
declare const FILES_INTEGRITY: string;
/** The style of attachments; defined in `files.js` only. */
declare const FILES_CSS: string;
/** The integrity of `modules.js`; defined in `widget.js` only. */
declare const MODULES_INTEGRITY: string;
/** The integrity of `site.js`; defined in `modules.js` only. */
declare const SITE_INTEGRITY: string;
/** The integrity of `site.wasm`; defined in `modules.js` only. */
declare const SITE_WASM_INTEGRITY: string;
/** The style of what a site adds; defined in `site.js` only. */
declare const SITE_CSS: string;
/** The integrity of `tickets.js`; defined in `modules.js` only. */
declare const TICKETS_INTEGRITY: string;
/** The integrity of `tickets.wasm`; defined in `modules.js` only. */
declare const TICKETS_WASM_INTEGRITY: string;
/** The style of tickets and conversations; defined in `tickets.js` only. */
declare const TICKETS_CSS: string;
/** The integrity of `tools.js`; defined in `modules.js` only. */
declare const TOOLS_INTEGRITY: string;
/** The integrity of `recovery.js`; defined in `modules.js` only. */
declare const RECOVERY_INTEGRITY: string;
/** The integrity of `zendesk.js`; defined in `modules.js` only. */
declare const ZENDESK_INTEGRITY: string;
/** The integrity of `options.js`; defined in `modules.js` only. */
declare const OPTIONS_INTEGRITY: string;
/** The integrity of `shot.js`; defined in `modules.js` only. */
declare const SHOT_INTEGRITY: string;
/** The style of the image editor; defined in `shot.js` only. */
declare const SHOT_CSS: string;
/** The style of "What we send"; defined in `sends.js` only. */
declare const SENDS_CSS: string;
/** The style of the panel before the widget has loaded. */
declare const FIRST_CSS: string;
/** The rest of the panel's style; defined in `widget.js` only. */
declare const PANEL_CSS: string;
/** The style of a question; defined in `answers.js` only. */
declare const ANSWERS_CSS: string;
/** The loader's texts by language tag, in the order of `texts::LOADER`. */
declare const TEXTS: Record<string, string[]>;
/** The languages written from right to left. */
declare const RTL: string[];

/** The glue that Trunk creates for each module of the crate. */
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
