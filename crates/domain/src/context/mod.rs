//! The context: what is collected automatically, so that support need not ask for it.
//!
//! It is a versioned document of named groups ([`Group`]). Before it leaves the page it is redacted and cut to its limits, and what the
//! customer or the site withholds is removed ([`document`]). The document lists what was cut and withheld, so that support knows that there was
//! more.

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
/// The largest context, in bytes of JSON.
pub const CONTEXT_MAX: usize = 64 * 1024;

words! {
    /// Who withholds something.
    Withholder {
        /// The customer switched it off, or did not switch it on.
        Customer = "customer",
        /// The site never collects it.
        Site = "site",
    }
}

/// Something that was collected and not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Withheld {
    /// Its group.
    pub group: Group,
    /// How many items of the group; 0 for the whole group.
    #[serde(default)]
    pub items: u32,
    /// Who withholds it.
    pub by: Withholder,
}

part! {
    /// The context of a ticket.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Context {
        /// The version of the document.
        pub version: u32 = Count => "Version",
        /// When the snapshot was taken, RFC 3339 in UTC.
        pub frozen_at: String = WORD => "Recorded",
        pub page?: Option<Page> = Page::SHAPE => "Page",
        pub user?: Option<User> = User::SHAPE => "You",
        pub application?: Option<Application> = Application::SHAPE => "Application",
        pub device?: Option<Device> = Device::SHAPE => "Browser and device",
        /// Errors on the page, oldest first.
        pub errors?: Vec<ErrorRecord> = List(RECORDS_MAX, &ErrorRecord::SHAPE) => "Errors",
        /// Requests that failed or were slow, oldest first.
        pub requests?: Vec<RequestRecord> = List(RECORDS_MAX, &RequestRecord::SHAPE) => "Failed and slow requests",
        /// What the customer did, oldest first.
        pub breadcrumbs?: Vec<Breadcrumb> = List(BREADCRUMBS_MAX, &Breadcrumb::SHAPE) => "Last steps",
        /// Records about this page and customer in other tools.
        pub links?: Vec<FoundLink> = List(RECORDS_MAX, &FoundLink::SHAPE) => "Links to other tools",
        /// Values that the host declared with `set` or returned from `provide`.
        pub page_values?: Pairs<String> = Texts => "Custom data",
        /// The names of `provide` functions that did not return in time.
        pub unanswered?: Vec<String> = List(TEXTS_MAX, &WORD) => "No response",
        /// What happened after the snapshot, if the customer wanted to send that too.
        pub since?: Option<Box<Context>> => "Since then",
        /// What was withheld.
        pub withheld?: Vec<Withheld> => "Withheld",
        /// What was cut, as places in this document.
        pub cut?: Vec<String> => "Shortened",
    }
}

/// The names of the members of all parts, with their labels in English.
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

/// Which parts of a context exceed its limits; empty for a valid one. The gateway checks this because clients other than the widget may send
/// one.
pub fn check(context: &Context) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if serde_json::to_string(context).map_or(usize::MAX, |json| json.len()) > CONTEXT_MAX {
        errors.push(FieldError { pointer: "/context".into(), detail: format!("is larger than {CONTEXT_MAX} bytes") });
    }
    check_records(context, "/context", &mut errors);
    if let Some(snapshot) = &context.since {
        check_records(snapshot, "/context/since", &mut errors);
        if snapshot.since.is_some() {
            let detail = "must not contain another since".into();
            errors.push(FieldError { pointer: "/context/since/since".into(), detail });
        }
    }
    errors
}

fn check_records(context: &Context, pointer: &str, errors: &mut Vec<FieldError>) {
    for (name, length, max) in [
        ("/errors", context.errors.len(), RECORDS_MAX),
        ("/requests", context.requests.len(), RECORDS_MAX),
        ("/links", context.links.len(), RECORDS_MAX),
        ("/breadcrumbs", context.breadcrumbs.len(), BREADCRUMBS_MAX),
    ] {
        if length > max {
            errors
                .push(FieldError { pointer: [pointer, name].concat(), detail: format!("has more than {max} entries") });
        }
    }
}

/// Removes the groups that the site never collects, at any depth, whatever the page sent.
pub fn drop_groups(context: &mut Context, groups: &[Group]) {
    for group in groups.iter().copied() {
        let mut level = Some(&mut *context);
        while let Some(context) = level {
            clear(context, group);
            level = context.since.as_deref_mut();
        }
        context.withheld.retain(|candidate| candidate.group != group);
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
    fn groups_switched_off_by_the_site_are_dropped_at_every_depth() {
        let mut context = with_user(Some(with_user(Some(with_user(Some(with_user(None)))))));
        drop_groups(&mut context, &[Group::User]);
        let json = serde_json::to_string(&context).unwrap();
        assert!(!json.contains("u-7"), "{json}");
    }

    #[test]
    fn the_later_snapshot_is_limited_and_not_nested() {
        let error = ErrorRecord::default();
        let since = Context { errors: vec![error; RECORDS_MAX + 1], ..with_user(Some(with_user(None))) };
        let pointers: Vec<String> = check(&with_user(Some(since))).into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/context/since/errors", "/context/since/since"]);
        assert_eq!(check(&with_user(Some(with_user(None)))), []);
    }
}
