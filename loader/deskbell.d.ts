/** What the script tag adds to a page: one function. */

/** The customer, as the page declares them. Nothing in it is proved; support sees it marked as unverified. */
export interface User {
  /** The host's id of them. With it, or an e-mail address, the form asks for neither name nor address. */
  id?: string | number;
  name?: string;
  email?: string;
  /** The plan they are on, as the gateway's configuration names it. */
  plan?: string;
  role?: string;
  organization?: { id?: string | number; name?: string };
  /** Whatever else support should know about them. */
  [attribute: string]: unknown;
}

export type Kind = "question" | "bug" | "feedback";
export type Severity = "critical" | "high" | "medium" | "low";

/** Where `open` leads. */
export interface Opening {
  /** `tickets`: what the customer has sent before. */
  screen?: "home" | "ticket" | "tickets";
  kind?: Kind;
  /** The id of a topic of the site. */
  topic?: string;
  severity?: Severity;
  /** Text for the box, which the customer can still change. */
  message?: string;
  /** Where the customer was sent from. It is recorded and never changes how soon they are answered. */
  via?: string;
  /** The id of a community question to show. */
  question?: string;
}

/** A part of what goes along with a ticket, which can be switched off. */
export type Group =
  "page" | "user" | "application" | "device" | "errors" | "requests" | "breadcrumbs" | "links" | "page_values";

/** Where answers are looked for. */
export type Source = {
  /** The kinds of ticket that it is asked for. Default: all; with `github`, feedback. */
  kinds?: Kind[];
  /** Whether it is told what an error says. Default: true; with `github`, false. */
  errors?: boolean;
} & (
  | { engine: "gateway" }
  /** A file that `deskbell index` has made, searched in the page: a path of the page's host, or an address. */
  | { engine: "index"; url: string }
  /** The issues of a public repository, `OWNER/NAME`, by GitHub's search, which the page asks itself. */
  | { engine: "github"; repository: string }
);

/**
 * What the script tag says by attributes, for pages where those get lost: in the script's address (`deskbell.js?site=acme`), with `configure`,
 * or in `window.deskbellSettings`. What the tag says wins, then the address, then `configure`.
 */
export interface Settings {
  /** The public key of the site. Once help was opened it stays. */
  site?: string;
  /** The gateway's address. Default: the folder of the script. */
  gateway?: string;
  /** `zendesk:SUBDOMAIN`: straight to that Zendesk, without a gateway. */
  destination?: string;
  /** A selector of what opens the panel. */
  trigger?: string;
  /** A selector of a container that shows the panel inline. */
  mount?: string;
  /** Whether there is a round button of our own. */
  launcher?: boolean | string;
  preload?: "intent" | "idle";
  /** The address that is offered when nothing else works. */
  email?: string;
  /** The language of the panel. */
  lang?: string;
  /** `test`: tickets are tests, for which nobody is paged. Default: `production`. */
  env?: string;
  /** A domain whose subdomains share the session of customers who are not signed in, by a cookie; with attributes `data-cookie-domain`. */
  cookieDomain?: string;
  /** The name of a global object with the options. */
  config?: string;
}

/** What a page can configure. A bad value is named in the console and changes nothing. */
export interface Options extends Settings {
  /** The kinds that can be chosen, in this order. Default: all. */
  kinds?: Kind[];
  /** The parts of the product. `urls` are paths that are about it; `*` stands for anything. Default: the gateway's. */
  topics?: { id: string; label: string; urls?: string[] }[];
  /** Where answers are looked for, those before others first. Default: the gateway alone; nowhere on a page that has none. */
  sources?: Source[];
  /** Places that are shown on the first screen; https:, http: or mailto:. Default: the gateway's. */
  links?: Link[];
  /** Where the customers of certain plans are answered beside tickets, shown before the links. Default: the gateway's. */
  channels?: Link[];
  /** What else the form asks for. Default: the gateway's. */
  fields?: Field[];
  context?: {
    /** Groups that nobody's ticket carries. They are not even recorded from here on. */
    off?: Group[];
    /** Groups that go along only when the customer has said yes. */
    ask?: Group[];
    /** More headers that name a request or a trace, beside `x-request-id` and `traceparent`. */
    headers?: string[];
    /** Addresses in which names in braces stand for what was collected: `https://admin.example.com/orgs/{organization.id}`. */
    links?: { label: string; url: string }[];
    /** The tools whose links are looked for. Default: all. */
    tools?: ("posthog" | "sentry")[];
    /** What neither `set` nor a `<meta name="deskbell:release">` says. */
    application?: Partial<Record<"release" | "environment" | "build" | "tenant" | "region", string>>;
  };
  /** What is hidden beside the secrets that are hidden anyway. */
  redact?: {
    /** Names whose values are hidden, such as `patient_number`. */
    names?: string[];
    ip_addresses?: boolean;
    /** Numbers that look like US social-security numbers. */
    social_security?: boolean;
  };
  /** Whether the form asks for leave to look into the customer's account. Default: it does not. */
  consent?: boolean;
  theme?: {
    /** `#rgb` or `#rrggbb`; moved until it can be read. */
    accent?: string;
    /** Default: `auto`, as the page's `color-scheme`. */
    scheme?: "auto" | "light" | "dark";
  };
  /** Texts that say something else, by language tag and then by the name of the text. */
  texts?: Record<string, Record<string, string>>;
}

/** A place that Home leads to. */
export interface Link {
  label: string;
  /** https:, http: or mailto:. */
  url: string;
  /** `ask`: where the community can be asked; of a channel what it is, such as `slack`. */
  kind?: string;
  /** The plans whose customers are shown it. Default: all. */
  plans?: string[];
}

