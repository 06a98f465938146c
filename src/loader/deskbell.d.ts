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
  screen?: "home" | "ticket";
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

/** What a page can configure. A bad value is named in the console and changes nothing. */
export interface Options {
  /** The kinds that can be chosen, in this order. Default: all. */
  kinds?: Kind[];
  /** The parts of the product. `urls` are paths that are about it; `*` stands for anything. Default: the gateway's. */
  topics?: { id: string; label: string; urls?: string[] }[];
  /** Places that are shown on the first screen; https:, http: or mailto:. Default: the gateway's. */
  links?: { label: string; url: string }[];
  theme?: {
    /** `#rgb` or `#rrggbb`; moved until it can be read. */
    accent?: string;
    /** Default: `auto`, as the page's `color-scheme`. */
    scheme?: "auto" | "light" | "dark";
  };
  /** Texts that say something else, by language tag and then by the name of the text. */
  texts?: Record<string, Record<string, string>>;
}

/** What `status` tells. */
export interface Status {
  /** Whether the full form can run on this page. */
  available: boolean;
  /** Why not: `wasm` where the page's policy forbids WebAssembly, `globals` where the page has replaced what it needs. */
  reason: "" | "wasm" | "globals";
  version: string;
  queued: number;
  unread: number;
  open: boolean;
}

/** What can be heard of, with what is told. Nothing that a person typed is in any of it. */
export interface Events {
  ready: Record<string, never>;
  open: Record<string, never>;
  close: Record<string, never>;
  search: { hits: number; source: string };
  /** `ids`: of the questions, with commas between. */
  "question-shown": { ids: string };
  "question-opened": { id: string };
  /** A question has helped; no ticket was needed. */
  deflected: { id: string };
  sent: { id: string; reference: string };
  failed: {
    cause:
      "wasm" | "globals" | "load" | "crashed" | "refused" | "offline" | "unreachable" | "timed-out" | "busy" | "fault";
  };
}

/**
 * Every command answers with a promise. A promise that nobody listens to sets off no `unhandledrejection`; a wrong
 * command or argument rejects with what was wrong and what is allowed.
 */
export interface Deskbell {
  (command: "configure", options: Options): Promise<void>;
  (command: "identify", user: User): Promise<void>;
  /** Values for support, such as the release; `null` removes one. */
  (command: "set", values: Record<string, unknown>): Promise<void>;
  /** The customer has logged out: who they are, their draft and what was recorded are forgotten. */
  (command: "reset", options?: { discard?: boolean }): Promise<void>;
  (command: "open", opening?: Opening): Promise<void>;
  (command: "close" | "toggle"): Promise<void>;
  /** Records an error that the page caught itself. */
  (command: "capture", error: unknown): Promise<void>;
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
  }
}
