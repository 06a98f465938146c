// Browser, system, screen and network, as the browser reports them.

const HINTS = ["fullVersionList", "platformVersion", "model", "architecture"];

/** @returns {import("../moment.js").Device} */
export const device = () => {
  const { userAgent, maxTouchPoints, languages, hardwareConcurrency, onLine, cookieEnabled, deviceMemory, connection } =
    /** @type {any} */ (navigator);
  const prefers = (/** @type {string} */ query) => matchMedia(`(${query})`).matches;
  const { effectiveType, downlink, rtt, saveData } = connection ?? {};
  return {
    user_agent: userAgent,
    viewport: `${innerWidth}x${innerHeight}`,
    screen: `${screen.width}x${screen.height}`,
    pixel_ratio: `${+devicePixelRatio.toFixed(2)}`,
    touch_points: maxTouchPoints,
    languages: languages.join(", "),
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    memory: `${deviceMemory ?? ""}`,
    cores: hardwareConcurrency,
    connection: effectiveType ? `${effectiveType}, ${downlink} Mbit/s, ${rtt} ms` : "",
    save_data: !!saveData,
    online: onLine,
    theme: prefers("prefers-color-scheme:dark") ? "dark" : "light",
    contrast: prefers("forced-colors:active")
      ? "forced"
      : (["more", "less", "custom"].find((level) => prefers(`prefers-contrast:${level}`)) ?? ""),
    reduced_motion: prefers("prefers-reduced-motion:reduce"),
    storage: canStore(),
    cookies: cookieEnabled,
  };
};

/** Client hints, if the browser has them. @returns {Promise<Partial<import("../moment.js").Device>>} */
export const hints = async () => {
  const { userAgentData } = /** @type {any} */ (navigator);
  const values = await userAgentData.getHighEntropyValues(HINTS);
  return {
    brands: Object.fromEntries(
      (values.fullVersionList ?? values.brands).map((/** @type {any} */ { brand, version }) => [brand, version]),
    ),
    platform: values.platform,
    platform_version: values.platformVersion,
    model: values.model,
    architecture: values.architecture,
  };
};

const canStore = () => {
  try {
    return !!localStorage;
  } catch {
    return false;
  }
};
