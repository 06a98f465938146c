//! Facts about a ticket as names with values in words, for pages and Markdown. Unknown values are empty.

use super::{labels, times};
use deskbell_core::ports::{Confirmation, StoredTicket};
use domain::context::{Application, Device, Page, Timings};

/// Names with values in words.
pub type Facts = Vec<(&'static str, String)>;

/// The customer as claimed by the page.
pub fn person(ticket: &StoredTicket) -> Facts {
    let user = ticket.ticket.context.user.clone().unwrap_or_default();
    vec![
        ("User", name_and_id(&user.name, &user.id)),
        ("Plan", user.plan),
        ("Organization", name_and_id(&user.organization.name, &user.organization.id)),
        ("Role", user.role),
        ("E-mail", user.email),
    ]
}

/// The additional facts from the form, and the consents.
pub fn form(ticket: &StoredTicket) -> Facts {
    let contact = &ticket.ticket.contact;
    let user = ticket.ticket.context.user.clone().unwrap_or_default();
    let typed_difference =
        |typed: &str, actual: String| if typed == actual { String::new() } else { typed.to_string() };
    let address = match ticket.handling.confirmation {
        Confirmation::NotNeeded => "",
        Confirmation::Awaited { .. } => {
            "Not confirmed: the customer sees answers after entering the code from the e-mail"
        }
        Confirmation::Confirmed => "Confirmed with the code from the e-mail",
    };
    let consent = match ticket.ticket.consent {
        Some(true) => "Support may access it",
        Some(false) => "Support may not access it",
        None => "",
    };
    vec![
        ("Name", typed_difference(&contact.name, user.name)),
        ("E-mail", typed_difference(&contact.email, user.email)),
        ("Address", address.into()),
        ("Account", consent.into()),
    ]
}

/// The build of the product.
pub fn application(application: &Application) -> Facts {
    let Application { release, environment, build, tenant, region, .. } = application.clone();
    vec![("Release", release), ("Environment", environment), ("Build", build), ("Tenant", tenant), ("Region", region)]
}

/// The page, except for its addresses.
pub fn page(page: &Page) -> Facts {
    let open = if page.open_ms == 0 { String::new() } else { times::duration(page.open_ms.into()) };
    vec![("Title", page.title.clone()), ("Open for", open)]
}

/// The performance of the page.
pub fn timings(timings: &Timings) -> Facts {
    let ms = |ms: Option<u32>| ms.map(|ms| times::duration(ms.into())).unwrap_or_default();
    vec![
        ("First byte", ms(timings.first_byte)),
        ("First paint", ms(timings.first_paint)),
        ("Largest paint", ms(timings.largest_paint)),
        ("Document parsed", ms(timings.dom_ready)),
        ("Loaded", ms(timings.loaded)),
        ("Slowest interaction", ms(timings.interaction)),
        ("Layout shift", timings.layout_shift.clone()),
    ]
}

/// The device and browser.
pub fn device(device: &Device) -> Facts {
    let dense = match device.pixel_ratio.as_str() {
        "" | "1" => String::new(),
        ratio => format!(", {ratio} device pixels each"),
    };
    let window = if device.viewport.is_empty() { String::new() } else { size(&device.viewport) + &dense };
    // A client that does not report its browser does not report the browser's features either.
    let is_known = !device.user_agent.is_empty();
    let able = |is_able: bool| if is_known && !is_able { "Not allowed" } else { "" };
    vec![
        ("Browser", device.browser.clone()),
        ("System", device.system.clone()),
        ("Model", device.model.clone()),
        ("Window", window),
        ("Screen", size(&device.screen)),
        ("Touch", touch(device, is_known).into()),
        ("Machine", machine(device)),
        ("Network", network(device)),
        ("Languages", device.languages.clone()),
        ("Time zone", device.time_zone.clone()),
        ("Prefers", preferences(device)),
        ("Storage", able(device.storage).into()),
        ("Cookies", able(device.cookies).into()),
        ("User agent", device.user_agent.clone()),
    ]
}

/// The device in one line.
pub fn device_line(device: &Device) -> String {
    joined(&[&device.browser, &device.system, &size(&device.viewport)], " · ")
}

/// `1440x900` as `1440 × 900`.
fn size(text: &str) -> String {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('x').filter(|(width, height)| digits(width) && digits(height)) {
        Some((width, height)) => format!("{width} × {height}"),
        None => text.to_string(),
    }
}

fn touch(device: &Device, is_known: bool) -> &'static str {
    match device.touch_points {
        0 if is_known => "No",
        0 => "",
        _ => "Yes",
    }
}

fn machine(device: &Device) -> String {
    let cores = match device.cores {
        0 => String::new(),
        cores => labels::count(cores as usize, "processor"),
    };
    let memory = if device.memory.is_empty() { String::new() } else { format!("{} GiB of memory", device.memory) };
    joined(&[&cores, &memory], ", ")
}

fn network(device: &Device) -> String {
    let online = if device.online { "Online" } else { "Offline" };
    joined(&[online, &device.connection, if device.save_data { "data saver" } else { "" }], ", ")
}

fn preferences(device: &Device) -> String {
    let contrast = match device.contrast.as_str() {
        "forced" => "forced colours".into(),
        "custom" => "custom contrast".into(),
        "" => String::new(),
        contrast => format!("{contrast} contrast"),
    };
    let theme = match device.theme.as_str() {
        "" => String::new(),
        theme => format!("{theme} theme"),
    };
    joined(&[&theme, &contrast, if device.reduced_motion { "reduced motion" } else { "" }], ", ")
}

fn name_and_id(name: &str, id: &str) -> String {
    match (name.is_empty(), id.is_empty()) {
        (true, _) => id.to_string(),
        (_, true) => name.to_string(),
        _ => format!("{name} ({id})"),
    }
}

fn joined(parts: &[&str], separator: &str) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_described_in_words() {
        let device = Device {
            browser: "Chrome 141".into(),
            system: "Windows 11".into(),
            user_agent: "Mozilla/5.0".into(),
            viewport: "1440x900".into(),
            pixel_ratio: "1.5".into(),
            memory: "8".into(),
            cores: 12,
            connection: "4g, 10 Mbit/s, 50 ms".into(),
            save_data: true,
            online: true,
            theme: "dark".into(),
            contrast: "more".into(),
            reduced_motion: true,
            cookies: true,
            ..Device::default()
        };
        let facts: Facts = super::device(&device).into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let expected = [
            ("Browser", "Chrome 141"),
            ("System", "Windows 11"),
            ("Window", "1440 × 900, 1.5 device pixels each"),
            ("Touch", "No"),
            ("Machine", "12 processors, 8 GiB of memory"),
            ("Network", "Online, 4g, 10 Mbit/s, 50 ms, data saver"),
            ("Prefers", "dark theme, more contrast, reduced motion"),
            ("Storage", "Not allowed"),
            ("User agent", "Mozilla/5.0"),
        ];
        assert_eq!(facts, expected.map(|(name, value)| (name, value.to_string())));
        assert_eq!(device_line(&device), "Chrome 141 · Windows 11 · 1440 × 900");
    }
}
