//! The site's own links: patterns with names in braces that are replaced by values of the context.

use super::super::super::config::Link;
use super::value::Value;

/// The source of the site's own links.
pub const SITE: &str = "site";
/// The groups in which a name without a group is looked up.
const GROUPS: [&str; 3] = ["user", "application", "page_values"];

/// Fills a pattern such as `https://admin.example.com/orgs/{organization.id}`; `None` if a value is missing.
///
/// A name is a place in the context, with dots. `user`, `application` and `page_values` may be omitted. Records of other tools are named by
/// tool and label: `{sentry.trace}`.
pub fn fill(pattern: &Link, context: &Value) -> Option<Value> {
    let mut parts = pattern.url.split('{');
    let mut url = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        encode(value_of(context, name).filter(|value| !value.is_empty())?, &mut url);
        url.push_str(rest);
    }
    let mut link = Value::default();
    for (name, text) in [("source", SITE), ("label", pattern.label.as_str()), ("url", url.as_str())] {
        link.set(name, text.into());
    }
    Some(link)
}

fn value_of<'a>(context: &'a Value, name: &str) -> Option<&'a str> {
    let (head, tail) = name.split_once('.').unwrap_or((name, ""));
    let matches = |link: &&Value| link.text_of("source") == head && link.text_of("label") == tail;
    if let Some(link) = context.list("links").iter().find(matches) {
        return Some(link.text_of("text"));
    }
    let of_group = |group: &str| member(context.get(group)?, name);
    member(context, name).or_else(|| GROUPS.into_iter().find_map(of_group))
}

/// The text at a place with dots; the host's own names may contain dots.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    if let Some(Value::Text(text)) = value.get(name) {
        return Some(text);
    }
    let (head, tail) = name.split_once('.')?;
    member(value.get(head)?, tail)
}

/// Percent-encodes a value like `encodeURIComponent` (ECMA-262, section 19.2.6).
fn encode(value: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(nibble as usize).map_or('0', |digit| *digit as char));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Read;

    fn filled(url: &str) -> Option<String> {
        let context = Value::read(&serde_json::json!({
            "user": {"id": "u/1", "organization": {"id": "o 7", "name": ""}, "attributes": {"team": "blau"}},
            "page_values": {"shard": "eu-3", "a.b": "dotted"},
            "links": [{"source": "sentry", "label": "trace", "text": "abc"}],
        }));
        fill(&Link { label: "x".into(), url: url.into(), ..Link::default() }, &context)
            .map(|link| link.text_of("url").to_string())
    }

    #[test]
    fn patterns_take_encoded_values_from_the_whole_context() {
        for (pattern, url) in [
            ("https://a/orgs/{organization.id}", "https://a/orgs/o%207"),
            ("https://a/{user.id}?t={sentry.trace}#x", "https://a/u%2F1?t=abc#x"),
            ("https://a/{id}/{shard}/{attributes.team}", "https://a/u%2F1/eu-3/blau"),
            ("https://a/{page_values.shard}/{a.b}", "https://a/eu-3/dotted"),
            ("https://a/", "https://a/"),
        ] {
            assert_eq!(filled(pattern).as_deref(), Some(url));
        }
    }

    #[test]
    fn patterns_with_missing_values_create_no_link() {
        for pattern in ["https://a/{organization.name}", "https://a/{nothing}", "https://a/{", "https://a/{}"] {
            assert_eq!(filled(pattern), None, "{pattern}");
        }
    }
}
