//! The customer's device.

use maud::{Markup, html};

use super::super::{facts, notes};
use super::section::{facts as listed, row as section};
use domain::context::{Context, Group};

/// The row.
pub fn row(context: &Context) -> Markup {
    let notes = notes::notes_for(context, Group::Device);
    match &context.device {
        Some(device) => section("Device", &facts::device_line(device), &notes, listed(&facts::device(device))),
        None => section("Device", "", &notes, html! {}),
    }
}
