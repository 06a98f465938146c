/** The one function that the script tag adds to a page. */

/** The customer, as the page declares them. None of it is proved; support sees it marked as unverified. */
export interface User {
  /** The host's id of the customer. With it, or an e-mail address, the form asks for neither name nor address. */
  id?: string | number;
  name?: string;
  email?: string;
  /** The customer's plan, as the gateway's configuration names it. */
  plan?: string;
  role?: string;
  organization?: { id?: string | number; name?: string };
  /** Further attributes for support. */
  [attribute: string]: unknown;
}

export type Kind = "question" | "bug" | "feedback";
export type Severity = "critical" | "high" | "medium" | "low";

/** The target of `open`. */
export interface Opening {
  /** `tickets`: the customer's tickets. */
  screen?: "home" | "ticket" | "tickets";
  kind?: Kind;
  /** The id of a topic of the site. */
  topic?: string;
  severity?: Severity;
  /** Text for the box if it is empty, which the customer can still change. */
  message?: string;
  /** Where the customer came from. It is recorded and does not affect the response target. */
  via?: string;
  /** The id of a community question to show. */
  question?: string;
}

/** A part of a ticket's context that can be switched off. */
export type Group =
  "page" | "user" | "application" | "device" | "errors" | "requests" | "breadcrumbs" | "links" | "page_values";

/** A search engine. */
export type Source = {
  /** The kinds of ticket that it is used for. Default: all; with `github`, feedback. */
  kinds?: Kind[];
  /** Whether it is searched for errors. Default: true; with `github`, false. */
  errors?: boolean;
} & (
  | { engine: "gateway" }
  /** A file created by `deskbell index`, searched in the page: a path on the page's host, or an address. */
  | { engine: "index"; url: string }
  /** The issues of a public repository, `OWNER/NAME`, by GitHub's search, which the page requests itself. */
  | { engine: "github"; repository: string }
);

/**
 * The attributes of the script tag, for pages where those get lost: in the script's address
 * (`deskbell.js?site=acme`), with `configure`, or in `window.deskbellSettings`. The tag takes precedence over the
 * address, and the address over `configure`.
 */
export interface Settings {
  /** The public key of the site. After the panel was opened another one is ignored. */
  site?: string;
  /** The gateway's address. Default: the folder of the script. */
  gateway?: string;
  /** `zendesk:SUBDOMAIN`: sends tickets directly to that Zendesk, without a gateway. */
  destination?: string;
  /** A selector of elements that open the panel. */
  trigger?: string;
  /** A selector of a container that shows the panel inline. */
  mount?: string;
  /** Whether to show Deskbell's own round button; a text is shown on it. */
  launcher?: boolean | string;
  preload?: "intent" | "idle";
  /** An e-mail address that is offered if nothing else works. */
  email?: string;
  /**
   * The language of the panel. With `configure` it can change at any time, unless the tag or the address names one: the
   * open panel is drawn anew and keeps its text.
   */
  lang?: string;
  /** `test`: tickets are tests, which notify nobody. Default: `production`. */
  env?: string;
  /**
   * A domain whose subdomains share the session of customers who are not signed in, by a cookie; as an attribute
   * `data-cookie-domain`.
   */
  cookieDomain?: string;
  /** The name of a global object with the options. */
  config?: string;
}

/** The options of `configure`. A bad value is named in the console and changes nothing. */
export interface Options extends Settings {
  /** The kinds that can be selected, in this order. Default: all. */
  kinds?: Kind[];
  /**
   * The parts of the product. `urls` are paths of pages about it; `*` matches any characters. Default: the gateway's.
   */
  topics?: { id: string; label: string; urls?: string[] }[];
  /** Search engines, those with better hits first. Default: only the gateway; none on a page without one. */
  sources?: Source[];
  /** Links on the first screen; https:, http: or mailto:. Default: the gateway's. */
  links?: Link[];
  /** Other channels for customers of certain plans, shown before the links. Default: the gateway's, which a signature can decide. */
  channels?: Link[];
  /** Custom fields of the form. Default: the gateway's. */
  fields?: Field[];
  context?: {
    /** Groups that are never collected. They are not even recorded from here on. */
    off?: Group[];
    /** Groups that are sent only if the customer switches them on. */
    ask?: Group[];
    /** Further headers that identify a request or a trace, besides `x-request-id` and `traceparent`. */
    headers?: string[];
    /**
     * Addresses in which names in braces are replaced by values of the context:
     * `https://admin.example.com/orgs/{organization.id}`.
     */
    links?: { label: string; url: string }[];
    /** The tools that are asked for links. Default: all. */
    tools?: ("posthog" | "sentry")[];
    /** Values that neither `set` nor a `<meta name="deskbell:release">` declares. */
    application?: Partial<Record<"release" | "environment" | "build" | "tenant" | "region", string>>;
  };
  /** What is redacted in addition to the defaults. */
  redact?: {
    /** Names whose values are redacted, such as `patient_number`. */
    names?: string[];
    ip_addresses?: boolean;
    /** Numbers that look like US social security numbers. */
    social_security?: boolean;
  };
  /** Whether the form asks for permission to look into the customer's account. Default: it does not. */
  consent?: boolean;
  theme?: {
    /** `#rgb` or `#rrggbb`; adjusted until it is readable. */
    accent?: string;
    /** Default: `auto`, like the page's `color-scheme`. */
    scheme?: "auto" | "light" | "dark";
  };
  /** Texts to replace, by language tag and then by the name of the text. */
  texts?: Record<string, Record<string, string>>;
}

