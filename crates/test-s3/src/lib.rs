//! A stand-in for S3: moto's server, which stores objects in memory.
//!
//! It runs below a shell that waits for its standard input to end. So it stops with the process that started it, however that ends.
// All of this is test code, for which clippy.toml allows these lints, but clippy does not recognise it as such.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// The bucket that each server has.
pub const BUCKET: &str = "deskbell-files";
/// How long the server may take to start, in tenths of a second.
const START_STEPS: u32 = 600;

/// Starts the server `$0` at the port `$1` with its log in `$2`, and stops it when standard input ends.
const KEEPER: &str = r#"
"$0" -H 127.0.0.1 -p "$1" > "$2" 2>&1 &
read -r _
kill -KILL $! 2> /dev/null
wait $! 2> /dev/null
"#;

/// A running server with an empty bucket.
#[derive(Debug)]
pub struct S3 {
    program: String,
    keeper: Child,
    port: u16,
    folder: TempDir,
}

impl S3 {
    /// Starts a server. None, after a line that says so, if it cannot be installed; with `CI` in the environment that is an error.
    pub fn start() -> Option<S3> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/find-moto");
        let found = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
        if !found.status.success() {
            assert!(std::env::var_os("CI").is_none(), "moto is needed, and could not be installed");
            return None;
        }
        let program = String::from_utf8(found.stdout).unwrap().trim().to_string();
        let folder = tempfile::tempdir().unwrap();
        let (keeper, port) = run(&program, 0, folder.path());
        let server = S3 { program, keeper, port, folder };
        server.create_bucket();
        Some(server)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops it; everything that it stores is lost.
    pub fn stop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }

    /// Starts it again at the same address, with an empty bucket.
    pub fn restart(&mut self) {
        (self.keeper, self.port) = run(&self.program, self.port, self.folder.path());
        self.create_bucket();
    }

    /// The keys of all objects, in order.
    pub fn keys(&self) -> Vec<String> {
        let (_, list) = self.request("GET", &format!("/{BUCKET}?list-type=2"), &[]);
        let list = String::from_utf8(list).unwrap();
        list.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_string()).collect()
    }

    /// The content of an object.
    pub fn object(&self, key: &str) -> Vec<u8> {
        let (status, body) = self.request("GET", &format!("/{BUCKET}/{key}"), &[]);
        assert_eq!(status, 200, "{key}");
        body
    }

    /// Stores an object.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        assert_eq!(self.request("PUT", &format!("/{BUCKET}/{key}"), bytes).0, 200);
    }

    fn create_bucket(&self) {
        assert_eq!(self.request("PUT", &format!("/{BUCKET}"), &[]).0, 200);
    }

    /// The status and the body of a response.
    fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\nContent-Length: {length}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request\r\n\r\n",
            self.port
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a response");
        let body = response.split_off(end + 4);
        let status = String::from_utf8(response).unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        (status, body)
    }
}

/// Starts the server below a shell; port 0 picks a free one.
fn run(program: &str, port: u16, folder: &Path) -> (Child, u16) {
    let log = folder.join("log");
    let _ = fs::remove_file(&log);
    let mut shell = Command::new("sh");
    shell.args(["-c", KEEPER, program, &port.to_string()]).arg(&log);
    let mut keeper = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..START_STEPS {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let address = text.split("Running on http://127.0.0.1:").nth(1);
        // The line may be incomplete.
        if let Some((port, _)) = address.and_then(|rest| rest.split_once('\n')) {
            return (keeper, port.trim().parse().unwrap());
        }
        sleep(Duration::from_millis(100));
    }
    drop(keeper.stdin.take());
    keeper.wait().unwrap();
    panic!("moto did not start: {}", fs::read_to_string(&log).unwrap_or_default());
}
