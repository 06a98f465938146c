//! Explains why a group of the context is missing or incomplete.

use domain::context::{Context, Group, Withheld, Withholder};

/// The explanations for a group, one sentence each; empty for a complete group.
pub fn notes_for(context: &Context, group: Group) -> Vec<String> {
    let kept_back = context.withheld.iter().filter(|withheld| withheld.group == group).map(withheld);
    kept_back.chain(note_for_cut(context, &["/", group.word()].concat()).map(str::to_string)).collect()
}

/// The explanation for a part of the document that was cut.
pub fn note_for_cut(context: &Context, path: &str) -> Option<&'static str> {
    let rest = |cut: &String| cut.strip_prefix(path).map(str::to_string);
    let rests: Vec<String> = context.cut.iter().filter_map(rest).collect();
    if rests.iter().any(String::is_empty) {
        return Some("The data exceeded the size limit of a ticket.");
    }
    rests
        .iter()
        .any(|rest| rest.starts_with('/'))
        .then_some("Some of it was left out to fit the size limit of a ticket.")
}

/// The values that the host did not provide in time.
pub fn unanswered(context: &Context) -> Option<String> {
    let names = context.unanswered.join(", ");
    (!names.is_empty()).then(|| format!("No response in time: {names}."))
}

fn withheld(withheld: &Withheld) -> String {
    match (withheld.items, withheld.by) {
        (0, Withholder::Customer) => "Withheld by the customer.".into(),
        (items, Withholder::Customer) => format!("{items} withheld by the customer."),
        (0, Withholder::Site) => "Not collected by the site.".into(),
        (items, Withholder::Site) => format!("{items} not collected by the site."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_groups_and_single_items_have_different_notes() {
        let withheld = |group, items, by| Withheld { group, items, by };
        let context = Context {
            withheld: vec![
                withheld(Group::Page, 0, Withholder::Customer),
                withheld(Group::User, 0, Withholder::Site),
                withheld(Group::Errors, 2, Withholder::Customer),
            ],
            cut: vec!["/errors/3/stack".into(), "/requests".into(), "/page_values/x".into()],
            ..Context::default()
        };
        assert_eq!(notes_for(&context, Group::Page), ["Withheld by the customer."]);
        assert_eq!(notes_for(&context, Group::User), ["Not collected by the site."]);
        assert_eq!(
            notes_for(&context, Group::Errors),
            ["2 withheld by the customer.", "Some of it was left out to fit the size limit of a ticket."]
        );
        assert_eq!(notes_for(&context, Group::Requests), ["The data exceeded the size limit of a ticket."]);
        assert!(notes_for(&context, Group::Device).is_empty());
    }
}