/** A link on Home. */
export interface Link {
  label: string;
  /** https:, http: or mailto:. */
  url: string;
  /** `ask` for a link to ask the community; for a channel its type, such as `slack`. */
  kind?: string;
  /** The plans whose customers see it. Default: all. */
  plans?: string[];
}

/** A custom field. */
export interface Field {
  /** Its id, as on tickets: 1 to 64 letters, digits or -_.:/ */
  id: string;
  /** The label that customers see. */
  label: string;
  type: "text" | "choice" | "number" | "yes_no";
  /** Whether an answer is required. Default: false. */
  needed?: boolean;
  /** The kinds of ticket that have it. Default: all. */
  kinds?: ("question" | "bug" | "feedback")[];
  /** With `choice`: the options; a string is both id and label. */
  choices?: (string | { id: string; label: string })[];
}

/** A question, document or link for this page. */
export interface Suggestion {
  title: string;
  /** The id of a question, which is shown in the panel. */
  id?: string;
  /** Its address, opened in a new tab; https:, http: or mailto:. */
  url?: string;
  /** How it is marked. Default: `question`. */
  kind?: "question" | "doc" | "tutorial" | "issue";
}

/** The result of `status`. */
export interface Status {
  /** Whether the full form can run on this page. */
  available: boolean;
  /**
   * Why the full form cannot run, so that a plain form replaces it: `wasm` if the page's policy forbids WebAssembly,
   * `globals` if the page has replaced functions that it needs. With `site` nothing opens: the gateway does not know
   * the site.
   */
  reason: "" | "wasm" | "globals" | "site";
  version: string;
  queued: number;
  /** How many messages of support the customer has not read. */
  unread: number;
  open: boolean;
  /** The last problem on this page that the host has to fix, if there is one. Customers do not see it. */
  error?: HostError;
}

/** A problem that the host has to fix. */
export interface HostError {
  /**
   * Why its token is invalid: `token_function` if the host's function fails, otherwise the gateway's code, such as
   * `token_expired` or `token_audience`. `cookie_domain`: the browser rejects cookies for the domain of
   * `data-cookie-domain`.
   */
  code: string;
  /** For the host's developer, in English. */
  title: string;
}

/** What `diagnose` has found. */
export interface Diagnosis {
  /** Whether everything works. */
  ok: boolean;
  checks: {
    name: "files" | "webassembly" | "gateway" | "styles" | "storage" | "triggers" | "recording" | "token";
    ok: boolean;
    /** What was found, or what is wrong, in English. */
    detail: string;
  }[];
  /** What the page's policy has blocked meanwhile: the members of the `securitypolicyviolation` events, as they are. */
  violations: {
    effectiveDirective: string;
    blockedURI: string;
    originalPolicy: string;
    disposition: string;
    sourceFile: string;
    lineNumber: number;
    sample: string;
  }[];
}

