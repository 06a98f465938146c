//! A gateway in a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Outcome;
use super::client::{INBOX_TOKEN, SECRET};

/// Limits that allow one address any rate.
pub const NO_LIMITS: &str = "[limits]\naddress = 10000000\nsession = 10000000\nsite = 10000000\n\
    [quotas]\naddress_tickets_per_day = 10000000\naddress_ticket_bytes_per_day = 100000000000\n\
    site_tickets_per_day = 10000000\nsite_ticket_bytes_per_day = 100000000000\n";

/// Where a gateway has its tickets.
pub enum Database {
    /// In `load.db` in its folder.
    Sqlite,
    /// In the PostgreSQL database at a URL.
    Postgres(String),
}

/// A gateway process that is stopped when it is dropped.
pub struct Gateway {
    child: Child,
    /// Its address: `http://127.0.0.1:PORT/`.
    pub address: String,
}

impl Gateway {
    /// Starts one in a folder, with configuration before and after that of its site.
    pub fn start(folder: &Path, before: &str, behind: &str) -> Outcome<Gateway> {
        Gateway::start_on(&Database::Sqlite, folder, before, behind)
    }

    /// The same on a database.
    pub fn start_on(database: &Database, folder: &Path, before: &str, behind: &str) -> Outcome<Gateway> {
        let url = match database {
            Database::Sqlite => "sqlite:load.db",
            Database::Postgres(url) => url,
        };
        let file = format!(
            "inbox_token = \"{INBOX_TOKEN}\"\nattachments = \"load-attachments\"\n{before}\n[sites.acme]\norigins = [\"*\"]\nplans = {{ enterprise = \"high\" }}\n\
             [[sites.acme.signers]]\nalgorithm = \"HS256\"\nsecret = \"{SECRET}\"\n{behind}"
        );
        fs::write(folder.join("deskbell.toml"), file)?;
        let serve = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", url];
        let mut child = deskbell(folder, &serve).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("nothing to read")?).read_line(&mut line)?;
        let address = line.trim_end().strip_prefix("Deskbell is ready at ").ok_or("the gateway did not start")?;
        Ok(Gateway { child, address: address.into() })
    }

    /// Its peak memory in MB.
    pub fn memory(&self) -> Outcome<u64> {
        peak_memory(self.child.id())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // If it has stopped by itself, there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The peak memory of a process in MB.
pub fn peak_memory(process: u32) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no memory is named")?;
    Ok(line.split_whitespace().next().ok_or("no memory is named")?.parse::<u64>()? / 1024)
}

/// The command in a folder.
pub fn deskbell(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskbell"));
    command.args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
    for name in ["CONFIG", "LISTEN", "DATABASE", "ASSETS", "INBOX_TOKEN"] {
        command.env_remove(format!("DESKBELL_{name}"));
    }
    command
}
