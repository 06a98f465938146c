//! Who a mail is from, as it stands in its header.

use deskbell::gateway::mail_in::sender;
use serde::Deserialize;

use crate::rows;

#[derive(Deserialize)]
struct Case {
    from: String,
    /// `name|address` for each sender.
    senders: Vec<String>,
}

#[test]
fn senders_are_read_as_they_stand_in_the_mail() {
    let rows = rows::read::<Case>(include_str!("senders.toml"));
    rows::check_all(&rows, |case| {
        let found = sender::read(&case.from);
        let found: Vec<String> = found.iter().map(|sender| format!("{}|{}", sender.name, sender.address)).collect();
        if found == case.senders { Ok(()) } else { Err(format!("{found:?}")) }
    });
}
