//! What is sent, in a line above Send.

use super::{Panel, choices};
use crate::browser::context as moment;
use domain::context::Group;
use domain::join::join_nonempty;
use domain::texts::Text;

/// What is sent, in words, for the line above Send.
pub fn text(panel: Panel) -> String {
    let now = panel.moment();
    let parts = panel.read(|model| {
        let mut parts = Vec::new();
        for group in Group::ALL.iter().filter(|group| !model.config.context.off.contains(group)) {
            if !choices::goes(model, &["/", group.word()].concat()) {
                continue;
            }
            let counted = |text| match moment::count(&now, group.word()) {
                0 => String::new(),
                n => panel.count(text, n),
            };
            parts.push(match group {
                Group::Page => panel.t(Text::SendsPage),
                Group::User if model.user.is_some() => panel.t(Text::SendsUser),
                Group::Errors => counted(Text::SendsErrors),
                Group::Requests => counted(Text::SendsRequests),
                Group::Breadcrumbs => counted(Text::SendsSteps),
                Group::Device => panel.t(Text::SendsBrowser),
                _ => String::new(),
            });
        }
        parts.retain(|text| !text.is_empty());
        parts
    });
    match parts.is_empty() {
        true => panel.t(Text::SendsNothing),
        false => panel.fill(Text::SendsAlong, "{list}", &join_nonempty(&parts, &panel.t(Text::ListComma))),
    }
}
