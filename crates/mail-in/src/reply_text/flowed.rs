//! Text whose paragraphs were broken into lines: `format=flowed` (RFC 3676), and lines that a program broke without marking that. Paragraphs
//! are joined; lists, code, signatures and short lines stay as they are.

/// Joins the soft breaks of a flowed text (RFC 3676, 4). `delete_space` is `delsp=yes`.
pub fn unflow(text: &str, delete_space: bool) -> String {
    let mut out: Vec<String> = Vec::new();
    // The quote depth of the paragraph that continues, if one does.
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        // Space-stuffing (4.4).
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_mark = content == "-- ";
        let is_soft = content.ends_with(' ') && !is_mark;
        let part = if is_soft && delete_space { content.strip_suffix(' ').unwrap_or(content) } else { content };
        match (open, out.last_mut()) {
            (Some(open), Some(last)) if open == depth && !is_mark => last.push_str(part),
            _ => {
                let space = if depth > 0 && !part.is_empty() { " " } else { "" };
                out.push([">".repeat(depth).as_str(), space, part].concat());
            }
        }
        open = is_soft.then_some(depth);
    }
    out.join("\n")
}

/// Whether an unmarked text is flowed: several lines of full length end with one space.
pub fn is_flowed(text: &str) -> bool {
    let lines = || text.lines().map(|line| line.trim_end_matches('\r'));
    let soft = lines().filter(|line| {
        line.ends_with(' ') && !line.ends_with("  ") && line.trim_end() != "--" && line.chars().count() >= 50
    });
    let hard = lines().filter(|line| !line.ends_with(' ') && line.chars().count() > 80);
    soft.count() >= 1 && hard.count() == 0
}

/// The narrowest and the widest column at which programs break lines.
const NARROWEST: usize = 60;
const WIDEST: usize = 90;

/// Joins lines that a program broke: each but the last is as full as the next word allows.
pub fn join_broken(lines: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for paragraph in lines.chunk_by(|_, next| !next.trim().is_empty() && !is_apart(next)) {
        let widest = paragraph.iter().map(|line| width(line)).max().unwrap_or(0);
        let is_text = (NARROWEST..=WIDEST).contains(&widest) && paragraph.first().is_some_and(|line| !is_code(line));
        // A line is full if the next word would not have fitted.
        let is_full = |index: usize| {
            let (Some(line), Some(next)) =
                (paragraph.get(index), paragraph.get(index + 1).map(|next| next.trim_start()))
            else {
                return false;
            };
            let word = next.split(' ').next().unwrap_or_default();
            is_prose(line)
                && is_prose_start(next)
                && width(line) + 1 + width(word) > widest
                && width(line) * 3 >= widest * 2
        };
        let is_uniform = (0..paragraph.len().saturating_sub(1)).all(is_full);
        let mut joins = false;
        for (index, line) in paragraph.iter().enumerate() {
            match out.last_mut() {
                Some(last) if joins => {
                    last.push(' ');
                    last.push_str(line.trim_start());
                }
                _ => out.push(line.to_string()),
            }
            // Among lines that were broken on purpose, one that ends a sentence was, too.
            let ends_sentence = line.trim_end().ends_with(['.', '!', '?', ':', ';']);
            joins = is_text && is_full(index) && (is_uniform || !ends_sentence);
        }
    }
    out
}

/// Whether a line begins a block of its own: an item, code, a quotation.
fn is_apart(line: &str) -> bool {
    is_code(line) || is_item(line.trim_start()) || line.starts_with(['>', '|'])
}

/// `- one`, `* two`, `3. three`, `4) four`.
pub fn is_item(line: &str) -> bool {
    let bullet = ["- ", "* ", "+ ", "• ", "· ", "– ", "— ", "o "].iter().any(|mark| line.starts_with(mark));
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = (1..=3).contains(&digits)
        && line.get(digits..).is_some_and(|rest| [". ", ") ", ".\t"].iter().any(|mark| rest.starts_with(mark)));
    let lettered = line.len() > 3
        && line.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && line.get(1..3) == Some(") ");
    bullet || numbered || lettered
}

/// Indented by four spaces or a tab.
pub fn is_code(line: &str) -> bool {
    line.starts_with("    ") || line.starts_with('\t')
}

/// Words with spaces between them; a line without spaces is a key, an address or in a script without spaces.
fn is_prose(line: &str) -> bool {
    let words = line.split(' ').filter(|word| !word.is_empty());
    words.count() >= 4 && !line.contains('\t') && !line.contains(" | ") && !line.trim().contains("   ")
}

fn is_prose_start(line: &str) -> bool {
    line.chars().next().is_some_and(|c| {
        c.is_alphanumeric()
            || matches!(c, '(' | '"' | '\'' | '“' | '„' | '«' | '‘' | '[' | '<' | '/' | '$' | '€' | '¿' | '¡' | '&')
    })
}

/// The width of a text in columns.
fn width(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}') { 2 } else { 1 }).sum()
}
