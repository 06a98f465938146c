// The checks of the command `diagnose`.

/** @typedef {import("../widget-loader.js").Parts} Parts */

/**
 * @typedef {{name: string, ok: boolean, detail: string}} Check
 */

/** How long a check may take. */
const PATIENCE_MS = 5000;
/** How long to wait for violations, which the browser reports afterwards. */
const REPORT_DELAY_MS = 100;

/**
 * Tries everything that the panel needs on this page, whether or not help was opened.
 * @param {Parts} parts
 */
export const diagnose = async (parts) => {
  const { gateway, site, script, state, triggers, preload } = parts;
  /** @type {Record<string, () => unknown>} each returns a detail, or throws the problem */
  const tests = {
    files: () => loadFile("widget.js", preload),
    webassembly: async () => {
      // Compiled each time, because the browser reports a violation only on an attempt.
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      await WebAssembly.compileStreaming(fetch(new URL("widget.wasm", import.meta.url)));
      return "";
    },
    gateway: async () => {
      if (script.dataset["destination"]) return `none: ${script.dataset["destination"]}`;
      const response = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, { credentials: "omit" });
      const { code, title } = response.ok ? {} : await response.json().catch(() => ({}));
      if (!response.ok) throw `${response.status} ${title ?? code ?? ""}`.trim();
      return `${gateway} knows the site "${site}"`;
    },
    styles: () => {
      new CSSStyleSheet().replaceSync(":host{}");
    },
    storage: async () => {
      const key = `deskbell:${site}:diagnose`;
      localStorage.setItem(key, "1");
      localStorage.removeItem(key);
      await new Promise((done, reject) => {
        const request = indexedDB.open("deskbell");
        request.onupgradeneeded = () => request.transaction?.abort();
        request.onsuccess = () => done(request.result.close());
        // A database that does not exist must not be created by this check.
        request.onerror = () => (request.error?.name == "AbortError" ? done(0) : reject(request.error));
      });
    },
    triggers: () => {
      const count = document.querySelectorAll(triggers).length;
      const { mount, launcher } = script.dataset;
      if (mount && !document.querySelector(mount)) throw `data-mount: nothing matches ${mount}`;
      if (!count && launcher == undefined) throw `nothing on the page matches ${triggers}`;
      return `${count} on the page`;
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
      const response = await fetch(`${gateway}v1/sites/${encodeURIComponent(site)}/config`, {
        headers: { Authorization: `Bearer ${jwt}` },
        credentials: "omit",
        cache: "no-store",
      });
      if (!response.ok) throw `${response.status} ${(await response.json().catch(() => ({}))).title ?? ""}`.trim();
      return "the gateway has accepted it";
    },
  };
  /** @type {object[]} */
  const violations = [];
  const addViolation = (/** @type {SecurityPolicyViolationEvent} */ event) => {
    const { effectiveDirective, blockedURI, originalPolicy, disposition, sourceFile, lineNumber, sample } = event;
    violations.push({ effectiveDirective, blockedURI, originalPolicy, disposition, sourceFile, lineNumber, sample });
  };
  addEventListener("securitypolicyviolation", addViolation);
  const checks = await Promise.all(Object.entries(tests).map(([name, test]) => runCheck(name, test)));
  await new Promise((done) => setTimeout(done, REPORT_DELAY_MS));
  removeEventListener("securitypolicyviolation", addViolation);
  return { ok: checks.every(({ ok }) => ok), checks, violations };
};

/** @param {string} name @param {() => unknown} test @returns {Promise<Check>} */
const runCheck = async (name, test) => {
  const timeout = new Promise((_, fail) =>
    setTimeout(fail, PATIENCE_MS, `no result after ${PATIENCE_MS / 1000} seconds`),
  );
  try {
    const result = await Promise.race([(async () => test())(), timeout]);
    return { name, ok: true, detail: `${result ?? ""}` };
  } catch (error) {
    return { name, ok: false, detail: `${error}` };
  }
};

/** Loads a file of ours, without running it. @param {string} file @param {Parts["preload"]} preload */
const loadFile = async (file, preload) => {
  await preload(new URL(file, import.meta.url).href, "");
  return new URL(".", import.meta.url).href;
};
