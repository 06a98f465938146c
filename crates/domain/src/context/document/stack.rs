//! Parses stacks in the formats of the engines: V8's `    at name (file:line:column)`, and `name@file:line:column` of the others.

use super::super::super::join::join_nonempty;
use super::value::Value;
use markdown::find::find;

/// The frames of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames<'a> {
    /// Frames of the page's own files, and those without a file.
    pub own: Vec<&'a str>,
    /// Frames of other origins.
    pub foreign: Vec<&'a str>,
    /// The lines before the frames: the message.
    pub head: Vec<&'a str>,
}

/// Separates the frames of the page's own files from others. Frames of Deskbell, which wraps a few functions, are left out.
pub fn frames<'a>(stack: &'a str, page_url: &str) -> Frames<'a> {
    let origin = origin_of(page_url);
    let mut frames = Frames::default();
    for line in stack.split('\n').map(str::trim_ascii_end).filter(|line| !line.is_empty()) {
        if !is_frame(line) {
            match frames.own.is_empty() && frames.foreign.is_empty() {
                true => frames.head.push(line),
                false => frames.own.push(line),
            }
        } else if find(line, "/deskbell.js:").is_some() {
        } else if find(line, "://").is_none() || !origin.is_empty() && find(line, origin).is_some() {
            frames.own.push(line);
        } else {
            frames.foreign.push(line);
        }
    }
    frames
}

/// Moves the page's own frames of an error to the front, and marks errors of extensions.
pub fn settle(error: &mut Value, page_url: &str) {
    let frames = frames(error.text_of("stack"), page_url);
    let first = frames.own.first().or(frames.foreign.first()).copied().unwrap_or_default();
    let foreign = [first, error.text_of("location")].into_iter().any(|text| find(text, "-extension://").is_some());
    let stack = join_nonempty(&[frames.head, frames.own, frames.foreign].concat(), "\n");
    error.set("extension", Value::Bool(foreign));
    error.set("stack", Value::Text(stack));
}

fn is_frame(line: &str) -> bool {
    let at_place = line.ends_with(|last: char| last.is_ascii_digit()) && (find(line, "@").is_some());
    line.trim_ascii_start().starts_with("at ") || at_place
}

/// Scheme and host of an address, with the slash after them.
fn origin_of(url: &str) -> &str {
    let host = find(url, "://").map_or(url.len(), |index| index + 3);
    let path = url.bytes().skip(host).position(|byte| byte == b'/').map_or(url.len(), |index| host + index + 1);
    url.get(..path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://app.example.com/orders/7";

    fn settled_stack(stack: &str, location: &str) -> Value {
        let mut error = Value::default();
        error.set("stack", stack.into());
        error.set("location", location.into());
        settle(&mut error, PAGE);
        error
    }

    fn marked(stack: &str, location: &str) -> bool {
        settled_stack(stack, location).get("extension") == Some(&Value::Bool(true))
    }

    #[test]
    fn frames_of_the_page_come_first_in_order() {
        let stack = "TypeError: x is undefined\n    at wrap (https://cdn.sentry.example/s.js:1:2)\n    at load \
                     (https://app.example.com/a.js:3:4)\n    at async Promise.all (index 0)\n    at \
                     https://app.example.com/b.js:5:6";
        let expected = "TypeError: x is undefined\n    at load (https://app.example.com/a.js:3:4)\n    at async \
                        Promise.all (index 0)\n    at https://app.example.com/b.js:5:6\n    at wrap \
                        (https://cdn.sentry.example/s.js:1:2)";
        assert_eq!(settled_stack(stack, "").text_of("stack"), expected);
    }

    #[test]
    fn stacks_of_firefox_and_safari_are_parsed() {
        let stack = "wrap@https://cdn.example/s.js:1:2\nload@https://app.example.com/a.js:3:4\n@https://app.example.com/b.js:5:6";
        let expected = "load@https://app.example.com/a.js:3:4\n@https://app.example.com/b.js:5:6\nwrap@https://cdn.example/s.js:1:2";
        assert_eq!(settled_stack(stack, "").text_of("stack"), expected);
    }

    #[test]
    fn own_frames_are_left_out() {
        let stack = "Error: x\n    at fetch (https://support.example/deskbell.js:1:99)\n    at go (https://app.example.com/a.js:1:1)";
        assert_eq!(settled_stack(stack, "").text_of("stack"), "Error: x\n    at go (https://app.example.com/a.js:1:1)");
    }

    #[test]
    fn errors_of_browser_extensions_are_marked() {
        assert!(marked("Error\n    at chrome-extension://abc/inject.js:1:1", ""));
        assert!(marked("", "moz-extension://abc/inject.js:1:1"));
        assert!(!marked("Error\n    at https://app.example.com/a.js:1:1", ""));
        let called_by_page =
            "Error\n    at go (https://app.example.com/a.js:1:1)\n    at chrome-extension://abc/x.js:1:1";
        assert!(!marked(called_by_page, ""));
    }

    #[test]
    fn texts_that_are_no_stack_stay_unchanged() {
        assert_eq!(settled_stack("just words\nand more", "").text_of("stack"), "just words\nand more");
        assert_eq!(settled_stack("", "").text_of("stack"), "");
    }
}
