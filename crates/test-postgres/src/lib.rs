//! A PostgreSQL server of its own for the tests of one process, with a database for each of them.
//!
//! The server runs below a shell that waits for its standard input to end. So it stops with the process that started it, however that ends.
// All of this is test code, for which clippy.toml allows these lints, but clippy does not recognise it as such.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The user under which the server runs if these tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";
/// How long the server may take to start or stop, in tenths of a second.
const START_STEPS: u32 = 600;

/// Runs the server below the shell `$0 DIRECTORY`, which stops and starts it on request, and at the end of standard input stops it and deletes the
/// folder.
const KEEPER: &str = r#"
serve() { "$1" -D "$2/data" >> "$2/log" 2>&1 & }
serve "$0" "$1"
while read -r request; do
    case $request in
        stop) kill -QUIT $! 2> /dev/null; wait $! ;;
        start) serve "$0" "$1" ;;
    esac
done
# Also if all of them are paused.
kill -CONT $! $(cat /proc/$!/task/*/children 2> /dev/null) 2> /dev/null
kill -QUIT $! 2> /dev/null
wait $!
rm -rf "$1"
"#;

/// A running server.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    /// The shell, whose standard input stays open.
    keeper: Child,
}

/// The server of this process, started with the first call.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The URL of a new, empty database of [`server`].
pub fn database() -> String {
    server().create_database()
}

impl Server {
    /// Starts a server that listens on a socket in a folder of its own and on no port.
    pub fn start() -> Server {
        Server::start_with("")
    }

    /// The same with other settings, such as `fsync = on`.
    pub fn start_with(more_settings: &str) -> Server {
        let programs = programs();
        let folder =
            tempfile::Builder::new().prefix("pg").permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        let folder = folder.keep();
        let user = server_user(&folder);
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        let as_user = |program: &str| {
            let mut command = Command::new(programs.join(program));
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command.current_dir(&folder).env("LC_ALL", "C.UTF-8");
            command
        };
        let made = as_user("initdb")
            .args(["--pgdata", "data", "--auth", "trust", "--username", USER, "--encoding", "UTF8", "--no-sync"])
            .args(["--locale", "C.UTF-8"])
            .output();
        expect_success("initdb", &made.unwrap());
        let settings = format!(
            "unix_socket_directories = '{}'\nlisten_addresses = ''\nmax_connections = 400\nfsync = off\n\
             shared_buffers = 64MB\nmax_wal_size = 512MB\nlog_min_messages = warning\n{more_settings}",
            folder.display()
        );
        fs::write(folder.join("data/postgresql.auto.conf"), settings).unwrap();
        let mut shell = Command::new("sh");
        if let Some((uid, gid)) = user {
            shell.uid(uid).gid(gid);
        }
        let keeper = shell
            .args(["-c", KEEPER])
            .arg(programs.join("postgres"))
            .arg(&folder)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let server = Server { folder, keeper };
        server.wait(&programs);
        server
    }

    /// Creates an empty database and returns its URL.
    pub fn create_database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.run(&format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?user={USER}&host={}", self.folder.display())
    }

    /// Runs SQL as the administrator of the server.
    pub fn run(&self, sql: &str) {
        let ran = Command::new(programs().join("psql"))
            .args(["--no-psqlrc", "--quiet", "--username", USER, "--dbname", "postgres", "--command", sql])
            .arg("--host")
            .arg(&self.folder)
            .output();
        expect_success(sql, &ran.unwrap());
    }

    /// The process id of the server, to pause or kill it.
    pub fn process_id(&self) -> u32 {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        file.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Stops the server as if it crashed; connections break.
    pub fn stop(&self) {
        let process = Path::new("/proc").join(self.process_id().to_string());
        self.request("stop");
        wait_until(|| !process.exists(), || "PostgreSQL did not stop".into());
    }

    /// Starts the server that was stopped.
    pub fn start_again(&self) {
        self.request("start");
        self.wait(&programs());
    }

    /// Pauses all its processes: connections stay open and nothing answers.
    pub fn pause(&self) {
        // The first process starts the others, so it stops before they are listed.
        signal("STOP", &[self.process_id()]);
        signal("STOP", &self.child_process_ids());
    }

    /// Continues after [`Server::pause`].
    pub fn resume(&self) {
        let mut processes = self.child_process_ids();
        processes.push(self.process_id());
        signal("CONT", &processes);
    }

    /// The memory of all its processes in MB. What they share counts once.
    pub fn memory(&self) -> u64 {
        let mut processes = self.child_process_ids();
        processes.push(self.process_id());
        let rollups = processes.iter().filter_map(|id| fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok());
        let sizes = rollups.filter_map(|rollup| {
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        });
        sizes.sum::<u64>() / 1024
    }

    fn child_process_ids(&self) -> Vec<u32> {
        let id = self.process_id();
        let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        listed.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    fn request(&self, request: &str) {
        let mut input = self.keeper.stdin.as_ref().unwrap();
        writeln!(input, "{request}").unwrap();
    }

    fn wait(&self, programs: &Path) {
        let is_ready = || {
            let ready = Command::new(programs.join("pg_isready")).arg("--host").arg(&self.folder).output().unwrap();
            ready.status.success()
        };
        let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        wait_until(is_ready, || format!("PostgreSQL did not start: {}", log()));
    }
}

fn wait_until(is_so: impl Fn() -> bool, problem: impl Fn() -> String) {
    for _ in 0..START_STEPS {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{}", problem());
}

/// Sends a signal to processes. Some may have ended meanwhile.
fn signal(name: &str, processes: &[u32]) {
    let mut command = Command::new("kill");
    command.arg(format!("-{name}")).args(processes.iter().map(u32::to_string));
    command.stderr(Stdio::null()).status().unwrap();
}

/// The folder with the programs of PostgreSQL: `POSTGRES_BIN`, that of the newest installed version, or the folder of `postgres` in the path.
fn programs() -> PathBuf {
    if let Some(named) = std::env::var_os("POSTGRES_BIN") {
        return named.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let installed = versions.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        version.path().join("bin/postgres").exists().then(|| (number, version.path().join("bin")))
    });
    let in_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("postgres").exists())
    };
    installed.max().map(|(_, folder)| folder).or_else(in_path).unwrap_or_else(|| {
        panic!(
            "The tests need PostgreSQL 14 or newer: run tests/find-postgres, or sudo apt-get install postgresql, or name the folder of \
             its programs in POSTGRES_BIN"
        )
    })
}

/// The ids of the user for the server if these tests run as root; none if they do not.
fn server_user(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields.into_iter().find_map(|fields| match fields.as_slice() {
        [name, _, uid, gid, ..] if *name == USER => Some((uid.parse().unwrap(), gid.parse().unwrap())),
        _ => None,
    });
    Some(found.unwrap_or_else(|| panic!("PostgreSQL refuses to run as root, and there is no user {USER}")))
}

fn expect_success(action: &str, output: &Output) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{action}: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_crashed_is_started_again_with_its_data() {
        let server = Server::start();
        server.run("CREATE TABLE kept (number bigint)");
        let first = server.process_id();
        server.stop();
        server.start_again();
        assert_ne!(server.process_id(), first);
        server.run("INSERT INTO kept VALUES (1)");
    }

    #[test]
    fn a_paused_server_answers_nothing_until_it_continues() {
        let server = Server::start();
        server.pause();
        let mut asking = Command::new(programs().join("pg_isready"));
        asking.args(["--timeout", "1", "--host"]).arg(&server.folder);
        assert!(!asking.output().unwrap().status.success());
        server.resume();
        server.run("SELECT 1");
    }
}
