//! Recipient and reason of bounces, in the formats of mail servers.

use mail_in::{FailedRecipient, bounce};
use serde::Deserialize;

use crate::rows;

#[derive(Deserialize)]
struct Case {
    mail: String,
    /// `address action status dead|alive` for each recipient.
    recipients: Vec<String>,
    original: Option<String>,
}

#[test]
fn a_bounce_names_recipients_codes_and_the_mail() {
    let rows = rows::read::<Case>(include_str!("bounces.toml"));
    rows::check_all(&rows, |case| {
        let bounce = bounce::read(case.mail.replace('\n', "\r\n").as_bytes());
        let describe = |failed: &FailedRecipient| {
            let status = failed.status.map_or("none".to_string(), |status| status.to_string());
            let dead = if failed.is_address_dead() { "dead" } else { "alive" };
            format!("{} {:?} {status} {dead}", failed.address, failed.action)
        };
        let recipients: Vec<String> = bounce.iter().flat_map(|bounce| &bounce.recipients).map(describe).collect();
        let original = bounce.and_then(|bounce| bounce.original_message_id);
        if (&recipients, &original) == (&case.recipients, &case.original) {
            return Ok(());
        }
        Err(format!("{recipients:?} of {original:?}"))
    });
}
