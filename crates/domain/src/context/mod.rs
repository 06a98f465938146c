//! The context: what is collected by itself, so that nobody has to ask for it.
//!
//! It is a versioned document of named groups ([`Group`]). Before anything of it leaves the page it is redacted, cut to its
//! limits and freed of what the customer or the site keeps back ([`document`]); it says what was cut and what was withheld, so that
//! a support engineer knows that there was more.

mod device;
pub mod document;
mod links;
mod page;
mod person;
mod records;
mod shape;

use serde::{Deserialize, Serialize};

use super::problem::FieldError;
pub use super::vocabulary::Group;
use shape::Shape::{Count, List, Texts};
use shape::{BREADCRUMBS_MAX, RECORDS_MAX, TEXTS_MAX, WORD, part};
use wire::{Pairs, words};

pub use device::Device;
pub use document::{Frames, frames};
pub use links::FoundLink;
pub use page::{Page, Route, Timings};
pub use person::{Application, Organization, User};
pub use records::{Breadcrumb, BreadcrumbKind, ErrorRecord, RequestRecord};

/// The version of the document that this code writes.
pub const VERSION: u32 = 1;
/// The most that a context takes as JSON, in bytes.
pub const CONTEXT_MAX: usize = 64 * 1024;

words! {
    /// Who keeps something back.
    Withholder {
        /// The customer has switched it off, or has not agreed to it.
        Customer = "customer",
        /// The site collects it from nobody.
        Site = "site",
    }
}

/// Something that was there and is not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Withheld {
    /// The group it belongs to.
    pub group: Group,
    /// How many items of it; 0 for the whole group.
    #[serde(default)]
    pub items: u32,
    /// Who keeps it back.
    pub by: Withholder,
}

part! {
    /// Everything that was collected for a ticket.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Context {
        /// [`VERSION`] of what wrote it.
        pub version: u32 = Count => "Version",
        /// When it was frozen, RFC 3339 in UTC.
        pub frozen_at: String = WORD => "Recorded",
        pub page?: Option<Page> = Page::SHAPE => "Page",
        pub user?: Option<User> = User::SHAPE => "You",
        pub application?: Option<Application> = Application::SHAPE => "Application",
        pub device?: Option<Device> = Device::SHAPE => "Browser and device",
        /// What went wrong on the page, oldest first.
        pub errors?: Vec<ErrorRecord> = List(RECORDS_MAX, &ErrorRecord::SHAPE) => "Errors",
        /// The requests that failed or were slow, oldest first.
        pub requests?: Vec<RequestRecord> = List(RECORDS_MAX, &RequestRecord::SHAPE) => "Failed and slow requests",
        /// What the customer did, oldest first.
        pub breadcrumbs?: Vec<Breadcrumb> = List(BREADCRUMBS_MAX, &Breadcrumb::SHAPE) => "Last steps",
        /// Where other tools know more about this page and customer.
        pub links?: Vec<FoundLink> = List(RECORDS_MAX, &FoundLink::SHAPE) => "Links to other tools",
        /// What the host declared with `set` and answered with `provide`.
        pub page_values?: Pairs<String> = Texts => "Custom data",
        /// The names of what the host was asked for with `provide` and did not answer in time.
        pub unanswered?: Vec<String> = List(TEXTS_MAX, &WORD) => "No response",
        /// What happened after it was frozen, where the customer wanted that to be sent too.
        pub since?: Option<Box<Context>> => "Since then",
        /// What was kept back.
        pub withheld?: Vec<Withheld> => "Withheld",
        /// What did not fit, as places in this document.
        pub cut?: Vec<String> => "Shortened",
    }
}

/// The names of the members of all parts, and what they are called in English.
#[cfg(not(target_arch = "wasm32"))]
pub fn labels() -> impl Iterator<Item = (&'static str, &'static str)> {
    let parts = [
        Context::LABELS,
        Page::LABELS,
        Route::LABELS,
        Timings::LABELS,
        User::LABELS,
        Organization::LABELS,
        Application::LABELS,
        Device::LABELS,
        ErrorRecord::LABELS,
        RequestRecord::LABELS,
        Breadcrumb::LABELS,
        FoundLink::LABELS,
    ];
    parts.into_iter().flatten().copied()
}

/// What in a context breaks its limits; empty for a good one. The gateway asks, because not every client is ours.
pub fn check(context: &Context) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if serde_json::to_string(context).map_or(usize::MAX, |json| json.len()) > CONTEXT_MAX {
        errors.push(FieldError { pointer: "/context".into(), detail: format!("is larger than {CONTEXT_MAX} bytes") });
    }
    check_records(context, "/context", &mut errors);
    if let Some(since) = &context.since {
        check_records(since, "/context/since", &mut errors);
        if since.since.is_some() {
            let detail = "is not allowed: what happened since is itself without a since".into();
            errors.push(FieldError { pointer: "/context/since/since".into(), detail });
        }
    }
    errors
}

fn check_records(context: &Context, place: &str, errors: &mut Vec<FieldError>) {
    for (name, length, max) in [
        ("/errors", context.errors.len(), RECORDS_MAX),
        ("/requests", context.requests.len(), RECORDS_MAX),
        ("/links", context.links.len(), RECORDS_MAX),
        ("/breadcrumbs", context.breadcrumbs.len(), BREADCRUMBS_MAX),
    ] {
        if length > max {
            errors.push(FieldError { pointer: [place, name].concat(), detail: format!("has more than {max} entries") });
        }
    }
}

/// Takes out the groups that the site collects from nobody, whatever the page has sent, however deep it stands.
pub fn drop_groups(context: &mut Context, groups: &[Group]) {
    for group in groups.iter().copied() {
        let mut level = Some(&mut *context);
        while let Some(context) = level {
            clear(context, group);
            level = context.since.as_deref_mut();
        }
        context.withheld.retain(|known| known.group != group);
        context.withheld.push(Withheld { group, items: 0, by: Withholder::Site });
    }
}

fn clear(context: &mut Context, group: Group) {
    match group {
        Group::Page => context.page = None,
        Group::User => context.user = None,
        Group::Application => context.application = None,
        Group::Device => context.device = None,
        Group::Errors => context.errors.clear(),
        Group::Requests => context.requests.clear(),
        Group::Breadcrumbs => context.breadcrumbs.clear(),
        Group::Links => context.links.clear(),
        Group::PageValues => {
            context.page_values.0.clear();
            context.unanswered.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_user(since: Option<Context>) -> Context {
        let user = Some(User { id: "u-7".into(), ..User::default() });
        Context { user, since: since.map(Box::new), ..Context::default() }
    }

    #[test]
    fn what_a_site_collects_from_nobody_is_dropped_however_deep_it_stands() {
        let mut context = with_user(Some(with_user(Some(with_user(Some(with_user(None)))))));
        drop_groups(&mut context, &[Group::User]);
        let json = serde_json::to_string(&context).unwrap();
        assert!(!json.contains("u-7"), "{json}");
    }

    #[test]
    fn what_happened_since_is_limited_and_has_no_since_of_its_own() {
        let error = ErrorRecord::default();
        let since = Context { errors: vec![error; RECORDS_MAX + 1], ..with_user(Some(with_user(None))) };
        let pointers: Vec<String> = check(&with_user(Some(since))).into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/context/since/errors", "/context/since/since"]);
        assert_eq!(check(&with_user(Some(with_user(None)))), []);
    }
}
