// The loader's scripts as `crates/pack` bundles them, but for what draws and records, in a form that can run many times in one
// process: each run of a function is a page's own instance.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import vm from "node:vm";

const ROOT = new URL("../../../", import.meta.url).pathname;
/** Another folder with the loader's scripts, such as one in which a fault was put. */
const LOADER = process.env.DESK_LOADER ?? join(ROOT, "loader");

/** What is replaced, and by which file of `stubs`. */
const STUBS = Object.fromEntries(
  Object.entries({
    panel: ["panel"],
    recorder: ["triggers", "errors", "requests", "routes", "breadcrumbs", "error-list"],
    around: [
      "marks",
      "covered",
      "drops",
      "root",
      "relabel",
      "visits",
      "describe",
      "follow",
      "gather",
      "console",
      "shot",
    ],
  }).flatMap(([stub, names]) => names.map((name) => [`${name}.js`, stub])),
);

/** The scripts that are files of their own. */
const ENTRIES = ["deskbell", "widget", "modules", "recovery", "tickets", "collect", "host", "options"];

/** The names that a script finds in its page. */
export const GLOBALS = [
  ...["window", "document", "navigator", "location", "localStorage", "indexedDB", "IDBKeyRange", "crypto", "console"],
  ...["BroadcastChannel", "XMLHttpRequest", "WebAssembly", "Document", "Window", "MutationObserver", "AbortSignal"],
  ...["fetch", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "addEventListener", "dispatchEvent"],
  ...[
    "Date",
    "Math",
    "performance",
    "URL",
    "Event",
    "AbortController",
    "TextDecoder",
    "atob",
    "structuredClone",
    "Blob",
    "File",
  ],
];

const integrities = "MODULES WIDGET WASM HOST TOOLS COLLECT RECOVERY ZENDESK OPTIONS SHOT SCREENS TICKETS PLAIN";
const DEFINES = {
  "import.meta.url": "MODULE_URL",
  VERSION: '"1"',
  BUILD: '"build"',
  RTL: "[]",
  CHUNKS: '{"files":{},"chunks":{}}',
  TEXTS: '{"en":["Help","Close","Box","Failed"]}',
  ...Object.fromEntries(integrities.split(" ").map((name) => [`${name}_INTEGRITY`, '""'])),
  ...Object.fromEntries("PANEL FIRST PLAIN LAUNCHER SCREENS SHOT".split(" ").map((name) => [`${name}_CSS`, '""'])),
};

const stubbed = {
  name: "stubs",
  setup(build) {
    const stubs = new URL("stubs/", import.meta.url).pathname;
    build.onResolve({ filter: /\.js$/ }, ({ path, resolveDir, kind }) => {
      const stub = kind != "entry-point" && STUBS[basename(path)];
      if (stub) return { path: `${stubs}${stub}.js` };
      const loader = /^(?:\.\.\/)+loader\/(.*)$/.exec(path);
      if (loader) return { path: join(LOADER, loader[1]) };
      const found = join(resolveDir, path);
      return existsSync(found) ? { path: found } : undefined;
    });
    build.onResolve({ filter: /^program:glue$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Bundles all scripts. Returns each as the source of a function of a page's globals. */
const bundle = async () => {
  const { build } = createRequire(join(ROOT, "loader/package.json"))("esbuild");
  const { outputFiles } = await build({
    entryPoints: ENTRIES.map((name) => join(LOADER, `${name}.js`)),
    bundle: true,
    write: false,
    outdir: "/",
    format: "cjs",
    target: "es2022",
    define: DEFINES,
    supported: { "dynamic-import": false },
    logLevel: "error",
    plugins: [stubbed],
  });
  return outputFiles.map(({ path, text }) => {
    const parameters = ["require", "module", "exports", "MODULE_URL", ...GLOBALS];
    return { name: basename(path), source: `(function (${parameters}) {${text}\nreturn module.exports; })` };
  });
};

/**
 * Compiles the scripts in a context of its own. Returns what runs one by its name.
 * @param {{name: string, source: string}[]} scripts @returns {Map<string, Function>}
 */
export const compile = (scripts) => {
  const context = vm.createContext({ URLSearchParams, queueMicrotask });
  // Scripts throw often, and nobody reads where.
  vm.runInContext("Error.stackTraceLimit = 0", context);
  return new Map(scripts.map(({ name, source }) => [name, vm.runInContext(source, context, { filename: name })]));
};

export const scripts = await bundle();
