//! Records every statement that the gateways of this suite send to their databases, for `tests/plans.rs`.
//!
//! The store logs its statements at TRACE. Statements of the tests themselves are logged at DEBUG and left out.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The log target of sqlx.
const TARGET: &str = "sqlx::query";

/// Starts recording on the first call.
pub fn record() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("statements.jsonl");
        fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let recorder = Recorder { written: Mutex::new((HashSet::new(), File::create(path).unwrap())) };
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(recorder)).unwrap();
    });
}

struct Recorder {
    /// The recorded statements, and the file.
    written: Mutex<(HashSet<String>, File)>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == TARGET && *metadata.level() == Level::TRACE
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        let text = if statement.text.is_empty() { statement.summary } else { statement.text };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.0.insert(text.clone()) {
            writeln!(written.1, "{}", serde_json::to_string(&text).unwrap()).unwrap();
        }
    }
}

#[derive(Default)]
struct Statement {
    /// The first words, or the whole statement if it is short.
    summary: String,
    /// The whole statement, if it is long.
    text: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.into(),
            "db.statement" => self.text = value.trim().into(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
