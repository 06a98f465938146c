// What the loader imports: the glue that Trunk makes, and what belongs to the form.

import {
  answer,
  changed as formChanged,
  initSync as init,
  mount as mountForm,
  open as openForm,
  follows,
} from "trunk:glue";

import { zendeskOf } from "./address.js";
import { describe } from "./collect/describe.js";
import { claims, learn, token } from "./identity.js";
import { once } from "./once.js";
import { blank } from "./state.js";
import { counter } from "./visits.js";

export { init };

/** @typedef {import("./widget-loader.js").Parts} Parts */
/** @typedef {Awaited<ReturnType<typeof import("./modules.js").start>>} Modules */

/** @type {Parts["state"]} */
let state;
let mounted = false;
/** Who was here when they were last heard of. */
let person = "";
/** Counts how often what is written has changed hands. */
let hands = 0;
/** What the form was told last of what the host says. @type {unknown[]} */
let shown = [];
/** Until then it is not known whether the person is still who they were. @type {Promise<unknown>} */
let learning = Promise.resolve();
/** Until then it is not known whether the person has open tickets. @type {Promise<unknown>} */
let looked = learning;
/** Follows the tickets of whoever is here, once the form is there; `late` where that may have begun. @type {(late?: boolean) => void} */
let look = blank;
/** The configuration as the gateway published it. @type {any} */
let published;

/** What was given with the token that was read last, and with the one that was asked for last. @type {unknown} */
let learned;
/** @type {unknown} */
let tried;
/** What the token says of the person whose promises were asked for. */
let asked = "";
/** The modules beside the form, once they are ready. @type {Modules | undefined} */
let modules;
/** @type {(() => Promise<Modules>) | undefined} */
let fetching;
/** How many tickets there are, and how many messages in them are unread. */
let [total, unread] = [0, 0];

/** Tells the form what there is beside it. */
const tell = () => mounted && follows(total, unread, state.queued, state.unsure ?? 0);

/** Somebody is their id, whatever says it: a host may identify them again and again, with ever new tokens. */
const who = () => `${state.user?.id ?? ""}`;

/** What the form draws of what the host says; in words, because the host gives new objects that say the same. */
const said = () =>
  [state.user, state.config.length, state.suggested, state.values].map((value) => {
    try {
      return JSON.stringify(value);
    } catch {
      return value;
    }
  });

/** Has the form drawn anew where it has to be: that takes the focus from its fields. @param {boolean} [reset] */
const draw = (reset) => {
  if (!mounted) return;
  const now = said();
  if (!reset && now.every((value, at) => value == shown[at])) return;
  shown = now;
  formChanged(reset ? 1 : 0);
};

/** Tells what is beside the form who is here. @param {boolean} [reset] @param {boolean} [discard] */
const meet = (reset, discard) => {
  const before = person;
  person = who();
  if (!reset && person == before) return modules?.met();
  const done = modules?.other(before, reset, discard);
  // What was begun before anybody had said who is here is theirs.
  if (reset || before) {
    hands += 1;
    // After the draft was kept for whoever wrote it.
    if (!reset && mounted) formChanged(1);
  }
  return done;
};

/** Learns who a token is about. What that promises is asked for anew; and what an earlier one did, where there is none any more. */
const learnAnew = async () => {
  const { token: source, given } = state;
  tried = given;
  // Nobody has been identified since, so the host need not be asked for another token.
  if (given && given == learned) return;
  await learn(state, () => {
    draw();
    meet();
  });
  if (!mounted) return;
  const now = await claims(state);
  if (source != state.token) return;
  if (now) learned = given;
  if (asked == now) return;
  asked = now;
  formChanged(2);
};

/** The host has said something new. @param {boolean} reset @param {boolean} discard whether what is not sent yet goes as well */
export const changed = (reset, discard) => {
  if (!state) return;
  draw(reset);
  const done = meet(reset, discard);
  if (state.given != tried) {
    learning = learnAnew().catch(blank);
    look(true);
  }
  return done;
};

/** Has deleted what a `reset` lets go of. @param {Parts} parts */
export const finishReset = async (parts) => (await beside(parts)()).finishReset();

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
  shown = said();
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
    // What gathers comes with what sends.
    complete: (/** @type {any} */ snapshot) =>
      load()
        .then(blank, blank)
        .then(() => parts.complete(snapshot)),
    answers: () => beyond((modules) => modules.answers()),
    elsewhere: (/** @type {string} */ what) => {
      const sources = configured("sources");
      if (what == "config") return siteUrl && asked && beyond((modules) => modules.promised());
      if (sources) return beyond((modules) => modules.ask(sources, what));
    },
    configured: (/** @type {any} */ config) => {
      published = config;
      parts.confirm(config);
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
        await (learning = learnAnew().catch(blank));
        await Promise.race([looked, new Promise((late) => setTimeout(late, 3000))]);
        return !modules || (await modules.ready());
      } catch {
        return true;
      }
    },
    send: (/** @type {string} */ body, /** @type {string} */ text, /** @type {boolean} */ signed) => {
      const held = hands;
      return beyond((modules) => (held == hands ? modules.send(body, text, signed) : { word: "gone" }));
    },
    letGo: () => modules?.sealed(),
  };
  mountForm({ ...parts, ...way, ...counter(site, parts.script.dataset["env"] == "test" ? "" : siteUrl), ...own });
  mounted = true;
  // What keeps what is written comes with the form. One after the other, so that one token serves both.
  learning = learnAnew().catch(blank);
  look = (late) => {
    looked = learning.then(() => beyond((modules) => siteUrl && modules.look(late)));
    looked.catch(blank);
  };
  look();
};

/** Follows the tickets that the device remembers. @param {Parts} parts */
export const resume = async (parts) => {
  if (!access(parts).siteUrl) return;
  const fetched = beside(parts);
  learning = learnAnew().catch(blank);
  const [modules] = await Promise.all([fetched(), learning]);
  (await modules.follow()).line.resume();
};

/** What the configuration says under a name: the page's word, or else the gateway's. @param {string} name */
const configured = (name) => {
  const told = [published, ...state.config].map((from) => from?.[name]);
  return told.filter((value) => value != undefined).pop();
};

/** The way to the gateway, which is empty where there is none, or to what is in its place; and who asks. @param {Parts} parts */
const access = ({ site, script, gateway }) => {
  const zendesk = zendeskOf(script);
  return {
    zendesk,
    siteUrl: zendesk ? "" : `${gateway}v1/sites/${encodeURIComponent(site)}`,
    email: script.dataset["email"] ?? "",
    /** @param {boolean} refused @param {string} [wanted] */
    token: (refused, wanted) => token(state, refused, wanted),
    /** Settles once it is known who is here. */
    known: () => learning,
  };
};

/** Fetches what has the modules beside the form. @param {Parts} parts */
const beside = (parts) => {
  if (!state) {
    state = parts.state;
    person = who();
  }
  fetching ??= once(async () => {
    const href = new URL("modules.js", import.meta.url).href;
    await parts.preload(href, MODULES_INTEGRITY);
    const { start } = await import(href);
    const heard = (/** @type {number[]} */ ...counts) => {
      [total, unread] = [counts[0] ?? total, counts[1] ?? unread];
      tell();
    };
    return (modules = await start({ ...parts, ...access(parts) }, answer, configured, heard));
  });
  return fetching;
};
