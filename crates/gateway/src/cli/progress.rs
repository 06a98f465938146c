//! The progress of long commands, on a terminal only.

use std::time::Duration;

use deskbell_core::ports::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// How often the line is drawn while nothing advances.
const TICK: Duration = Duration::from_millis(200);

/// One line on standard error, which is gone when the work ends. Without a terminal nothing is printed.
pub struct TerminalProgress(ProgressBar);

impl TerminalProgress {
    /// Nothing is shown before the first step.
    pub fn new() -> TerminalProgress {
        TerminalProgress(ProgressBar::new_spinner())
    }
}

impl Progress for TerminalProgress {
    fn begin(&self, step: &'static str, total: Option<u64>) {
        let TerminalProgress(bar) = self;
        if bar.is_hidden() {
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
        self.0.inc(units);
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
