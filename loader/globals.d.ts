// Constants that the build defines.

/** The version of the package. */
declare const VERSION: string;
/** The name of the folder of the widget's files, which depends on their content. */
declare const BUILD: string;
/** The integrity of `widget.js`. */
declare const WIDGET_INTEGRITY: string;
/** The integrity of `widget.wasm`. */
declare const WASM_INTEGRITY: string;
/** The integrity of `plain.js`; defined in `host.js` only. */
declare const PLAIN_INTEGRITY: string;
/** The integrity of `host.js`. */
declare const HOST_INTEGRITY: string;
/** The style of Deskbell's own button; defined in `host.js` only. */
declare const LAUNCHER_CSS: string;
/** The style of the plain form; defined in `plain.js` only. */
declare const PLAIN_CSS: string;
/** The chunks of the program, by name the files that each needs, and by file their integrity; defined in `widget.js` only. */
declare const CHUNKS: { chunks: Record<string, string[]>; files: Record<string, string> };
/** The integrity of `screens.js`; defined in `modules.js` only. */
declare const SCREENS_INTEGRITY: string;
/** The style of the screens beyond the form; defined in `screens.js` only. */
declare const SCREENS_CSS: string;
/** The integrity of `modules.js`; defined in `widget.js` only. */
declare const MODULES_INTEGRITY: string;
/** The integrity of `tickets.js`; defined in `modules.js` only. */
declare const TICKETS_INTEGRITY: string;
/** The integrity of `collect.js`; defined in `modules.js` only. */
declare const COLLECT_INTEGRITY: string;
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
/** The style of the panel before the widget has loaded. */
declare const FIRST_CSS: string;
/** The rest of the panel's style; defined in `widget.js` only. */
declare const PANEL_CSS: string;
/** The loader's texts by language tag, in the order of `texts::LOADER`. */
declare const TEXTS: Record<string, string[]>;
/** The languages written from right to left; defined in the loader, `widget.js` and `plain.js`. */
declare const RTL: string[];

/** The glue of the program, by `wasm-bindgen`. */
declare module "program:glue" {
  export function initSync(options: { module: WebAssembly.Module }): object;
  export function mount(loader: object): void;
  export function open(options: object): void;
  export function changed(what: 0 | 1 | 2): void;
  export function draft(): string;
  export function destroyed(): void;
  export function restoreDraft(ticket: unknown): void;
  export function editTicket(ticket: unknown): void;
  export function ticketArrived(answer: string): void;
  export function copyText(text: string): void;
  export function follows(total: number, unread: number, queued: number, unsure: number): void;
  export function ticketsChanged(id: string): void;
  export function attachmentsChanged(): void;
  export function filesAdded(outcome: object): void;
  export function contextLoaded(loaded: boolean): void;
  export function find(done: (answer: unknown) => void, sources: unknown, siteUrl: string, given: object): void;
  export function findRest(done: (answer: unknown) => void): void;
  export function findQuestion(done: (answer: unknown) => void, sources: unknown, siteUrl: string, id: string): void;
}
