//! Detects browser and system from the user agent, and from client hints (<https://wicg.github.io/ua-client-hints/>) if the browser has them.

use super::value::Value;
use markdown::find::find;

/// Tokens in the user agent and the browsers they stand for. Browsers that imitate another come before it.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge "),
    ("EdgA/", "Edge "),
    ("EdgiOS/", "Edge "),
    ("OPR/", "Opera "),
    ("SamsungBrowser/", "Samsung Internet "),
    ("Vivaldi/", "Vivaldi "),
    ("FxiOS/", "Firefox "),
    ("Firefox/", "Firefox "),
    ("CriOS/", "Chrome "),
    ("HeadlessChrome/", "Headless Chrome "),
    ("Chrome/", "Chrome "),
    ("Version/", "Safari "),
];

/// The same for systems.
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows NT 10.0", "Windows"),
    ("Windows NT ", "Windows NT "),
    ("iPhone OS ", "iOS "),
    ("CPU OS ", "iPadOS "),
    ("Mac OS X ", "macOS "),
    ("Android ", "Android "),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Sets browser and system of a device.
pub fn name(device: &mut Value) {
    let (browser, system) = (browser_of(device), system_of(device));
    device.set("browser", Value::Text(browser));
    device.set("system", Value::Text(system));
}

fn browser_of(device: &Value) -> String {
    // One of the brands is made up, so that nobody relies on the list.
    let real = |name: &str| find(name, "Not").is_none() || find(name, "Brand").is_none();
    if let Some(Value::Members(brands)) = device.get("brands") {
        // Every browser based on Chromium has that brand besides its own.
        let brand = brands.0.iter().filter(|(name, _)| real(name)).min_by_key(|(name, _)| name == "Chromium");
        if let Some((name, Value::Text(version))) = brand {
            return [name, " ", version].concat();
        }
    }
    name_in(device.text_of("user_agent"), BROWSERS)
}

fn system_of(device: &Value) -> String {
    let platform = device.text_of("platform");
    if platform.is_empty() {
        let system = name_in(device.text_of("user_agent"), SYSTEMS);
        let touches = matches!(device.get("touch_points"), Some(Value::Count(points)) if *points > 1);
        // An iPad claims to be a Mac; Macs have no touch screen.
        return if touches && system.starts_with("macOS") { "iPadOS".into() } else { system };
    }
    let version = device.text_of("platform_version");
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    // https://learn.microsoft.com/en-us/microsoft-edge/web-platform/how-to-detect-win11
    let version = match major {
        0 => "",
        1..=12 if platform == "Windows" => "10",
        _ if platform == "Windows" => "11",
        _ => version,
    };
    [platform, " ", version].concat().trim_ascii_end().to_string()
}

fn name_in(user_agent: &str, names: &[(&str, &str)]) -> String {
    for (mark, name) in names {
        if let Some(start) = find(user_agent, mark) {
            let rest = user_agent.get(start + mark.len()..).unwrap_or_default();
            let version = match name.ends_with(' ') {
                true => rest.split([' ', ';', ')']).next().unwrap_or_default(),
                false => "",
            };
            let dots = |c: char| if c == '_' { '.' } else { c };
            return name.chars().chain(version.chars().map(dots)).collect();
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Read;

    fn named_of(device: serde_json::Value) -> (String, String) {
        let mut device = Value::read(&device);
        name(&mut device);
        (device.text_of("browser").to_string(), device.text_of("system").to_string())
    }

    #[test]
    fn browser_and_system_are_parsed_from_the_user_agent() {
        for (user_agent, browser, system) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome 141.0.0.0",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.3485.54",
                "Edge 141.0.3485.54",
                "Windows",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox 144.0", "Linux"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
                "Safari 26.0",
                "macOS 10.15.7",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1",
                "Chrome 141.0.7390.41",
                "iOS 18.6",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet 28.0",
                "Android 10",
            ),
            ("curl/8.5.0", "", ""),
        ] {
            let device = named_of(serde_json::json!({"user_agent": user_agent}));
            assert_eq!(device, (browser.to_string(), system.to_string()));
        }
        let ipad = serde_json::json!({"user_agent": "(Macintosh; Intel Mac OS X 10_15_7)", "touch_points": 5});
        assert_eq!(named_of(ipad).1, "iPadOS");
    }

    #[test]
    fn client_hints_take_precedence_over_the_user_agent() {
        let hinted = |brands: &[&str], platform: &str, version: &str| {
            let brands: serde_json::Map<_, _> =
                brands.iter().map(|name| (name.to_string(), serde_json::json!(name.len().to_string()))).collect();
            named_of(serde_json::json!({"brands": brands, "platform": platform, "platform_version": version}))
        };
        let brands = ["Not?A_Brand", "Chromium", "Google Chrome"];
        for (platform, version, system) in [
            ("Windows", "15.0.0", "Windows 11"),
            ("Windows", "10.0.0", "Windows 10"),
            ("macOS", "15.6.1", "macOS 15.6.1"),
            ("Linux", "", "Linux"),
        ] {
            assert_eq!(hinted(&brands, platform, version), ("Google Chrome 13".to_string(), system.to_string()));
        }
        assert_eq!(hinted(&brands[..2], "Linux", "").0, "Chromium 8");
    }
}
