//! Whether the content of an element is visible, by the ways in which mail senders hide text: the `hidden` attribute and the styles of
//! preheaders.
//!
//! Style sheets are parsed as far as mail uses them: selectors of one element, its classes and its id, for every medium.

use std::collections::{BTreeMap, HashMap};

/// The most selectors of style sheets that are read.
const RULES_MAX: usize = 1_000;
/// The most of them that are applied to one element.
const APPLIED_MAX: usize = 50;
/// How far outside of a page text is certainly invisible, in pixels.
const FAR_OUTSIDE: f64 = 900.0;

/// The visibility of an element, from its ancestors and itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visibility {
    /// Takes no space; descendants cannot change that.
    pub is_gone: bool,
    /// `visibility: hidden`, which descendants can change.
    is_invisible: bool,
    /// A font size of nothing, which descendants can change.
    is_tiny: bool,
}

impl Visibility {
    /// Whether text in it is invisible.
    pub fn hides_text(self) -> bool {
        self.hides_pictures() || self.is_tiny
    }

    /// Whether a picture in it is invisible.
    pub fn hides_pictures(self) -> bool {
        self.is_gone || self.is_invisible
    }

    /// The visibility of a child element.
    pub fn inside(self, element: &Attributes<'_>, sheet: &StyleSheet) -> Visibility {
        let mut style = Style::default();
        if element.is_hidden || element.name == "dialog" && !element.is_open {
            style.set("display", "none", false);
        }
        sheet.apply(element, &mut style);
        style.read(element.style);
        Visibility {
            is_gone: self.is_gone || style.takes_no_place(),
            is_invisible: match style.value("visibility") {
                "hidden" | "collapse" => true,
                "visible" | "initial" => false,
                _ => self.is_invisible,
            },
            is_tiny: match style.value("font-size") {
                "" | "inherit" | "unset" | "smaller" | "larger" => self.is_tiny,
                size => match number(size) {
                    Some((0.0, _)) => true,
                    Some((size, "px" | "pt")) => size <= 1.0,
                    Some((_, "em" | "%" | "ex" | "ch")) => self.is_tiny,
                    _ => false,
                },
            },
        }
    }
}

/// The attributes of an element that affect visibility.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    /// Its name in lower case.
    pub name: &'a str,
    /// Its `class`.
    pub class: &'a str,
    /// Its `id`.
    pub id: &'a str,
    /// Its `style`.
    pub style: &'a str,
    /// Whether it has the attribute `hidden`.
    pub is_hidden: bool,
    /// Whether it has the attribute `open`.
    pub is_open: bool,
}

/// The rules of a document that can hide something.
#[derive(Debug, Default)]
pub struct StyleSheet {
    rules: Vec<(Selector, Style)>,
    /// The rules by a required class, id or name: `.class`, `#id` or a name.
    by_key: HashMap<String, Vec<usize>>,
    /// The same by their whole selectors.
    by_selector: HashMap<String, usize>,
}

#[derive(Debug, PartialEq, Eq)]
struct Selector {
    name: String,
    id: String,
    classes: Vec<String>,
}

impl StyleSheet {
    /// Reads the `<style>` elements of a document.
    pub fn read(html: &str) -> StyleSheet {
        let mut sheet = StyleSheet::default();
        let lower = html.to_ascii_lowercase();
        let mut rest = lower.as_str();
        while let Some((_, style_start)) = rest.split_once("<style") {
            let Some((_, content)) = style_start.split_once('>') else { break };
            let (content, tail) = content.split_once("</style").unwrap_or((content, ""));
            sheet.add(&without_comments(content));
            rest = tail;
        }
        sheet
    }

