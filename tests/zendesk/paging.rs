//! Pages of lists, by number or by cursor.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::http::Call;

/// The sort key of a list, and the id of the row.
pub type Row = (i64, u64);

const LARGEST: usize = 100;
const DEEPEST: usize = 10_000;

/// A page of a list under this name, and the ids on it.
pub fn page(
    call: &Call,
    url: &str,
    name: &str,
    mut rows: Vec<Row>,
    descending: bool,
    show: impl Fn(u64) -> Value,
) -> Result<Value, Refusal> {
    rows.sort_unstable();
    if descending {
        rows.reverse();
    }
    match call.param("page[size]") {
        Some(size) => by_cursor(call, url, name, &rows, descending, size, show),
        None => by_number(call, url, name, &rows, show),
    }
}

/// The member and direction to sort a list by: from `sort_by` and `sort_order`, or from `sort`.
pub fn order<'a>(call: &'a Call, default: &'a str) -> (&'a str, bool) {
    if let Some(sort) = call.param("sort") {
        return match sort.strip_prefix('-') {
            Some(member) => (member, true),
            None => (sort, false),
        };
    }
    (call.param("sort_by").unwrap_or(default), call.param("sort_order") == Some("desc"))
}

fn by_number(call: &Call, url: &str, name: &str, rows: &[Row], show: impl Fn(u64) -> Value) -> Result<Value, Refusal> {
    let number = |name: &str, default: usize| call.param(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let size = number("per_page", LARGEST).clamp(1, LARGEST);
    let page = number("page", 1).max(1);
    if page.saturating_mul(size) > DEEPEST {
        return Err(Refusal::BadParameter("Only the first 100 pages of 100 can be read by number".into()));
    }
    let start = (page - 1) * size;
    let shown: Vec<Value> = rows.iter().skip(start).take(size).map(|(_, id)| show(*id)).collect();
    let address = |page: usize| address(call, url, &[("page", page.to_string())]);
    let next = (start + size < rows.len()).then(|| address(page + 1));
    let previous = (page > 1).then(|| address(page - 1));
    Ok(json!({ name: shown, "next_page": next, "previous_page": previous, "count": rows.len() }))
}

fn by_cursor(
    call: &Call,
    url: &str,
    name: &str,
    rows: &[Row],
    descending: bool,
    size: &str,
    show: impl Fn(u64) -> Value,
) -> Result<Value, Refusal> {
    let size: usize = size
        .parse()
        .ok()
        .filter(|size| (1..=LARGEST).contains(size))
        .ok_or_else(|| Refusal::BadParameter("page[size] has to be between 1 and 100".into()))?;
    let start = match call.param("page[after]") {
        None => 0,
        Some(cursor) => {
            let last = read_cursor(cursor).ok_or_else(|| Refusal::BadParameter("page[after] is no cursor".into()))?;
            rows.partition_point(|row| if descending { *row >= last } else { *row <= last })
        }
    };
    let shown = &rows[start..(start + size).min(rows.len())];
    let has_more = start + size < rows.len();
    let after = shown.last().map(|row| cursor(*row));
    let before = shown.first().map(|row| cursor(*row));
    let next = after.clone().filter(|_| has_more).map(|after| address(call, url, &[("page[after]", after)]));
    let list: Vec<Value> = shown.iter().map(|(_, id)| show(*id)).collect();
    Ok(json!({
        name: list,
        "meta": { "has_more": has_more, "after_cursor": after, "before_cursor": before },
        "links": { "prev": null, "next": next },
    }))
}

fn cursor((key, id): Row) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{key}:{id}"))
}

fn read_cursor(text: &str) -> Option<Row> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (key, id) = text.split_once(':')?;
    Some((key.parse().ok()?, id.parse().ok()?))
}

fn address(call: &Call, url: &str, changed: &[(&str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &call.query {
        if !changed.iter().any(|(other, _)| other == name) {
            query.append_pair(name, value);
        }
    }
    query.extend_pairs(changed);
    format!("{url}{}.json?{}", call.path, query.finish())
}