/** The events and their details. They contain nothing that a person typed. */
export interface Events {
  ready: Record<string, never>;
  /**
   * A problem that the host has to fix, such as an invalid token. Sent once until there is another one, and logged in
   * the console.
   */
  error: HostError;
  open: Record<string, never>;
  close: Record<string, never>;
  /** `sources`: the engines that have answered. `source` has them as a text, separated by commas; it is deprecated. */
  search: { hits: number; sources: string[]; source: string };
  /** The ids of the questions. `ids` has them as a text, separated by commas; it is deprecated. */
  "question-shown": { questions: string[]; ids: string };
  "question-opened": { id: string };
  /** How many messages of support the customer has not read; also set on the triggers, as `data-deskbell-unread`. */
  unread: { count: number };
  /** Support has replied to a ticket. */
  reply: { id: string; reference: string };
  /** A question has helped; no ticket was needed. */
  deflected: { id: string };
  sent: { id: string; reference: string };
  /** It could not be sent at once, and is in the outbox on the device. */
  queued: { count: number };
  failed: {
    /**
     * `unsure`: without a gateway, it may have been sent, and the customer is asked whether to send it again.
     * `blocked`: something on the way to the gateway refuses this, or blocks it and not other requests. `no-room`: the
     * gateway can store nothing at the moment. `site`: the gateway does not know the site. `origin`: the site's `origins`
     * do not allow this page.
     */
    cause:
      | "site"
      | "blocked"
      | "no-room"
      | "origin"
      | "wasm"
      | "globals"
      | "load"
      | "crashed"
      | "refused"
      | "offline"
      | "unreachable"
      | "timed-out"
      | "busy"
      | "fault"
      | "unsure";
  };
}

/**
 * Every command returns a promise. A promise that nobody handles triggers no `unhandledrejection`. A wrong command or
 * argument rejects with what was wrong and what is allowed.
 */
export interface Deskbell {
  /** The command may be called repeatedly: what is configured already changes nothing. */
  (command: "configure", options: Options): Promise<void>;
  /**
   * Declares the user. With a `token`, a JWT that the host's server has signed, the gateway trusts it; a function is
   * called again when its token has expired, and after it has failed; if it returns nothing, nobody is signed in. The
   * command may be called repeatedly: only another id, here or in the token, is another user.
   */
  (command: "identify", user: User & { token?: string | (() => string | Promise<string>) }): Promise<void>;
  /**
   * Sets values for support; `null` removes one. `release`, `environment`, `build`, `tenant`, `region` and `flags`
   * describe the product.
   */
  (command: "set", values: Record<string, unknown>): Promise<void>;
  /**
   * Sets what this page suggests before anything is typed: questions by their `id`, documents and links by their
   * `url`. It applies until the next call; an empty list removes it.
   */
  (command: "suggest", items: Suggestion[]): Promise<void>;
  /**
   * The user has logged out. Deletes who they are, their drafts, what was written before a user was declared, and
   * what was recorded; with `discard` also their submissions that support does not have yet. With a `token` that
   * nothing on the page has read yet, the user is the one whose token was last read on the device. If no user was
   * declared on the page, everybody's data of the site on this device is deleted. Resolves when it is deleted, or
   * after two seconds at most: then the next action of the panel begins with deleting it, on a later page if
   * necessary, so that nothing of it is shown or, with `discard`, sent any more.
   */
  (command: "reset", options?: { discard?: boolean }): Promise<void>;
  /**
   * Resolves once something is shown that can be used. Rejects if the gateway does not know the site, or if the page
   * hides the panel. A container that is hidden, or gone, is no reason: then the panel pops up.
   */
  (command: "open", opening?: Opening): Promise<void>;
  (command: "close" | "toggle"): Promise<void>;
  /**
   * Names a value for support that is requested when a ticket begins, such as the content of the cart. A provider
   * that fails or takes longer than a second is named on the ticket and left out. `null` removes the provider.
   */
  (command: "provide", name: string, provider: (() => unknown) | null): Promise<void>;
  /** Records an error that the page has caught itself, with details that the page has. */
  (command: "capture", error: unknown, details?: object): Promise<void>;
  /** Resolves to a function that removes the listener. `once` is for one event. An unknown event rejects. */
  <Name extends keyof Events>(
    command: "on" | "once",
    event: Name,
    listener: (detail: Events[Name]) => void,
  ): Promise<() => void>;
  <Name extends keyof Events>(command: "off", event: Name, listener: (detail: Events[Name]) => void): Promise<void>;
  (command: "status"): Promise<Status>;
  /**
   * Tries all that the panel needs on this page, for the host's developer. If not even the file with the tries can be
   * loaded, it rejects with its address, and with what the page's policy has blocked last.
   */
  (command: "diagnose"): Promise<Diagnosis>;
  /**
   * Removes Deskbell from the page: its element, listeners, wrapped functions, counters on triggers, and
   * `window.deskbell`. Drafts and submissions stay on the device, for when the script is loaded again. Any other command
   * rejects from here on.
   */
  (command: "destroy"): Promise<void>;
  readonly version: string;
}

declare global {
  interface Window {
    deskbell: Deskbell;
    /** The attributes of the script tag, and the options of `configure`. */
    deskbellSettings?: Options;
  }
}
