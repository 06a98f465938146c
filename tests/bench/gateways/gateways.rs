//! Gateways in processes of their own, which can be killed, paused, and made to have a wrong clock.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::Outcome;
use super::proxy::Targets;

/// Where Debian has the library that shifts clocks, below the folder of libraries.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";
/// How long a gateway may take to start, also without a database.
const START_MAX: Duration = Duration::from_secs(180);

/// A gateway with a folder of its own.
pub struct Gateway {
    /// Its number, from 0.
    pub number: usize,
    folder: PathBuf,
    targets: Arc<Targets>,
    faketime: Option<PathBuf>,
    process: Mutex<Option<Child>>,
}

impl Gateway {
    /// A gateway with this configuration, which is not started yet.
    pub fn new(number: usize, folder: &Path, configuration: &str, targets: Arc<Targets>) -> Outcome<Gateway> {
        let folder = folder.join(format!("gateway-{number}"));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("deskbell.toml"), configuration)?;
        let gateway = Gateway { number, folder, targets, faketime: faketime(), process: Mutex::default() };
        gateway.shift_clock(0)?;
        Ok(gateway)
    }

    /// Starts it, and waits until it is ready. One that gives up, as without a database, is started again as a service manager does.
    pub async fn start(&self) -> Outcome {
        let begin = Instant::now();
        while begin.elapsed() < START_MAX {
            let mut child = self.command()?.spawn()?;
            let mut out = BufReader::new(child.stdout.take().ok_or("nothing to read")?);
            let mut line = String::new();
            timeout(START_MAX, out.read_line(&mut line)).await??;
            if let Some(address) = line.trim_end().strip_prefix("Deskbell is ready at http://") {
                self.targets.set(self.number, Some(address.trim_end_matches('/').parse()?));
                // It may print more, and must not wait for a reader.
                tokio::spawn(async move { tokio::io::copy(&mut out, &mut tokio::io::sink()).await });
                *self.process.lock().await = Some(child);
                return Ok(());
            }
            child.kill().await?;
            sleep(Duration::from_secs(1)).await;
        }
        Err(format!("gateway {} does not start", self.number).into())
    }

    /// Kills it without a warning.
    pub async fn kill(&self) -> Outcome {
        let Some(mut child) = self.process.lock().await.take() else { return Ok(()) };
        child.kill().await?;
        self.targets.set(self.number, None);
        Ok(())
    }

    /// Pauses it. Connections to it are still accepted.
    pub async fn pause(&self) -> Outcome {
        self.signal(Signal::STOP).await
    }

    /// Continues it.
    pub async fn resume(&self) -> Outcome {
        self.signal(Signal::CONT).await
    }

    /// Whether its clock can be shifted.
    pub fn has_shiftable_clock(&self) -> bool {
        self.faketime.is_some()
    }

    /// Moves its clock by hours from the real time, within a second.
    pub fn shift_clock(&self, hours: i8) -> Outcome {
        let file = self.folder.join("clock");
        fs::write(file.with_extension("new"), format!("{hours:+}h\n"))?;
        Ok(fs::rename(file.with_extension("new"), file)?)
    }

    async fn signal(&self, signal: Signal) -> Outcome {
        let process = self.process.lock().await;
        let id = process.as_ref().and_then(|child| child.id()).and_then(|id| Pid::from_raw(id.try_into().ok()?));
        Ok(kill_process(id.ok_or("the gateway is not running")?, signal)?)
    }

    fn command(&self) -> Outcome<Command> {
        let log = OpenOptions::new().create(true).append(true).open(self.folder.join("log"))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_deskbell"));
        command
            .args(["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"])
            .current_dir(&self.folder)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        for name in ["CONFIG", "LISTEN", "DATABASE", "ASSETS", "INBOX_TOKEN"] {
            command.env_remove(format!("DESKBELL_{name}"));
        }
        if let Some(library) = &self.faketime {
            // Only the time of day is wrong: durations are measured by another clock, as on a real machine.
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", self.folder.join("clock"))
                .env("FAKETIME_CACHE_DURATION", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        Ok(command)
    }
}

/// The library that shifts clocks, if it is installed.
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    folders.chain([PathBuf::from("/usr/lib")]).map(|folder| folder.join(FAKETIME)).find(|library| library.exists())
}
