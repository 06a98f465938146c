/** The strictest policy under which everything works. `{{gateway}}` becomes the gateway's address. */
export const STRICT = policy("script-src 'nonce-host' {{gateway}} 'wasm-unsafe-eval'");

/** The same without WebAssembly, which leaves the plain form. */
export const WITHOUT_WASM = policy("script-src 'nonce-host' {{gateway}}");

/** @param {string} scripts */
function policy(scripts) {
  return [
    "default-src 'none'",
    scripts,
    "connect-src {{gateway}}",
    "style-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
