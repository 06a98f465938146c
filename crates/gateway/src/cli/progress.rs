//! The progress of long commands.

use std::time::Duration;

use super::output::note;
use deskbell_core::ports::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// How often the line is drawn while nothing advances.
const TICK: Duration = Duration::from_millis(200);

/// One line on standard error, which is gone when the work ends. Without a terminal nothing is printed, or a note for each step.
pub struct TerminalProgress {
    bar: ProgressBar,
    has_notes: bool,
}

impl TerminalProgress {
    /// Nothing is shown before the first step.
    pub fn new() -> TerminalProgress {
        TerminalProgress { bar: ProgressBar::new_spinner(), has_notes: false }
    }

    /// For work of which each step may take minutes, so that a log shows that it goes on.
    pub fn with_notes() -> TerminalProgress {
        TerminalProgress { bar: ProgressBar::new_spinner(), has_notes: true }
    }
}

impl Progress for TerminalProgress {
    fn begin(&self, step: &'static str, total: Option<u64>) {
        let TerminalProgress { bar, has_notes } = self;
        if bar.is_hidden() {
            match total {
                Some(total) if *has_notes => note(&format!("{step} ({total})")),
                None if *has_notes => note(step),
                _ => {}
            }
            return;
        }
        let template = match total {
            Some(_) => "{msg} {wide_bar} {human_pos}/{human_len}, {eta} left",
            None => "{spinner} {msg} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_length(total.unwrap_or_default());
        bar.set_message(step);
        bar.reset();
        bar.enable_steady_tick(TICK);
    }

    fn advance(&self, units: u64) {
        self.bar.inc(units);
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
