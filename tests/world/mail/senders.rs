//! The sender of a mail, from its header.

use mail_in::sender::{self, Sender};
use serde::Deserialize;

use crate::rows;

#[derive(Deserialize)]
struct Case {
    from: String,
    /// `name|address` for each sender.
    senders: Vec<String>,
    /// How often the header is repeated, with commas between.
    #[serde(default = "once")]
    times: usize,
    /// How many letters replace `LONG`.
    #[serde(default)]
    longer: usize,
    /// Set if there may be more senders than those that are read.
    #[serde(default)]
    incomplete: bool,
}

fn once() -> usize {
    1
}

#[test]
fn senders_are_parsed_from_real_mails() {
    let rows = rows::read::<Case>(include_str!("senders.toml"));
    rows::check_all(&rows, |case| {
        let from = case.from.replace("LONG", &"x".repeat(case.longer));
        let found = sender::read(&vec![from.as_str(); case.times].join(", "));
        let shown = |sender: &Sender| format!("{}|{}", sender.name, sender.address);
        let mut senders: Vec<String> = found.senders.iter().map(shown).collect();
        senders.dedup();
        if (&senders, found.is_complete) == (&case.senders, !case.incomplete) {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    });
}
