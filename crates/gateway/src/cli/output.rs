//! What commands print: tables for people, JSON for scripts.

use std::io::{ErrorKind, Result, Write, stdout};

use deskbell_core::timestamp::Timestamp;
use domain::attachment::is_invisible;
use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The widest cell of a table, in columns of the terminal. JSON has everything.
const CELL_MAX: usize = 60;
/// The space between columns.
const GAP: &str = "  ";

/// Prints a table. Nothing of it can control the terminal.
pub fn print_table(columns: &[&str], rows: &[Vec<String>]) -> Result<()> {
    print_text(&table(columns, rows))
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    print_line(&serde_json::to_string_pretty(value)?)
}

/// Prints a line to standard output.
pub fn print_line(line: &str) -> Result<()> {
    print_text(&format!("{line}\n"))
}

/// Prints to standard output. A reader that has enough, such as `head`, is no error.
pub fn print_text(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints a note for people to standard error.
pub fn note(text: &str) {
    eprintln!("note: {text}");
}

/// A time in UTC, to the minute.
pub fn minute(time: Timestamp) -> String {
    time.to_jiff().strftime("%Y-%m-%d %H:%M").to_string()
}

/// The lines of a text of somebody else, each as [`plain`] has it.
pub fn plain_lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(plain)
}

/// A text of somebody else on one line, without characters that control a terminal or are invisible.
pub fn plain(text: &str) -> String {
    let visible = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
    let visible: String = visible.filter(|letter| !letter.is_control() && !is_invisible(*letter)).collect();
    visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |row: &Vec<String>| -> Vec<String> { row.iter().map(|cell| cut(&plain(cell))).collect() };
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let width = |index: usize, column: &str| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.width());
        cells.chain([column.width()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = columns.iter().enumerate().map(|(index, column)| width(index, column)).collect();
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| {
            let spaces = " ".repeat(width.saturating_sub(cell.width()));
            format!("{cell}{spaces}")
        });
        format!("{}\n", padded.collect::<Vec<_>>().join(GAP).trim_end())
    };
    let mut text = line(columns);
    for row in &rows {
        text += &line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

/// The beginning of a text that fits into a cell.
fn cut(text: &str) -> String {
    if text.width() <= CELL_MAX {
        return text.into();
    }
    let mut width = 0;
    let fits = |letter: &char| {
        width += letter.width().unwrap_or_default();
        width < CELL_MAX
    };
    format!("{}…", text.chars().take_while(fits).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_they_show() {
        let rows =
            [vec!["DB-1".into(), "支持".into(), "a".into()], vec!["DB-22222".into(), "ok".into(), String::new()]];
        assert_eq!(table(&["TICKET", "TITLE", "X"], &rows), "TICKET    TITLE  X\nDB-1      支持   a\nDB-22222  ok\n");
    }

    #[test]
    fn texts_of_others_cannot_control_the_terminal_or_fill_it() {
        assert_eq!(plain(" \u{1b}[31mred\u{9b}2J\nline\t\u{202e}end\u{7} "), "[31mred2J line end");
        let long = table(&["TITLE"], &[vec!["x".repeat(100)]]);
        assert_eq!(long, format!("TITLE\n{}…\n", "x".repeat(CELL_MAX - 1)));
    }
}
