//! The context: what is collected by itself, so that nobody has to ask for it.
//!
//! It is a versioned document of named groups. Every group has a limit, the whole has [`CONTEXT_MAX`]; what did not fit
//! is named in [`Context::cut`], so that a support engineer knows that there was more.

use serde::{Deserialize, Serialize};

use super::pairs::Pairs;
use super::problem::FieldError;

/// The version of the document that this code writes.
pub const VERSION: u32 = 1;
/// The most that a context takes as JSON, in bytes.
pub const CONTEXT_MAX: usize = 64 * 1024;
/// How many errors are kept, the newest.
pub const ERRORS_MAX: usize = 20;
/// How many values of the host are kept.
pub const VALUES_MAX: usize = 50;

const URL_MAX: usize = 2_000;
const LINE_MAX: usize = 500;
const ERROR_MESSAGE_MAX: usize = 1_000;
const STACK_MAX: usize = 4_000;
const VALUE_MAX: usize = 1_000;
const KEY_MAX: usize = 64;

/// Everything that was collected for a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// [`VERSION`] of what wrote it.
    pub version: u32,
    /// When it was frozen, RFC 3339 in UTC.
    pub frozen_at: String,
    /// The page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// Who uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// What they use it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// What went wrong on the page, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorRecord>,
    /// What the host declared with `set`.
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub page_values: Pairs<String>,
    /// What did not fit, as places in this document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
}

/// The page as it was when the context was frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Where the person came from; empty where the browser does not say.
    pub referrer: String,
}

/// The person, as the host declared them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// The host's id of them; empty where they are not known.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The plan they are on.
    pub plan: String,
    /// Their role in the organization.
    pub role: String,
    /// The organization they belong to.
    pub organization: Organization,
    /// Whatever else the host declared about them.
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub attributes: Pairs<String>,
    /// Whether a signature proves all this. Only the gateway sets it.
    pub verified: bool,
}

/// The organization of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Organization {
    /// The host's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Browser and screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// The browser's user agent.
    pub browser: String,
    /// Width and height of the viewport in CSS pixels, such as `1440x900`.
    pub viewport: String,
    /// Device pixels to a CSS pixel, such as `2` or `1.25`.
    pub pixel_ratio: String,
    /// The language the browser prefers.
    pub language: String,
    /// The IANA name of the time zone.
    pub time_zone: String,
    /// `light` or `dark`, as the system prefers it.
    pub theme: String,
    /// Whether the browser believed to be online.
    pub online: bool,
}

/// One thing that went wrong on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorRecord {
    /// What told of it: `error`, `rejection` or `captured`.
    pub source: String,
    /// The error's name, such as `TypeError`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its stack, where it has one.
    pub stack: String,
    /// The file and place it came from, such as `https://app.example.com/app.js:10:4`.
    pub location: String,
    /// When it happened last, RFC 3339 in UTC.
    pub at: String,
    /// How often the same was seen.
    pub count: u32,
}

/// Cuts a context to its limits and names in [`Context::cut`] what was cut.
pub fn fit(mut context: Context) -> Context {
    let mut cut = Vec::new();
    if let Some(Page { url, title, referrer }) = &mut context.page {
        fit_group(
            "/page/",
            &mut cut,
            [("url", url, URL_MAX), ("title", title, LINE_MAX), ("referrer", referrer, URL_MAX)],
        );
    }
    if let Some(User { id, name, email, plan, role, organization, .. }) = &mut context.user {
        let fields = [("id", id), ("name", name), ("email", email), ("plan", plan), ("role", role)];
        fit_group("/user/", &mut cut, fields.map(|(name, text)| (name, text, LINE_MAX)));
        let fields = [("id", &mut organization.id, LINE_MAX), ("name", &mut organization.name, LINE_MAX)];
        fit_group("/user/organization/", &mut cut, fields);
    }
    if let Some(device) = &mut context.device {
        fit_group("/device/", &mut cut, [("browser", &mut device.browser, LINE_MAX)]);
    }
    for (index, ErrorRecord { name, message, stack, location, .. }) in context.errors.iter_mut().enumerate() {
        let fields = [("name", name, KEY_MAX), ("message", message, ERROR_MESSAGE_MAX), ("stack", stack, STACK_MAX)];
        let place = "/errors/".to_string() + &index.to_string() + "/";
        fit_group(&place, &mut cut, fields);
        fit_group(&place, &mut cut, [("location", location, URL_MAX)]);
    }
    fit_values("/page_values", &mut context.page_values, &mut cut);
    if let Some(user) = &mut context.user {
        fit_values("/user/attributes", &mut user.attributes, &mut cut);
    }
    if context.errors.len() > ERRORS_MAX {
        let surplus = context.errors.len() - ERRORS_MAX;
        context.errors.drain(..surplus);
        cut.push("/errors".into());
    }
    context.cut.append(&mut cut);
    fit_whole(&mut context);
    context
}

