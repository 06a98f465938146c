//! The build of the product.

use maud::{Markup, html};

use super::super::{facts, labels, notes};
use super::section::{card as section, facts as listed, fold};
use super::values::pairs;
use domain::context::{Context, Group};

/// The card.
pub fn card(context: &Context) -> Markup {
    let notes = notes::notes_for(context, Group::Application);
    let Some(application) = &context.application else { return section("application", "Release", &notes, html! {}) };
    let flags = &application.flags;
    let content = html! {
        (listed(&facts::application(application)))
        @if !flags.is_empty() { (fold(&labels::count(flags.0.len(), "feature flag"), pairs(flags))) }
    };
    section("application", "Release", &notes, content)
}
