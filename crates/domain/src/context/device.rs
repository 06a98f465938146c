//! What the product is used with: browser, system, screen.

use serde::{Deserialize, Serialize};

/// Browser, system, screen and network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Device {
    /// The browser with its version, such as `Google Chrome 141.0.7390.54`.
    pub browser: String,
    /// The operating system with its version, as far as the browser tells it, such as `Windows 11`.
    pub system: String,
    /// The model of a phone or tablet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// The browser's user agent.
    pub user_agent: String,
    /// Width and height of the viewport in CSS pixels, such as `1440x900`.
    pub viewport: String,
    /// Width and height of the screen in CSS pixels.
    pub screen: String,
    /// Device pixels to a CSS pixel, such as `2` or `1.25`.
    pub pixel_ratio: String,
    /// How many fingers the screen feels; 0 for one that feels none.
    pub touch_points: u32,
    /// The languages that the browser prefers, with commas between.
    pub languages: String,
    /// The IANA name of the time zone.
    pub time_zone: String,
    /// The memory in GiB, as coarse as the browser tells it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub memory: String,
    /// How many processors there are.
    pub cores: u32,
    /// The network, such as `4g, 10 Mbit/s, 50 ms`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub connection: String,
    /// Whether the person wants to save data.
    pub save_data: bool,
    /// Whether the browser believed to be online.
    pub online: bool,
    /// `light` or `dark`, as the system prefers it.
    pub theme: String,
    /// `more`, `less`, `custom` or `forced`, where the person prefers one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub contrast: String,
    /// Whether the person prefers less motion.
    pub reduced_motion: bool,
    /// Whether the page may store something.
    pub storage: bool,
    /// Whether the page may set cookies.
    pub cookies: bool,
}
