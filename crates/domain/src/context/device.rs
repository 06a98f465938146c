//! What the product is used with: browser, system, screen.

use super::shape::Shape::{Bool, Count};
use super::shape::{LINE, WORD, part};

part! {
    /// Browser, system, screen and network.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Device {
        /// The browser with its version, such as `Google Chrome 141.0.7390.54`.
        pub browser: String = LINE => "Browser",
        /// The operating system with its version, as far as the browser tells it, such as `Windows 11`.
        pub system: String = LINE => "System",
        /// The model of a phone or tablet.
        pub model?: String = LINE => "Model",
        pub user_agent: String = LINE => "User agent",
        /// Width and height of the viewport in CSS pixels, such as `1440x900`.
        pub viewport: String = WORD => "Viewport",
        /// Width and height of the screen in CSS pixels.
        pub screen: String = WORD => "Screen",
        /// Device pixels to a CSS pixel, such as `2` or `1.25`.
        pub pixel_ratio: String = WORD => "Pixel ratio",
        /// How many fingers the screen can tell apart; 0 where it is no touch screen.
        pub touch_points: u32 = Count => "Touch points",
        /// The languages that the browser prefers, with commas between.
        pub languages: String = LINE => "Languages",
        /// The IANA name of the time zone.
        pub time_zone: String = WORD => "Time zone",
        /// The memory in GiB, as coarse as the browser tells it.
        pub memory?: String = WORD => "Memory, GiB",
        /// How many processors there are.
        pub cores: u32 = Count => "Processors",
        /// The network, such as `4g, 10 Mbit/s, 50 ms`.
        pub connection?: String = LINE => "Network",
        /// Whether the customer wants to save data.
        pub save_data: bool = Bool => "Data saver",
        /// Whether the browser believed to be online.
        pub online: bool = Bool => "Online",
        /// `light` or `dark`, as the system prefers it.
        pub theme: String = WORD => "Theme",
        /// `more`, `less`, `custom` or `forced`, where the customer prefers one.
        pub contrast?: String = WORD => "Contrast",
        /// Whether the customer prefers less motion.
        pub reduced_motion: bool = Bool => "Reduced motion",
        /// Whether the page may store something.
        pub storage: bool = Bool => "Storage allowed",
        /// Whether the page may set cookies.
        pub cookies: bool = Bool => "Cookies allowed",
    }
}
