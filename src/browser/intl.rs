//! Numbers, counts and dates in the panel's language, by the browser's `Intl`.

use wasm_bindgen::{JsCast, JsValue};

/// Formats a number.
pub fn number(n: u32, lang: &str) -> String {
    js_sys::Number::from(n).to_locale_string(lang).into()
}

/// The plural category of a count: `one`, `few`, …, `other`.
pub fn plural_category(n: u32, lang: &str) -> String {
    let rules = js_sys::Intl::PluralRules::new(&locales(lang), &js_sys::Object::new());
    rules.select(n.into()).into()
}

/// Formats a day, such as `3 Nov 2026`; empty if the text is no date.
pub fn day(rfc3339: &str, lang: &str) -> String {
    let date = js_sys::Date::new(&JsValue::from_str(rfc3339));
    if date.get_time().is_nan() {
        return String::new();
    }
    let options = js_sys::Object::new();
    // Fails only on frozen objects, and this one is ours.
    let _ = js_sys::Reflect::set(&options, &"dateStyle".into(), &"medium".into());
    date.to_locale_date_string(lang, &options).into()
}

/// Formats a time in the customer's time zone, such as `Tue, 3 Nov, 14:05`; empty if the text is no time.
pub fn moment(rfc3339: &str, lang: &str) -> String {
    let date = js_sys::Date::new(&JsValue::from_str(rfc3339));
    if date.get_time().is_nan() {
        return String::new();
    }
    let options = js_sys::Object::new();
    for (part, form) in
        [("weekday", "short"), ("day", "numeric"), ("month", "short"), ("hour", "numeric"), ("minute", "2-digit")]
    {
        // Fails only on frozen objects, and this one is ours.
        let _ = js_sys::Reflect::set(&options, &part.into(), &form.into());
    }
    date.to_locale_string(lang, &options).into()
}

/// Formats the time of day, such as `14:05:09`; empty if the text is no time.
pub fn time(rfc3339: &str, lang: &str) -> String {
    let date = js_sys::Date::new(&JsValue::from_str(rfc3339));
    if date.get_time().is_nan() { String::new() } else { date.to_locale_time_string(lang).into() }
}

/// Formats a time in the customer's time zone, in milliseconds since 1970: the time of day, after the day if that is not today.
pub fn clock(ms: f64, lang: &str) -> String {
    let (date, today) = (js_sys::Date::new(&ms.into()), js_sys::Date::new_0());
    let options = js_sys::Object::new();
    // Fails only on frozen objects, and this one is ours.
    let _ = js_sys::Reflect::set(&options, &"timeStyle".into(), &"short".into());
    if date.to_date_string() != today.to_date_string() {
        let _ = js_sys::Reflect::set(&options, &"dateStyle".into(), &"medium".into());
    }
    date.to_locale_string(lang, &options).into()
}

/// The current time in milliseconds since 1970.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// The current time, RFC 3339 in UTC.
pub fn now() -> String {
    js_sys::Date::new_0().to_iso_string().into()
}

/// Formats a number of bytes for people.
pub fn bytes(bytes: u32, lang: &str) -> String {
    // A file that is not empty is never shown with size zero.
    let (unit, amount) = match bytes {
        0..1_000_000 => ("kilobyte", f64::from(bytes.max(100)) / 1e3),
        _ => ("megabyte", f64::from(bytes) / 1e6),
    };
    let digits = if amount < 10.0 { "1" } else { "0" };
    let options = ["{\"style\":\"unit\",\"unit\":\"", unit, "\",\"maximumFractionDigits\":", digits, "}"].concat();
    let options = super::read::parse(&options).unwrap_or(JsValue::UNDEFINED);
    let format = js_sys::Intl::NumberFormat::new(&locales(lang), options.unchecked_ref()).format();
    format.call1(&JsValue::UNDEFINED, &amount.into()).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn locales(lang: &str) -> js_sys::Array {
    js_sys::Array::of1(&JsValue::from_str(lang))
}

/// A wire time in milliseconds since 1970; NaN if it is invalid.
pub fn milliseconds(time: &str) -> f64 {
    js_sys::Date::parse(time)
}
