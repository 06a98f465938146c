//! E-mail addresses that the form accepts: those that mail servers and help desks accept.

use domain::ticket::is_email;
use serde::Deserialize;

use crate::rows::{check_all, read};

#[derive(Deserialize)]
struct Case {
    address: String,
    #[serde(default)]
    taken: bool,
    /// How many letters replace `LONG`.
    #[serde(default)]
    long: usize,
}

#[test]
fn addresses_are_accepted_like_by_mail_servers() {
    check_all(&read::<Case>(include_str!("table.toml")), |case| {
        let address = case.address.replace("LONG", &"x".repeat(case.long));
        match is_email(&address) == case.taken {
            true => Ok(()),
            false => Err(format!("{address:?} is {}", if case.taken { "refused" } else { "taken" })),
        }
    });
}
