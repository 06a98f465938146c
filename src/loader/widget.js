// What the loader imports: the glue that Trunk makes, and what belongs to the form.

import {
  answer,
  changed as formChanged,
  initSync as init,
  mount as mountForm,
  open as openForm,
  follows,
} from "trunk:glue";

import { addresses } from "./address.js";
import { describe } from "./collect/describe.js";
import { gather } from "./collect/gather.js";
import { learn, token } from "./identity.js";
import { once } from "./once.js";
import { forgetSession, session } from "./session.js";
import { blank } from "./state.js";
import { counter } from "./visits.js";

export { init, gather };

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {ReturnType<typeof import("./modules.js").start>} Modules */

/** @type {Parts["state"]} */
let state;
let mounted = false;
/** Who was here when they were last heard of. @type {unknown[]} */
let person = [];
/** The configuration as the gateway published it. @type {any} */
let published;
/** The files that go along where no gateway says which. */
const FILES = { max_bytes: 10_000_000, max_count: 10, types: ["*/*"] };

/** The token whose promises were asked for. @type {unknown} */
let asked;
/** The modules beside the form, once they are ready. @type {Modules | undefined} */
let modules;
/** @type {(() => Promise<Modules>) | undefined} */
let fetching;
/** How many tickets there are, and how many messages in them are unread. */
let [total, unread] = [0, 0];

/** Tells the form what there is beside it. */
const tell = () => mounted && follows(total, unread, state.queued, state.unsure ?? 0);

const who = () => [state.token, state.user?.id];

/** The token has said who is here. */
const learned = () => {
  person = who();
  formChanged(0);
  modules?.other();
};

/** What a token that was learned promises is asked for anew; and what an earlier one did, where there is none any more. */
const learnAnew = async () => {
  await learn(state, learned);
  if (asked == state.token) return;
  asked = state.token;
  formChanged(2);
};

/** The host has said something new. @param {boolean} reset @param {boolean} discard whether what is not sent yet goes as well */
export const changed = (reset, discard) => {
  if (reset) forgetSession();
  if (mounted) formChanged(reset ? 1 : 0);
  if (!state) return;
  const before = person;
  person = who();
  if (mounted) learnAnew();
  if (reset || before.some((said, at) => said != person[at])) return modules?.other(reset, discard);
};

/** Leads where the options say. @param {object} options */
export const open = (options) => {
  openForm(options);
  modules?.seen();
  if (published?.incidents) modules?.notices().catch(blank);
};

/** Draws the widget into the panel. @param {Parts} parts */
export const mount = (parts) => {
  const { site } = parts;
  parts.state.leave?.();
  const fetched = beside(parts);
  const load = once(async () => {
    const modules = await fetched();
    modules.painted(parts);
    return modules;
  });
  /** Has a module do something. Whoever does not wait for it need not hear that it failed. @param {(modules: Modules) => any} act */
  const beyond = (act) => {
    const done = load().then(act);
    done.catch(blank);
    return done;
  };
  const way = access(parts);
  const { siteUrl } = way;
  parts.wear(PANEL_CSS);
  const own = {
    version: VERSION,
    describe,
    answers: () => beyond((modules) => modules.answers()),
    elsewhere: (/** @type {string} */ what) => {
      const sources = said("sources");
      if (what == "config") return siteUrl && asked && signed(way);
      if (sources) return beyond((modules) => modules.ask(sources, what));
    },
    configured: (/** @type {any} */ config) => {
      published = siteUrl ? config : { attachments: FILES };
      beyond((modules) => {
        modules.configured();
        return config?.incidents && modules.notices();
      });
    },
    show: (/** @type {Element} */ place, /** @type {string} */ about) =>
      beyond((modules) => modules.show(place, about)),
    extras: () => modules?.extras() ?? {},
    ready: async () => {
      try {
        return !modules || (await modules.ready());
      } catch {
        return true;
      }
    },
    send: (/** @type {string} */ body, /** @type {string} */ text, /** @type {boolean} */ signed) =>
      beyond((modules) => modules.send(body, text, signed)),
    letGo: () => modules?.sealed(),
  };
  mountForm({ ...parts, ...way, ...counter(site, siteUrl), ...own });
  mounted = true;
  // What keeps what is written comes with the form. One after the other, so that one token serves both.
  learnAnew().then(() =>
    beyond(async (modules) => siteUrl && (state.token || session(site, false)) && (await modules.follow()).line.look()),
  );
};

/** Follows the tickets that the device remembers. @param {Parts} parts */
export const resume = async (parts) => {
  if (!access(parts).siteUrl) return;
  const { line } = await (await beside(parts)()).follow();
  line.resume();
};

/** The configuration with what is promised to whom the host has signed. @param {ReturnType<typeof access>} way */
const signed = async ({ siteUrl, token }) => {
  // A token that is refused is fetched anew once; without a good one it is the configuration that everybody reads.
  for (let tries = 0; tries < 3; tries++) {
    const jwt = tries < 2 && (await token(!!tries));
    /** @type {HeadersInit} */
    const headers = jwt ? { Authorization: `Bearer ${jwt}` } : {};
    const answer = await fetch(`${siteUrl}/config`, { headers, credentials: "omit", cache: "no-store" });
    if (answer.ok) return answer.json();
  }
};

/** What the configuration says under a name: the page's word, or else the gateway's. @param {string} name */
const said = (name) => {
  const told = [published, ...state.config].map((from) => from?.[name]);
  return told.filter((value) => value != undefined).pop();
};

/** The way to the gateway, which is empty where there is none, or to what is in its place; and who asks. @param {Parts} parts */
const access = ({ site, script }) => {
  const { zendesk, gateway } = addresses(script);
  return {
    zendesk,
    gateway,
    siteUrl: zendesk ? "" : `${gateway.replace(/\/+$/, "")}/v1/sites/${encodeURIComponent(site)}`,
    email: script.dataset["email"] ?? "",
    session: () => session(site),
    token: (/** @type {boolean} */ refused) => token(state, refused),
  };
};

/** Fetches what has the modules beside the form. @param {Parts} parts */
const beside = (parts) => {
  state = parts.state;
  person = who();
  fetching ??= once(async () => {
    const href = new URL("modules.js", import.meta.url).href;
    await parts.preload(href, MODULES_INTEGRITY);
    const { start } = await import(href);
    const heard = (/** @type {number[]} */ ...counts) => {
      [total, unread] = [counts[0] ?? total, counts[1] ?? unread];
      tell();
    };
    return (modules = start({ ...parts, ...access(parts) }, answer, said, heard));
  });
  return fetching;
};
