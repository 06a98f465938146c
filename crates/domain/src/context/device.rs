//! The customer's device: browser, system, screen.

use super::shape::Shape::{Bool, Count};
use super::shape::{LINE, WORD, part};

part! {
    /// Browser, system, screen and network.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Device {
        /// The browser with its version, such as `Google Chrome 141.0.7390.54`.
        pub browser: String = LINE => "Browser",
        /// The operating system, such as `Windows 11`, with as much of its version as the browser reveals.
        pub system: String = LINE => "System",
        /// The model of a phone or tablet.
        pub model?: String = LINE => "Model",
        pub user_agent: String = LINE => "User agent",
        /// Width and height of the viewport in CSS pixels, such as `1440x900`.
        pub viewport: String = WORD => "Viewport",
        /// Width and height of the screen in CSS pixels.
        pub screen: String = WORD => "Screen",
        /// Device pixels per CSS pixel, such as `2` or `1.25`.
        pub pixel_ratio: String = WORD => "Pixel ratio",
        /// The most simultaneous touch points; 0 without a touch screen.
        pub touch_points: u32 = Count => "Touch points",
        /// The preferred languages of the browser, separated by commas.
        pub languages: String = LINE => "Languages",
        /// The IANA name of the time zone.
        pub time_zone: String = WORD => "Time zone",
        /// The memory in GiB, as coarse as the browser reveals it.
        pub memory?: String = WORD => "Memory, GiB",
        /// The number of processors.
        pub cores: u32 = Count => "Processors",
        /// The network, such as `4g, 10 Mbit/s, 50 ms`.
        pub connection?: String = LINE => "Network",
        /// Whether the customer prefers reduced data use.
        pub save_data: bool = Bool => "Data saver",
        /// Whether the browser considered itself online.
        pub online: bool = Bool => "Online",
        /// The preferred colour scheme, `light` or `dark`.
        pub theme: String = WORD => "Theme",
        /// The preferred contrast, if any: `more`, `less`, `custom` or `forced`.
        pub contrast?: String = WORD => "Contrast",
        /// Whether the customer prefers reduced motion.
        pub reduced_motion: bool = Bool => "Reduced motion",
        /// Whether the page can use storage.
        pub storage: bool = Bool => "Storage allowed",
        /// Whether the page can set cookies.
        pub cookies: bool = Bool => "Cookies allowed",
    }
}
