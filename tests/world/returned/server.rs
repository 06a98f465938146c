//! A mail server that accepts every mail but those to `gone`, and stores its envelope.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A received mail.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// `MAIL FROM`, without brackets.
    pub sender: String,
    /// `RCPT TO`, without brackets.
    pub recipient: String,
    /// Its headers and its body.
    pub lines: Vec<String>,
}

impl Mail {
    pub fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.lines.iter().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
    }

    /// A header with the lines that continue it.
    pub fn whole_header(&self, name: &str) -> String {
        let start = format!("{name}: ");
        let mut lines = self.lines.iter().skip_while(|line| !line.starts_with(&start));
        let first = lines.next().map(|line| line.trim_start_matches(&start).to_string()).unwrap_or_default();
        let more = lines.take_while(|line| line.starts_with([' ', '\t']));
        more.fold(first, |whole, line| whole + " " + line.trim())
    }

    /// Its body without the soft line breaks of quoted-printable.
    pub fn body(&self) -> String {
        let lines = self.lines.iter().skip_while(|line| !line.is_empty());
        lines.map(|line| line.strip_suffix('=').map_or_else(|| format!("{line}\n"), str::to_string)).collect()
    }
}

pub struct Server {
    pub port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Server {
    pub async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::<Mutex<Vec<Mail>>>::default();
        let received = mails.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, received.clone()));
            }
        });
        Server { port, mails }
    }

    /// How many mails to a recipient it has.
    pub fn count(&self, recipient: &str) -> usize {
        self.mails.lock().unwrap().iter().filter(|mail| mail.recipient == recipient).count()
    }

    /// The mails to a recipient, in the order in which they came.
    pub fn all(&self, recipient: &str) -> Vec<Mail> {
        self.mails.lock().unwrap().iter().filter(|mail| mail.recipient == recipient).cloned().collect()
    }

    /// Waits for the mail to a recipient whose Message-ID begins with an id.
    pub async fn mail(&self, recipient: &str, id: &str) -> Mail {
        let id_start = format!("<{id}");
        let find = async {
            loop {
                let is_it =
                    |mail: &&Mail| mail.recipient == recipient && mail.header("Message-ID").starts_with(&id_start);
                let found = self.mails.lock().unwrap().iter().rev().find(is_it).cloned();
                if let Some(mail) = found {
                    return mail;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), find).await.expect("the mail is sent")
    }
}

async fn serve(stream: TcpStream, mails: Arc<Mutex<Vec<Mail>>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await?;
    let (mut mail, mut inside) = (Mail::default(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_string();
        let between = || line.split(['<', '>']).nth(1).unwrap_or_default().to_string();
        if inside && line != "." {
            mail.lines.push(line);
            continue;
        }
        if line.starts_with("MAIL") {
            mail.sender = between();
        } else if line.starts_with("RCPT") {
            mail.recipient = between();
        } else if line == "." {
            mails.lock().unwrap().push(std::mem::take(&mut mail));
        }
        inside = line == "DATA";
        let answer = match line.as_str() {
            _ if inside => "354 go on\r\n",
            _ if line.starts_with("RCPT TO:<gone@") || line.starts_with("RCPT TO:<ada+gone@") => {
                "550 5.1.1 User unknown\r\n"
            }
            _ => "250 yes\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
