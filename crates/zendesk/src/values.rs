//! The values of a ticket that a configuration can name: `{severity}` in a tag, `{organization.id}` in a field.
//!
//! Unsigned claims of a page about the customer must not look like signed ones: such values begin with [`UNVERIFIED`], and an address is not
//! available at all.

use deskbell_core::ports::StoredTicket;
use deskbell_core::rules::address::is_verified;
use domain::fields::FieldAnswer;
use domain::targets::Owner;

/// The prefix of plan, organization and names of an unverified customer.
const UNVERIFIED: &str = "unverified_";

/// The names; those that end in a dot are prefixes for values of the host or the site.
pub const NAMES: &[&str] = &[
    "reference",
    "kind",
    "topic",
    "team",
    "severity",
    "priority",
    "owner",
    "assignee",
    "plan",
    "verified",
    "via",
    "locale",
    "consent",
    "test",
    "url",
    "user.id",
    "user.name",
    "user.email",
    "user.role",
    "organization.id",
    "organization.name",
    "release",
    "environment",
    "build",
    "tenant",
    "region",
    "fields.",
    "page_values.",
];

/// Whether a name can be that of a value.
pub fn is_name(name: &str) -> bool {
    NAMES.iter().any(|allowed| match allowed.strip_suffix('.') {
        Some(_) => name.strip_prefix(allowed).is_some_and(|rest| !rest.is_empty()),
        None => *allowed == name,
    })
}

/// A value of a ticket; `None` if it is unknown.
pub fn value(ticket: &StoredTicket, name: &str) -> Option<String> {
    let (submitted, handling) = (&ticket.ticket, &ticket.handling);
    let (user, application) = (submitted.context.user.as_ref(), submitted.context.application.as_ref());
    if let Some(id) = name.strip_prefix("fields.") {
        return submitted.fields.as_ref()?.get(id).map(|answer| match answer {
            FieldAnswer::Yes(is_yes) => is_yes.to_string(),
            FieldAnswer::Text(text) => text.clone(),
        });
    }
    if let Some(name) = name.strip_prefix("page_values.") {
        return submitted.context.page_values.get(name).cloned();
    }
    let text = match name {
        "reference" => ticket.reference.as_str(),
        "kind" => submitted.kind.word(),
        "topic" => &handling.topic,
        "team" => &handling.team,
        "severity" => handling.severity.word(),
        "priority" => ticket.priority?.word(),
        "owner" => handling.owner.map(Owner::word)?,
        "assignee" => &handling.assignee,
        "plan" => &user?.plan,
        "verified" => match is_verified(ticket) {
            true => "true",
            false => "false",
        },
        "via" => &submitted.via,
        "locale" => &submitted.locale,
        "consent" => match submitted.consent? {
            true => "true",
            false => "false",
        },
        "test" => match submitted.test {
            true => "true",
            false => "false",
        },
        "url" => &submitted.context.page.as_ref()?.url,
        "user.id" => &user?.id,
        "user.name" => &user?.name,
        "user.email" => &user.filter(|user| user.verified)?.email,
        "user.role" => &user?.role,
        "organization.id" => &user?.organization.id,
        "organization.name" => &user?.organization.name,
        "release" => &application?.release,
        "environment" => &application?.environment,
        "build" => &application?.build,
        "tenant" => &application?.tenant,
        "region" => &application?.region,
        _ => return None,
    };
    let is_claim = name == "plan" || name.starts_with("user.") || name.starts_with("organization.");
    let claimed = is_claim && !is_verified(ticket);
    (!text.is_empty()).then(|| if claimed { [UNVERIFIED, text].concat() } else { text.to_string() })
}

/// A text with names replaced by the ticket's values; `None` if one is unknown.
pub fn fill(ticket: &StoredTicket, text: &str) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, rest_of_text) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(&value(ticket, name)?);
        rest = rest_of_text;
    }
    filled.push_str(rest);
    Some(filled)
}

/// The list of names, for error messages.
pub fn known_names() -> String {
    let names = NAMES.iter().map(|name| match *name {
        "fields." => "fields.ID",
        "page_values." => "page_values.NAME",
        name => name,
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The names in a text.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0))
}

/// The unknown names in a text; an unclosed brace counts as one.
pub fn unknown_names(text: &str) -> Vec<String> {
    let parts =
        text.split('{').skip(1).map(|part| part.split_once('}').map_or((part, false), |(name, _)| (name, true)));
    let unknown = parts.filter(|(name, closed)| !closed || !is_name(name));
    unknown.map(|(name, closed)| if closed { name.to_string() } else { ["{", name].concat() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::fixtures::stored;

    #[test]
    fn names_are_replaced_by_values_and_unknown_ones_removed() {
        let mut ticket = stored();
        for (text, filled) in [
            ("plan_{plan}", Some("plan_unverified_scale")),
            ("{organization.name}", Some("unverified_Acme")),
            ("{user.id}", Some("unverified_u-7")),
            ("{user.email}", None),
            ("{verified}", Some("false")),
            ("{test}", Some("false")),
        ] {
            assert_eq!(fill(&ticket, text).as_deref(), filled, "{text}");
        }
        if let Some(user) = &mut ticket.ticket.context.user {
            (user.verified, user.email) = (true, "ada@example.com".into());
        }
        for (text, filled) in [
            ("plan_{plan}", Some("plan_scale")),
            ("{severity}-{kind}", Some("high-bug")),
            ("{organization.name}", Some("Acme")),
            ("{user.email}", Some("ada@example.com")),
            ("{verified}", Some("true")),
            ("{fields.region}", Some("EU")),
            ("{fields.other}", None),
            ("{page_values.tenant}", Some("t-1")),
            ("{release}", None),
            ("as it is", Some("as it is")),
            ("{open", None),
        ] {
            assert_eq!(fill(&ticket, text).as_deref(), filled, "{text}");
        }
    }

    #[test]
    fn unknown_names_are_reported() {
        assert_eq!(unknown_names("{plan} {paln} {fields.} {user.id"), ["paln", "fields.", "{user.id"]);
        assert!(unknown_names("{plan} {fields.a} x").is_empty());
    }
}
