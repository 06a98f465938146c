// What the loader hands the widget: the page at one moment. The widget reads it in `src/browser/context.rs` and
// brings it into the form of the wire, where it is redacted and cut to its limits.

/** The page, the person and what was recorded, as they were at one moment. All times are RFC 3339 in UTC. */
export interface Snapshot {
  at: string;
  url: string;
  title: string;
  referrer: string;
  /** What `<link rel="canonical">` says; empty without one. */
  canonical: string;
  /** Since the page was loaded, in milliseconds. */
  open_ms: number;
  online: boolean;
  user: object | null;
  values: Record<string, unknown>;
  routes: Route[];
  errors: RecordedError[];
  requests: RecordedRequest[];
  breadcrumbs: Breadcrumb[];
  /** What the providers said, by name; it fills as they answer. */
  provided: Record<string, unknown>;
  /** The names of the providers that failed, or did not answer within a second. */
  unanswered: string[];
  /** Settles when the providers have answered, or their time is up. */
  asked?: Promise<unknown>;
  /** Settles when the widget's part has been gathered; it has not begun where the widget is not there yet. */
  gathered?: Promise<unknown>;
  /** What is gathered by `collect/`, which comes with the widget. */
  device?: Device;
  timings?: Timings;
  /** `<meta name="deskbell:NAME" content="…">` by name: release, environment, build, tenant, region. */
  meta?: Record<string, string>;
  links?: FoundLink[];
  /** A second moment, when the customer wants what happened since to go along. */
  since?: Snapshot;
}

/** A view of a single-page product. */
export interface Route {
  url: string;
  at: string;
}

export interface RecordedError {
  /** `error`, `rejection`, `console.error`, `console.warn`, `resource`, `policy`, `deprecation`, `intervention` or `captured`. */
  source: string;
  name: string;
  message: string;
  stack: string;
  /** `FILE:LINE:COLUMN`, where it is known. */
  location: string;
  /** When it was seen first, and last. */
  first_at: string;
  at: string;
  count: number;
}

export interface RecordedRequest {
  /** Empty where only resource timing tells of it. */
  method: string;
  url: string;
  /** 0 where no answer came. */
  status: number;
  /** Why no answer came, such as `TypeError: Failed to fetch`. */
  failure: string;
  at: string;
  duration_ms: number;
  /** Bytes over the network; 0 where the browser does not say. */
  size: number;
  /** The headers that name a request or a trace, of the request and of the answer, in lower case. */
  headers: Record<string, string>;
}

export interface Breadcrumb {
  at: string;
  kind: "click" | "submit" | "navigation" | "visibility" | "network" | "error";
  /** The role of what was clicked, such as `button`; else empty. */
  role: string;
  /** Its accessible name; the address, `hidden`, `visible`, `online`, `offline`, or the error. */
  name: string;
  /** A short path to it, such as `main > form#order > button.buy`. */
  path: string;
}

/** As the browser says it; what it does not say is empty, 0 or absent. The widget makes names of browser and system out of it. */
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
  /** With commas between. */
  languages: string;
  time_zone: string;
  /** In GiB, as coarse as the browser tells it. */
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

/** In milliseconds since the navigation began, but for `layout_shift`; absent where the browser does not say. */
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

/** Something about this page that another tool knows. */
export interface FoundLink {
  /** `posthog` or `sentry`. */
  source: string;
  /** `replay`, `session`, `person`, `flags`, `event`, `trace`. */
  label: string;
  /** The id, or the flags. */
  text: string;
  /** Where it opens; empty where only the id is known. */
  url: string;
}