    fn add(&mut self, css: &str) {
        let mut rest = css;
        while let Some((prelude, block)) = rest.split_once('{') {
            let prelude = prelude.rsplit(['}', ';']).next().unwrap_or_default();
            let prelude = prelude.replace("<!--", "").replace("-->", "");
            let prelude = prelude.trim();
            if matches!(prelude, "@media all" | "@media screen" | "@media only screen") {
                rest = block;
                continue;
            }
            if prelude.starts_with('@') {
                rest = behind_block(block);
                continue;
            }
            let (style, tail) = block.split_once('}').unwrap_or((block, ""));
            rest = tail;
            let style = Style::parse(style);
            if !style.0.is_empty() {
                prelude.split(',').for_each(|selector| self.add_rule(selector.trim(), &style));
            }
        }
    }

    fn add_rule(&mut self, selector: &str, style: &Style) {
        if let Some((_, existing)) = self.by_selector.get(selector).and_then(|index| self.rules.get_mut(*index)) {
            return existing.add(style);
        }
        let is_simple = !selector.is_empty()
            && selector.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '#' | '-' | '_') || !c.is_ascii());
        if !is_simple || self.rules.len() >= RULES_MAX {
            return;
        }
        let parsed = Selector::read(selector);
        let key = match parsed.classes.first() {
            Some(class) => format!(".{class}"),
            None if !parsed.id.is_empty() => format!("#{}", parsed.id),
            None => parsed.name.clone(),
        };
        self.by_selector.insert(selector.into(), self.rules.len());
        self.by_key.entry(key).or_default().push(self.rules.len());
        self.rules.push((parsed, style.clone()));
    }

    fn apply(&self, element: &Attributes<'_>, style: &mut Style) {
        if self.rules.is_empty() {
            return;
        }
        let (class, id) = (element.class.to_ascii_lowercase(), element.id.to_ascii_lowercase());
        let classes: Vec<&str> = class.split_ascii_whitespace().take(50).collect();
        let keys = classes.iter().map(|class| format!(".{class}")).chain([format!("#{id}"), element.name.to_string()]);
        let mut matching: Vec<usize> = keys.filter_map(|key| self.by_key.get(&key)).flatten().copied().collect();
        matching.sort_unstable();
        for (selector, rule) in matching.into_iter().take(APPLIED_MAX).filter_map(|index| self.rules.get(index)) {
            let fits = (selector.name.is_empty() || selector.name == element.name)
                && (selector.id.is_empty() || selector.id == id)
                && selector.classes.iter().all(|class| classes.contains(&class.as_str()));
            if fits {
                style.add(rule);
            }
        }
    }
}

impl Selector {
    /// Parses `name.class#id`.
    fn read(text: &str) -> Selector {
        let start = text.find(['.', '#']).unwrap_or(text.len());
        let (name, mut rest) = text.split_at_checked(start).unwrap_or((text, ""));
        let mut selector = Selector { name: name.into(), id: String::new(), classes: Vec::new() };
        while let Some(mark) = rest.chars().next() {
            let part = rest.get(1..).unwrap_or_default();
            let end = part.find(['.', '#']).unwrap_or(part.len());
            let (part, tail) = part.split_at_checked(end).unwrap_or((part, ""));
            match mark {
                '.' => selector.classes.push(part.into()),
                _ => selector.id = part.into(),
            }
            rest = tail;
        }
        selector
    }
}

