// What the command `diagnose` tries.

/** @typedef {import("../widget-loader.js").Parts} Parts */

/**
 * @typedef {{name: string, ok: boolean, detail: string}} Check
 */

/** How long a check may take. */
const PATIENCE_MS = 5000;
/** The browser reports violations after what they are about. */
const REPORTED_MS = 100;

/**
 * Tries everything that the panel needs on this page, whether or not help was opened.
 * @param {Parts} parts
 */
export const diagnose = async (parts) => {
  const { gateway, site, script, state, triggers, preload } = parts;
  /** @type {Record<string, () => unknown>} each returns what it found, or throws what is wrong */
  const tries = {
    files: () => loaded("widget.js", preload),
    webassembly: async () => {
      // Compiled anew, because the browser reports a forbidden attempt only when it is made.
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      await WebAssembly.compileStreaming(fetch(new URL("widget.wasm", import.meta.url)));
      return "";
    },
    gateway: async () => {
      if (script.dataset["destination"]) return `none: ${script.dataset["destination"]}`;
      const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, { credentials: "omit" });
      const { code, title } = answer.ok ? {} : await answer.json().catch(() => ({}));
      if (!answer.ok) throw `${answer.status} ${title ?? code ?? ""}`.trim();
      return `${gateway} knows the site "${site}"`;
    },
    styles: () => {
      new CSSStyleSheet().replaceSync(":host{}");
    },
    storage: async () => {
      const place = `deskbell:${site}:diagnose`;
      localStorage.setItem(place, "1");
      localStorage.removeItem(place);
      await new Promise((done, failed) => {
        const request = indexedDB.open("deskbell");
        request.onupgradeneeded = () => request.transaction?.abort();
        request.onsuccess = () => done(request.result.close());
        // A database that does not exist is not created by looking.
        request.onerror = () => (request.error?.name == "AbortError" ? done(0) : failed(request.error));
      });
    },
    triggers: () => {
      const found = document.querySelectorAll(triggers).length;
      const { mount, launcher } = script.dataset;
      if (mount && !document.querySelector(mount)) throw `data-mount: nothing matches ${mount}`;
      if (!found && launcher == undefined) throw `nothing on the page matches ${triggers}`;
      return `${found} on the page`;
    },
    recording: () => {
      const tag = [...document.querySelectorAll("script")].find(({ src }) => src && src == script.src);
      const isMuted = tag && tag.type != "module" && !tag.crossOrigin && !tag.src.startsWith(`${location.origin}/`);
      if (isMuted)
        throw "the script tag has no crossorigin attribute, so that requests and the console are not recorded";
    },
    token: async () => {
      if (!state.token) return "none";
      const jwt = typeof state.token == "function" ? await state.token() : state.token;
      if (!/^\S+\.\S+\.\S+$/.test(`${jwt}`)) throw "identify: the token is no JWT";
      const answer = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, {
        headers: { Authorization: `Bearer ${jwt}` },
        credentials: "omit",
        cache: "no-store",
      });
      if (!answer.ok) throw `${answer.status} ${(await answer.json().catch(() => ({}))).title ?? ""}`.trim();
      return "the gateway has accepted it";
    },
  };
  /** @type {object[]} */
  const violations = [];
  const note = (/** @type {SecurityPolicyViolationEvent} */ event) => {
    const { effectiveDirective, blockedURI, originalPolicy, disposition, sourceFile, lineNumber, sample } = event;
    violations.push({ effectiveDirective, blockedURI, originalPolicy, disposition, sourceFile, lineNumber, sample });
  };
  addEventListener("securitypolicyviolation", note);
  const checks = await Promise.all(Object.entries(tries).map(([name, act]) => attempted(name, act)));
  await new Promise((later) => setTimeout(later, REPORTED_MS));
  removeEventListener("securitypolicyviolation", note);
  return { ok: checks.every(({ ok }) => ok), checks, violations };
};

/** @param {string} name @param {() => unknown} act @returns {Promise<Check>} */
const attempted = async (name, act) => {
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE_MS, `no result after ${PATIENCE_MS / 1000} seconds`));
  try {
    const found = await Promise.race([(async () => act())(), late]);
    return { name, ok: true, detail: `${found ?? ""}` };
  } catch (error) {
    return { name, ok: false, detail: `${error}` };
  }
};

/** Loads a file of ours, without running it. @param {string} file @param {Parts["preload"]} preload */
const loaded = async (file, preload) => {
  await preload(new URL(file, import.meta.url).href, "");
  return new URL(".", import.meta.url).href;
};
