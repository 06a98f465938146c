// The snapshot that the loader passes to the widget. `src/browser/context.rs` reads it and converts it to wire
// format, where it is redacted and cut to its limits.

/** The page, the user and what was recorded, at one moment. All times are RFC 3339 in UTC. */
export interface Snapshot {
  at: string;
  url: string;
  title: string;
  /** The time since the page was loaded, in milliseconds. */
  open_ms: number;
  online: boolean;
  user: object | null;
  values: Record<string, unknown>;
  routes: Route[];
  errors: RecordedError[];
  requests: RecordedRequest[];
  /** The newest requests of all, and resource timings: until `collect/requests.js` has added them to the others. */
  recent?: RecordedRequest[];
  timed?: any[];
  breadcrumbs: Breadcrumb[];
  /** The results of the providers, by name; filled as they arrive. */
  provided?: Record<string, unknown>;
  /** The names of the providers that failed, or did not return within a second. */
  unanswered?: string[];
  /** Settles when the providers have returned, or have timed out. */
  answers?: Promise<unknown>;
  /** Settles when the widget's part has been collected; unset until the widget has loaded. */
  gathered?: Promise<unknown>;
  /** Collected by `collect/`, which comes with the widget. */
  device?: Device;
  timings?: Timings;
  referrer?: string;
  /** The address in `<link rel="canonical">`; empty without one. */
  canonical?: string;
  /** `<meta name="deskbell:NAME" content="…">` by name: release, environment, build, tenant, region. */
  meta?: Record<string, string>;
  links?: FoundLink[];
  /** A later snapshot, if the customer wants to send what happened since. */
  since?: Snapshot;
}

/** A view of a single-page application. */
export interface Route {
  url: string;
  at: string;
}

export interface RecordedError {
  /**
   * `error`, `rejection`, `console.error`, `console.warn`, `resource`, `policy`, `deprecation`, `intervention`,
   * `captured`; in a ticket also `browser`, for what says nothing about the page.
   */
  source: string;
  name: string;
  /**
   * Primitives and errors; other objects are not read, and are `[object]`. Of the console the arguments, separated by
   * zero bytes (`collect/console.js`).
   */
  message: string;
  stack: string;
  /** `FILE:LINE:COLUMN`, if known. */
  location: string;
  /** When it first occurred, and last. */
  first_at: string;
  at: string;
  count: number;
}

export interface RecordedRequest {
  /** Empty if only resource timing reports the request. */
  method: string;
  url: string;
  /** 0 without a response. */
  status: number;
  /** Why there was no response, such as `TypeError: Failed to fetch`. */
  failure: string;
  at: string;
  duration_ms: number;
  /** Bytes over the network; 0 if the browser does not reveal it. */
  size: number;
  /** The headers that identify a request or a trace, of the request and the response, in lower case. */
  headers: Record<string, string>;
}

export interface Breadcrumb {
  at: string;
  kind: "click" | "submit" | "navigation" | "visibility" | "network" | "error";
  /** The role of the element, such as `button`; empty for other events. */
  role: string;
  /** Its accessible name; the address, `hidden`, `visible`, `online`, `offline`, or the error. */
  name: string;
  /** A short path to it, such as `main > form#order > button.buy`. */
  path: string;
}

/**
 * Raw values of the browser; those that it does not reveal are empty, 0 or absent. The widget derives the names of
 * browser and system from them.
 */
export interface Device {
  user_agent: string;
  /** Client hints: the brands with their full versions, `{"Google Chrome": "141.0.7390.54"}`. */
  brands?: Record<string, string>;
  /** Client hints: the system's name and version, such as `Windows` and `15.0.0`, the model, the architecture. */
  platform?: string;
  platform_version?: string;
  model?: string;
  architecture?: string;
  /** Such as `1440x900`, in CSS pixels. */
  viewport: string;
  screen: string;
  pixel_ratio: string;
  touch_points: number;
  /** Separated by commas. */
  languages: string;
  time_zone: string;
  /** In GiB, as coarse as the browser reveals it. */
  memory: string;
  cores: number;
  /** Such as `4g, 10 Mbit/s, 50 ms`. */
  connection: string;
  save_data: boolean;
  online: boolean;
  /** `light` or `dark`. */
  theme: string;
  /** `more`, `less`, `custom`, `forced`, or empty. */
  contrast: string;
  reduced_motion: boolean;
  /** Whether they can be used. */
  storage: boolean;
  cookies: boolean;
}

/**
 * In milliseconds since the navigation began, except for `layout_shift`; absent if the browser does not report them.
 */
export interface Timings {
  first_byte?: number;
  dom_ready?: number;
  loaded?: number;
  first_paint?: number;
  largest_paint?: number;
  /** The slowest interaction. */
  interaction?: number;
  /** The score, such as `0.04`. */
  layout_shift?: string;
}

/** A record about this page in another tool. */
export interface FoundLink {
  /** `posthog` or `sentry`. */
  source: string;
  /** `replay`, `session`, `person`, `flags`, `event`, `trace`. */
  label: string;
  /** The id, or the flags. */
  text: string;
  /** Its address; empty if only the id is known. */
  url: string;
}