/// The values of properties that can hide something, and whether each is important.
#[derive(Clone, Debug, Default)]
struct Style(BTreeMap<&'static str, (String, bool)>);

/// The properties that are read.
const PROPERTIES: &[&str] = &[
    "clip",
    "clip-path",
    "display",
    "font-size",
    "height",
    "left",
    "max-height",
    "max-width",
    "mso-hide",
    "opacity",
    "overflow",
    "overflow-x",
    "overflow-y",
    "position",
    "right",
    "text-indent",
    "top",
    "visibility",
    "width",
];

impl Style {
    fn parse(text: &str) -> Style {
        let mut style = Style::default();
        style.read(text);
        style
    }

    /// Reads declarations. The last one of a property wins, unless an earlier one is important.
    fn read(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = without_comments(&text.to_ascii_lowercase());
        for declaration in text.split(';') {
            let Some((name, value)) = declaration.split_once(':') else { continue };
            let (value, important) = match value.split_once('!') {
                Some((value, mark)) => (value, mark.trim() == "important"),
                None => (value, false),
            };
            match name.trim() {
                "font" => self.set("font-size", size_of_font(value), important),
                name => {
                    if let Some(name) = PROPERTIES.iter().find(|candidate| **candidate == name) {
                        self.set(name, value.trim(), important);
                    }
                }
            }
        }
    }

    /// Adds declarations that come later.
    fn add(&mut self, tail: &Style) {
        tail.0.iter().for_each(|(name, (value, important))| self.set(name, value, *important));
    }

    fn set(&mut self, name: &'static str, value: &str, important: bool) {
        let is_held = self.0.get(name).is_some_and(|(_, held)| *held && !important);
        if !is_held && !value.is_empty() {
            self.0.insert(name, (value.into(), important));
        }
    }

    fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |(value, _)| value)
    }

    fn is_zero(&self, name: &str) -> bool {
        number(self.value(name)).is_some_and(|(number, _)| number == 0.0)
    }

    /// Whether a length is zero or a pixel, too small to read.
    fn is_nothing(&self, name: &str) -> bool {
        let length = number(self.value(name));
        length.is_some_and(|(length, unit)| length == 0.0 || length <= 1.0 && matches!(unit, "px" | "pt"))
    }

    fn takes_no_place(&self) -> bool {
        let cuts = |axis: &str| {
            [self.value("overflow"), self.value(axis)]
                .iter()
                .any(|value| value.split_whitespace().any(|word| matches!(word, "hidden" | "clip")))
        };
        let is_low = self.is_nothing("max-height") || self.is_nothing("height");
        let is_narrow = self.is_nothing("max-width") || self.is_nothing("width");
        let is_far = |name: &str| {
            number(self.value(name)).is_some_and(|(distance, unit)| distance <= -FAR_OUTSIDE && unit != "%")
        };
        let is_apart = matches!(self.value("position"), "absolute" | "fixed");
        let is_clipped = self.value("clip").strip_prefix("rect(").is_some_and(|sides| {
            sides.trim_end_matches(')').split([',', ' ']).filter(|side| !side.is_empty()).all(is_about_zero)
        });
        self.value("display") == "none"
            || self.value("mso-hide") == "all"
            || self.is_zero("opacity")
            || is_low && cuts("overflow-y")
            || is_narrow && cuts("overflow-x")
            || is_far("text-indent")
            || is_apart && (is_far("left") || is_far("top") || is_far("right") || is_clipped)
            || is_apart && matches!(self.value("clip-path"), "inset(50%)" | "inset(100%)")
    }
}

fn is_about_zero(side: &str) -> bool {
    number(side).is_some_and(|(side, _)| side.abs() <= 1.0)
}

/// A number and its unit: `0`, `.5em`, `-9999px`.
fn number(value: &str) -> Option<(f64, &str)> {
    let end = value.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+')).unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(end)?;
    let unit = unit.trim();
    let is_unit = unit == "%" || unit.chars().all(|c| c.is_ascii_alphabetic());
    number.parse().ok().filter(|_| is_unit).map(|number| (number, unit))
}

/// The size in `700 16px/1.5 Arial`, or in `0/0 a`: the first number with a unit, or zero.
fn size_of_font(value: &str) -> &str {
    let words = value.split_whitespace().map(|word| word.split('/').next().unwrap_or_default());
    let is_size = |word: &&str| number(word).is_some_and(|(size, unit)| !unit.is_empty() || size == 0.0);
    words.into_iter().find(is_size).unwrap_or_default()
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

/// The text after a block whose `{` was read.
fn behind_block(css: &str) -> &str {
    let mut depth = 1_usize;
    for (start, c) in css.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return css.get(start + 1..).unwrap_or_default();
        }
    }
    ""
}
