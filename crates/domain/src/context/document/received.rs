//! How the gateway treats a received context.

use serde_json::Value;

use super::super::Context;
use super::super::shape::Shape;
use redaction::{self, Rules};

/// Redacts values under the names that the site configures. A page that loaded before they were configured, or that does not support them, has
/// sent the values as they are. Nothing else changes.
pub fn redact_configured_names(context: &mut Context, rules: &Rules) {
    if rules.names.is_empty() {
        return;
    }
    let Ok(mut value) = serde_json::to_value(&*context) else { return };
    hide(&mut value, &Context::SHAPE, rules);
    if let Some(since) = value.get_mut("since") {
        hide(since, &Context::SHAPE, rules);
    }
    if let Ok(hidden) = serde_json::from_value(value) {
        *context = hidden;
    }
}

fn hide(value: &mut Value, shape: &Shape, rules: &Rules) {
    match (value, shape) {
        (Value::String(text), Shape::Text(_)) => *text = redaction::redact_configured_names(text, rules),
        (Value::Object(members), Shape::Texts) => {
            for (name, value) in members {
                if let Value::String(text) = value {
                    *text = redaction::hide_configured_value(name, text, rules);
                }
            }
        }
        (Value::Object(members), Shape::Members(shapes)) => {
            for (name, shape) in *shapes {
                if let Some(value) = members.get_mut(*name) {
                    hide(value, shape, rules);
                }
            }
        }
        (Value::Array(items), Shape::List(_, shape)) => items.iter_mut().for_each(|item| hide(item, shape, rules)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_of_the_sites_secret_names_are_redacted_everywhere() {
        let context_with = |secret: &str| {
            json!({
                "version": 1,
                "frozen_at": "2026-11-28T10:00:00Z",
                "page": { "url": format!("https://app.example/x?badge-no={secret}&view=1") },
                "user": { "id": "u-7", "name": "Ada", "email": "ada@example.com" },
                "page_values": { "Badge No": secret, "tenant": "acme" },
                "since": { "page": { "url": format!("https://app.example/y?badge_no={secret}") } },
            })
        };
        let stored = |value: Value| serde_json::from_value::<Context>(value).unwrap();
        let mut context = stored(context_with("B-1234"));
        redact_configured_names(&mut context, &Rules { names: vec!["badge_no".into()], ..Rules::default() });
        assert_eq!(context, stored(context_with("[hidden]")));
        let mut unchanged = stored(context_with("B-1234"));
        redact_configured_names(&mut unchanged, &Rules { names: vec!["other".into()], ..Rules::default() });
        assert_eq!(unchanged, stored(context_with("B-1234")));
    }
}
