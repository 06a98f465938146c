//! The error message in a response.

use serde_json::Value;

/// The longest quoted message, in characters.
pub(crate) const MESSAGE_MAX: usize = 200;

/// The message in a source's error: `{error: {message}}` (Strapi), `{errors: [...]}` (Discourse), `{error, description}` (Zendesk, where
/// `error` may be `{title, message}`), `{error_description}` (OAuth), `{errors: [{detail}]}` (JSON:API), or plain text.
pub fn error_message(problem: &Value, body: &[u8]) -> String {
    let pointers = [
        "/error/message",
        "/errors/0",
        "/errors/0/detail",
        "/errors/0/title",
        "/description",
        "/error_description",
        "/error/title",
        "/error",
        "/message",
    ];
    let text = pointers.iter().find_map(|pointer| problem.pointer(pointer)?.as_str().map(str::to_string));
    let text = text
        .unwrap_or_else(|| if problem.is_null() { String::from_utf8_lossy(body).into_owned() } else { String::new() });
    let line: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    line.join(" ").chars().take(MESSAGE_MAX).collect()
}