/// What in a context breaks its limits; empty for a good one. The gateway asks, because not every client is ours.
pub fn check(context: &Context) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if size(context) > CONTEXT_MAX {
        errors.push(FieldError { pointer: "/context".into(), detail: format!("is larger than {CONTEXT_MAX} bytes") });
    }
    if context.errors.len() > ERRORS_MAX {
        errors.push(FieldError {
            pointer: "/context/errors".into(),
            detail: format!("has more than {ERRORS_MAX} entries"),
        });
    }
    errors
}

/// How many bytes a context takes as JSON.
pub fn size(context: &Context) -> usize {
    serde_json::to_string(context).map_or(usize::MAX, |json| json.len())
}

fn fit_values(place: &str, values: &mut Pairs<String>, cut: &mut Vec<String>) {
    let before = values.0.len();
    values.0.retain(|(key, _)| key.chars().count() <= KEY_MAX);
    values.0.truncate(VALUES_MAX);
    if values.0.len() < before {
        cut.push(place.to_string());
    }
    for (key, value) in &mut values.0 {
        if shorten(value, VALUE_MAX) {
            cut.push(place.to_string() + "/" + key);
        }
    }
}

/// Takes away what is worth least until the whole fits: stacks and errors from the oldest, then values.
fn fit_whole(context: &mut Context) {
    let cut_now = |context: &mut Context, place: &str| {
        if !context.cut.iter().any(|cut| cut == place) {
            context.cut.push(place.to_string());
        }
    };
    for index in 0..context.errors.len() {
        if size(context) <= CONTEXT_MAX {
            return;
        }
        if let Some(error) = context.errors.get_mut(index) {
            error.stack.clear();
        }
        cut_now(context, "/errors");
    }
    while size(context) > CONTEXT_MAX && !context.errors.is_empty() {
        context.errors.remove(0);
    }
    while size(context) > CONTEXT_MAX && context.page_values.0.pop().is_some() {
        cut_now(context, "/page_values");
    }
    while size(context) > CONTEXT_MAX {
        if context.user.as_mut().and_then(|user| user.attributes.0.pop()).is_none() {
            return;
        }
        cut_now(context, "/user/attributes");
    }
}

/// Cuts the texts of a group, each with its name and how many characters it may have.
fn fit_group<const N: usize>(place: &str, cut: &mut Vec<String>, texts: [(&str, &mut String, usize); N]) {
    for (name, text, max) in texts {
        if shorten(text, max) {
            cut.push(place.to_string() + name);
        }
    }
}

/// Cuts a text to a number of characters; tells whether it had to.
fn shorten(text: &mut String, max: usize) -> bool {
    let Some((end, _)) = text.char_indices().nth(max) else { return false };
    text.truncate(end);
    text.push('…');
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn large(errors: usize, text: usize) -> Context {
        let error = |n: usize| ErrorRecord {
            message: format!("{n} {}", "m".repeat(text)),
            stack: "s".repeat(text),
            ..ErrorRecord::default()
        };
        Context {
            page: Some(Page { url: "u".repeat(text), ..Page::default() }),
            errors: (0..errors).map(error).collect(),
            page_values: Pairs((0..errors).map(|n| (format!("{n:03}"), "ü".repeat(text))).collect()),
            ..Context::default()
        }
    }

    #[test]
    fn the_newest_errors_are_kept_and_the_cut_is_named() {
        let context = fit(large(ERRORS_MAX + 5, 10));
        assert_eq!(context.errors.len(), ERRORS_MAX);
        assert!(context.errors[0].message.starts_with("5 "));
        assert_eq!(context.cut, ["/errors"]);
    }

    #[test]
    fn nothing_is_cut_from_what_fits() {
        let context = large(3, 10);
        assert_eq!(fit(context.clone()), context);
    }

    proptest! {
        // Each case writes the document out again and again; more of them cost time and find nothing new.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_was_fitted_is_within_the_limits(errors in 0usize..70, text in 0usize..6_000) {
            let fitted = fit(large(errors, text));
            prop_assert!(size(&fitted) <= CONTEXT_MAX);
            prop_assert_eq!(check(&fitted), vec![]);
        }

        #[test]
        fn a_fitted_context_comes_back_from_the_wire_as_it_was(errors in 0usize..40, text in 0usize..2_000) {
            let fitted = fit(large(errors, text));
            let json = serde_json::to_string(&fitted).unwrap();
            prop_assert_eq!(serde_json::from_str::<Context>(&json).unwrap(), fitted);
        }
    }
}
