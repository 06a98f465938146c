//! Who runs a command, for the audit log.

use std::fs;

use deskbell_core::ids::AgentId;
use deskbell_core::ports::Agent;
use deskbell_core::rules::permissions::all_grants;

/// Where the names of the system's users are.
const PASSWD: &str = "/etc/passwd";
/// The name of a user who has none.
const UNNAMED: &str = "command line";

/// The user of the operating system who runs this command. Whoever can open the database may do everything.
pub fn current_user() -> Agent {
    let id = rustix::process::getuid().as_raw();
    let invoking_user = std::env::var("SUDO_USER").ok();
    let name = user_name(id, invoking_user.as_deref(), &fs::read_to_string(PASSWD).unwrap_or_default());
    Agent { id: AgentId::new(format!("command:{name}")), name, grants: all_grants() }
}

/// The name of the user with an id: for root the user who became root with `sudo`, if that is known.
fn user_name(id: u32, invoking_user: Option<&str>, passwd: &str) -> String {
    if let Some(name) = invoking_user.filter(|name| id == 0 && !name.is_empty()) {
        return name.into();
    }
    let entry = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let named = |fields: Vec<&str>| match fields[..] {
        [name, _, of_line, ..] if of_line.parse() == Ok(id) && !name.is_empty() => Some(name.to_string()),
        _ => None,
    };
    entry.filter_map(named).next().unwrap_or_else(|| UNNAMED.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_named_as_the_system_does() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\nbroken\n";
        for (id, invoking_user, expected) in [
            (1000, None, "ana"),
            (1000, Some("eve"), "ana"),
            (0, None, "root"),
            (0, Some("ana"), "ana"),
            (0, Some(""), "root"),
            (7, None, "command line"),
        ] {
            assert_eq!(user_name(id, invoking_user, passwd), expected, "{id} {invoking_user:?}");
        }
    }
}
