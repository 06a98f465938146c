//! Whether a person or a program wrote a mail.

use mail_in::{Headers, Origin, origin};
use serde::Deserialize;

use crate::rows;

#[derive(Deserialize)]
struct Case {
    /// The headers.
    headers: String,
    /// `MAIL FROM`, if the receiver knows it.
    envelope_sender: Option<String>,
    /// `person`, `bounce`, or the sign of an automatic mail.
    origin: String,
}

#[test]
fn headers_distinguish_programs_from_people() {
    let rows = rows::read::<Case>(include_str!("automatic.toml"));
    rows::check_all(&rows, |case| {
        let headers = Headers::read(&case.headers);
        let subject = headers.decoded("Subject").unwrap_or_default();
        let found = match origin(&headers, case.envelope_sender.as_deref(), &subject) {
            Origin::Person => "person".to_string(),
            Origin::Bounce => "bounce".to_string(),
            Origin::Automatic(sign) => format!("{sign:?}"),
        };
        if found == case.origin { Ok(()) } else { Err(format!("{found} in place of {}", case.origin)) }
    });
}
