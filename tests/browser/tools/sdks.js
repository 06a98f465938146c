// The two tools as a product sets them up. `tools.spec.js` bundles this and sets the addresses of their servers.

import * as Sentry from "@sentry/browser";
import posthog from "posthog-js/dist/module.full.no-external.js";

Sentry.init({
  dsn: "https://0123456789abcdef0123456789abcdef@sentry.example/42",
  tracesSampleRate: 1,
  replaysSessionSampleRate: 1,
  integrations: [Sentry.browserTracingIntegration(), Sentry.replayIntegration()],
});

window.posthog = posthog;
posthog.init("phc_ordersordersordersordersordersordersorde", {
  api_host: "https://posthog.example",
  ui_host: "https://posthog-app.example",
  // An automated browser counts as a bot.
  opt_out_useragent_filter: true,
  loaded: () => posthog.identify("ada-7"),
});