/** A field of the site's own. */
export interface Field {
  /** As it stands on a ticket: 1 to 64 letters, digits or -_.:/ */
  id: string;
  /** What the customer reads. */
  label: string;
  type: "text" | "choice" | "number" | "yes_no";
  /** Whether the form asks for it before it sends. Default: false. */
  needed?: boolean;
  /** The kinds of ticket that it belongs to. Default: all. */
  kinds?: ("question" | "bug" | "feedback")[];
  /** With `choice`: what there is to choose from; a text is both id and label. */
  choices?: (string | { id: string; label: string })[];
}

/** A question, document or link for this page. */
export interface Suggestion {
  title: string;
  /** The id of a question, which is read in the panel. */
  id?: string;
  /** Where it leads, in a new tab; https:, http: or mailto:. */
  url?: string;
  /** How it is marked. Default: `question`. */
  kind?: "question" | "doc" | "tutorial" | "issue";
}

/** What `status` tells. */
export interface Status {
  /** Whether the full form can run on this page. */
  available: boolean;
  /**
   * Why not, and so a plain form in its place: `wasm` where the page's policy forbids WebAssembly, `globals` where the page has replaced what it
   * needs. With `site` nothing opens: the gateway does not know the site.
   */
  reason: "" | "wasm" | "globals" | "site";
  version: string;
  queued: number;
  /** How many messages of support the customer has not read. */
  unread: number;
  open: boolean;
  /** What the host has to mend, if something was found on this page: the last of it. Customers read nothing of it. */
  error?: HostError;
}

/** What the host has to mend. */
export interface HostError {
  /**
   * Why its token counts nothing: `token_function` where the host's function fails, otherwise the gateway's, such as `token_expired` or
   * `token_audience`. `cookie_domain`: the browser keeps no cookie for the domain of `data-cookie-domain`.
   */
  code: string;
  /** For the host's developer, in English. */
  title: string;
}

/** What can be heard of, with what is told. Nothing that a person typed is in any of it. */
export interface Events {
  ready: Record<string, never>;
  /** Something for the host to mend, such as a token that counts nothing: told once until there is another, and on the console. */
  error: HostError;
  open: Record<string, never>;
  close: Record<string, never>;
  search: { hits: number; source: string };
  /** `ids`: of the questions, with commas between. */
  "question-shown": { ids: string };
  "question-opened": { id: string };
  /** How many messages of support the customer has not read; also on what opens the panel, as `data-deskbell-unread`. */
  unread: { count: number };
  /** Support has said something about a ticket. */
  reply: { id: string; reference: string };
  /** A question has helped; no ticket was needed. */
  deflected: { id: string };
  sent: { id: string; reference: string };
  /** It could not be sent at once, and waits on the device. */
  queued: { count: number };
  failed: {
    /**
     * `unsure`: without a gateway, it may have been sent, and the customer is asked whether it goes again. `blocked`: something on the way to the
     * gateway does not let this through, but other things. `site`: the gateway does not know the site.
     */
    cause:
      | "site"
      | "blocked"
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
 * Every command answers with a promise. A promise that nobody listens to sets off no `unhandledrejection`; a wrong
 * command or argument rejects with what was wrong and what is allowed.
 */
export interface Deskbell {
  (command: "configure", options: Options): Promise<void>;
  /**
   * Who is here. With a `token`, a JWT that the host's server has signed, the gateway believes it; a function is asked again
   * when its token has run out. It may be called again and again: only another id, there or in the token, is another person.
   */
  (command: "identify", user: User & { token?: string | (() => string | Promise<string>) }): Promise<void>;
  /**
   * Values for support; `null` removes one. `release`, `environment`, `build`, `tenant`, `region` and `flags` say what the
   * product is.
   */
  (command: "set", values: Record<string, unknown>): Promise<void>;
  /**
   * What this page shows first, before anything is typed: questions by their `id`, documents and links by their `url`. It
   * stays until the next call; an empty list takes it back.
   */
  (command: "suggest", items: Suggestion[]): Promise<void>;
  /**
   * The customer has logged out: who they are, their drafts, what was written before it was known who was there, and what was recorded
   * are forgotten, and with `discard` also what they have sent off and support does not have yet. With a `token` that nothing on the page
   * has read yet, they are whoever's token was read last on the device; where nobody was identified on the page, it is about everybody
   * of the site on this device. Done when it is deleted, or after two seconds at most: then whatever the panel does next begins with
   * deleting it, on a later page if need be, so nothing of it is shown or, with `discard`, sent any more.
   */
  (command: "reset", options?: { discard?: boolean }): Promise<void>;
  /** Rejects where the gateway does not know the site. */
  (command: "open", opening?: Opening): Promise<void>;
  (command: "close" | "toggle"): Promise<void>;
  /**
   * Names a value for support that is asked for when a ticket begins, such as what is in the cart. One that fails or takes
   * longer than a second is named on the ticket and left out. `null` takes the provider away.
   */
  (command: "provide", name: string, provider: (() => unknown) | null): Promise<void>;
  /** Records an error that the page caught itself, with what the page knows of it. */
  (command: "capture", error: unknown, details?: object): Promise<void>;
  <Name extends keyof Events>(
    command: "on" | "off",
    event: Name,
    listener: (detail: Events[Name]) => void,
  ): Promise<void>;
  (command: "status"): Promise<Status>;
  readonly version: string;
}

declare global {
  interface Window {
    deskbell: Deskbell;
    /** What the script tag says elsewhere, and the options of `configure`. */
    deskbellSettings?: Options;
  }
}
