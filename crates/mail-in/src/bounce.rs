//! Parses bounces: whose mail did not arrive, why, and which mail it was (RFC 3464; RFC 3463 for the codes), and the older formats of qmail,
//! Exim and sendmail, which are still in use.

use mail_parser::{MessageParser, MessagePart, PartType};

use super::headers::Headers;

/// The most recipients that are read.
const RECIPIENTS_MAX: usize = 100;
/// The longest diagnostic text, in characters; the rest is cut.
const DIAGNOSTIC_MAX: usize = 500;
/// The most other Message-IDs that are read.
const IDS_MAX: usize = 50;

/// A report that a mail did not arrive, or arrives late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The recipients that it is about, at least one.
    pub recipients: Vec<FailedRecipient>,
    /// The Message-ID of the mail that it is about, with its angle brackets.
    pub original_message_id: Option<String>,
    /// Other Message-IDs that may be that of the mail: those that the bounce replies to, and the envelope id (RFC 3464, 2.2.1).
    pub other_message_ids: Vec<String>,
}

impl Bounce {
    /// The Message-IDs that may be that of the mail, the most likely first.
    pub fn message_ids(&self) -> impl Iterator<Item = &str> {
        self.original_message_id.iter().chain(&self.other_message_ids).map(String::as_str)
    }
}

/// The status of the mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRecipient {
    /// The address that the mail was sent to, according to the report; if it was forwarded, the original one.
    pub address: String,
    /// What the reporting server did.
    pub action: RecipientAction,
    /// The status code (RFC 3463).
    pub status: Option<EnhancedStatus>,
    /// The other server's reply on one line; empty if the report has none.
    pub diagnostic: String,
}

impl FailedRecipient {
    /// Whether mail to the address fails for good because of the address: it fails, and the cause is neither a full mailbox, nor the content, a
    /// policy or the network.
    pub fn is_address_dead(&self) -> bool {
        self.action == RecipientAction::Failed && self.status.is_none_or(|status| status.is_about_address())
    }
}

/// `Action` (RFC 3464, 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientAction {
    /// It did not arrive and will not.
    Failed,
    /// It has not arrived yet.
    Delayed,
    /// It was delivered, relayed to a server that does not report, or expanded by a list.
    Arrived,
}

/// An enhanced status code (RFC 3463, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatus {
    /// 2 is success, 4 a transient and 5 a permanent failure.
    pub class: u8,
    /// The subject: 1 addressing, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The detail.
    pub detail: u16,
}

impl EnhancedStatus {
    /// Parses `5.1.1`, also if text follows.
    pub fn read(text: &str) -> Option<EnhancedStatus> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut parts = text.get(..end)?.trim_end_matches('.').split('.');
        let class = parts.next()?.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        let subject = parts.next()?.parse().ok().filter(|subject| *subject < 1_000)?;
        let detail = parts.next()?.parse().ok().filter(|detail| *detail < 1_000)?;
        parts.next().is_none().then_some(EnhancedStatus { class, subject, detail })
    }

    /// The first code in a text: `smtp; 550-5.1.1 The account does not exist`.
    fn find(text: &str) -> Option<EnhancedStatus> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(EnhancedStatus::read)
    }

    /// Whether the address is wrong or its mailbox is gone: X.1.x except X.1.7 and X.1.8, which are about the sender; X.2.1 and X.2.0; and
    /// permanent X.4.4, a domain without mail servers.
    fn is_about_address(self) -> bool {
        let EnhancedStatus { class, subject, detail } = self;
        class == 5 && matches!((subject, detail), (0, 0) | (1, 0..=6 | 9 | 10) | (2, 0 | 1) | (4, 4) | (5, 0))
    }
}

impl std::fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Parses a mail (RFC 5322); none if it is no bounce or names no recipient.
pub fn read(raw: &[u8]) -> Option<Bounce> {
    let message = MessageParser::new().parse(raw)?;
    let headers = Headers::read(&String::from_utf8_lossy(raw.get(..raw.len().min(64 << 10)).unwrap_or_default()));
    let texts: Vec<String> = message.text_bodies().map(text_of).collect();
    let parts = message.parts.iter().map(|part| match &part.body {
        // Only the headers of the returned mail are read, which are at its beginning.
        PartType::Message(message) => (media_type(part), String::from_utf8_lossy(message.raw_message()).into_owned()),
        _ => (media_type(part), text_of(part)),
    });
    collect(&headers, &texts.join("\n"), parts)
}

/// Parses a mail that a service has parsed: its headers, its text, and its files, each with its media type, or none if that is unknown.
pub fn read_parts(headers: &Headers, text: &str, files: &[(String, Vec<u8>)]) -> Option<Bounce> {
    let parts = files.iter().map(|(media, bytes)| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_report = text.trim_start().get(..14).is_some_and(|start| start.eq_ignore_ascii_case("Reporting-MTA:"));
        (if is_report { "message/delivery-status".into() } else { media }, text)
    });
    collect(headers, text, parts)
}

/// Combines the headers, the text, and the parts by their media types.
fn collect(headers: &Headers, text: &str, parts: impl Iterator<Item = (String, String)>) -> Option<Bounce> {
    let (mut recipients, mut original, mut unknown) = (Vec::new(), None, Vec::new());
    for (media, part) in parts {
        match media.as_str() {
            // RFC 6533 defines the same for internationalised addresses.
            "message/delivery-status" | "message/global-delivery-status" => {
                recipients.extend(report(&part));
                let mail = Headers::read(part.trim_start());
                let names = ["X-Original-Message-ID", "Original-Message-ID", "Original-Envelope-Id"];
                unknown.extend(names.into_iter().filter_map(|name| mail.value(name)).map(bracketed_or_whole));
            }
            "message/rfc822"
            | "message/global"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global-headers" => {
                let id = Headers::read(part.trim_start()).value("Message-ID").and_then(bracketed);
                original = original.or(id);
            }
            _ => {}
        }
    }
    if recipients.is_empty() {
        recipients.extend(exim(headers, text));
    }
    if recipients.is_empty() {
        recipients.extend(qmail(text));
    }
    if recipients.is_empty() {
        recipients.extend(sendmail(text));
    }
    let answered = ["In-Reply-To", "References"].into_iter().flat_map(|name| headers.values(name));
    unknown.extend(answered.flat_map(|value| value.split_whitespace()).filter_map(bracketed));
    unknown.truncate(IDS_MAX);
    recipients.truncate(RECIPIENTS_MAX);
    let original_message_id = original.or_else(|| quoted_id(text));
    (!recipients.is_empty()).then_some(Bounce { recipients, original_message_id, other_message_ids: unknown })
}

fn media_type(part: &MessagePart<'_>) -> String {
    use mail_parser::MimeHeaders;
    let kind = part.content_type();
    let name = kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
    name.unwrap_or_default().to_ascii_lowercase()
}

fn text_of(part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.to_string(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        PartType::Message(message) => String::from_utf8_lossy(message.raw_message()).into_owned(),
        PartType::Multipart(_) => String::new(),
    }
}

/// The per-recipient fields of a delivery status, without the first group, which is about the whole mail (RFC 3464, 2.1).
fn report(text: &str) -> Vec<FailedRecipient> {
    let text = text.replace("\r\n", "\n");
    let mut groups: Vec<String> = vec![String::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(String::new());
        } else if let Some(group) = groups.last_mut() {
            group.push_str(line);
            group.push('\n');
        }
    }
    groups.iter().filter_map(|group| recipient(&Headers::read(group))).collect()
}

fn recipient(fields: &Headers) -> Option<FailedRecipient> {
    let addresses = ["Original-Recipient", "Final-Recipient"].into_iter().filter_map(|name| fields.value(name));
    let address = addresses.filter_map(address_of).next()?;
    let diagnostic = fields.value("Diagnostic-Code").unwrap_or_default();
    let status = fields.value("Status").and_then(|text| EnhancedStatus::read(text.trim()));
    // The other server's reply is more specific than a generic status.
    let status = match status {
        Some(EnhancedStatus { class, subject: 0, detail: 0 }) => {
            EnhancedStatus::find(diagnostic).filter(|status_found| status_found.class == class).or(status)
        }
        status => status.or_else(|| EnhancedStatus::find(diagnostic)),
    };
    let action = fields.value("Action").unwrap_or_default().trim().to_ascii_lowercase();
    let action = match action.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default() {
        "failed" => RecipientAction::Failed,
        "delayed" => RecipientAction::Delayed,
        "delivered" | "relayed" | "expanded" => RecipientAction::Arrived,
        // A non-standard action says nothing.
        _ => match status {
            Some(EnhancedStatus { class: 5, .. }) => RecipientAction::Failed,
            Some(EnhancedStatus { class: 4, .. }) => RecipientAction::Delayed,
            _ => return None,
        },
    };
    Some(FailedRecipient { address, action, status, diagnostic: one_line(diagnostic) })
}

/// The address of `rfc822; ada@example.com`; some servers omit the type or add angle brackets.
fn address_of(value: &str) -> Option<String> {
    let address = value.split_once(';').map_or(value, |(_, address)| address);
    plain_address(address)
}

fn plain_address(text: &str) -> Option<String> {
    let address = text.trim().trim_start_matches('<').trim_end_matches(['>', ':']).trim();
    let (local, domain) = address.rsplit_once('@')?;
    let is_whole =
        !local.is_empty() && !domain.is_empty() && !address.contains(|c: char| c.is_whitespace() || c == '<');
    is_whole.then(|| address.to_string())
}

/// Exim names the recipients in a header, and the reason in the text.
fn exim(headers: &Headers, text: &str) -> Vec<FailedRecipient> {
    let addresses = headers.values("X-Failed-Recipients").flat_map(|value| value.split(',')).filter_map(plain_address);
    addresses
        .map(|address| {
            let text_below = text.split_once(address.as_str()).map_or("", |(_, text_below)| text_below);
            let lines = text_below.lines().skip(1).take_while(|line| !line.trim().is_empty()).take(8);
            let reason = lines.map(str::trim).collect::<Vec<_>>().join(" ");
            let status = EnhancedStatus::find(&reason);
            FailedRecipient { address, action: RecipientAction::Failed, status, diagnostic: one_line(&reason) }
        })
        .collect()
}

/// qmail writes a paragraph for each recipient: `<address>:` and the reason (its documentation calls this QSBMF).
fn qmail(text: &str) -> Vec<FailedRecipient> {
    let text = text.replace("\r\n", "\n");
    let is_qmail = text.trim_start().starts_with("Hi. This is the") || text.contains("qmail-send program");
    let report = text.split("--- Below this line").next().unwrap_or_default();
    let paragraphs = report.split("\n\n").filter(|_| is_qmail);
    let failed = paragraphs.filter_map(|paragraph| {
        let (first, reason) = paragraph.trim().split_once('\n')?;
        let address = first.trim().strip_prefix('<')?.strip_suffix(">:")?;
        let status = EnhancedStatus::find(reason.rsplit('#').next().unwrap_or_default());
        let status = status.or_else(|| EnhancedStatus::find(reason));
        let address = plain_address(address)?;
        Some(FailedRecipient { address, action: RecipientAction::Failed, status, diagnostic: one_line(reason) })
    });
    failed.collect()
}

/// sendmail lists the recipients with reasons, above a transcript of the session.
fn sendmail(text: &str) -> Vec<FailedRecipient> {
    let Some((_, report)) = text.split_once("The following addresses had permanent fatal errors") else {
        return Vec::new();
    };
    let (list, transcript) = report.split_once("Transcript of session follows").unwrap_or((report, ""));
    let mut failed: Vec<FailedRecipient> = Vec::new();
    for line in list.lines().map(str::trim).take(2 * RECIPIENTS_MAX) {
        if let Some(reason) = line.strip_prefix("(reason: ") {
            if let Some(last) = failed.last_mut() {
                last.diagnostic = one_line(reason.trim_end_matches(')'));
            }
        } else if let Some(address) = line.strip_prefix('<').and_then(plain_address) {
            let diagnostic = String::new();
            failed.push(FailedRecipient { address, action: RecipientAction::Failed, status: None, diagnostic });
        }
    }
    for recipient in &mut failed {
        let answers = transcript.lines().map(str::trim).filter(|line| line.starts_with('5'));
        let response = answers.into_iter().find(|line| line.contains(&recipient.address)).unwrap_or_default();
        if recipient.diagnostic.is_empty() {
            recipient.diagnostic = one_line(response);
        }
        recipient.status = EnhancedStatus::find(&recipient.diagnostic).or_else(|| EnhancedStatus::find(response));
    }
    failed
}

/// The Message-ID of a mail whose headers are in the text of the report.
fn quoted_id(text: &str) -> Option<String> {
    let mut ids = text.lines().filter_map(|line| {
        let line = line.trim_start_matches(['>', ' ', '\t', '|']);
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("Message-ID").then(|| bracketed(value)).flatten()
    });
    ids.next()
}

fn bracketed(value: &str) -> Option<String> {
    let (_, rest) = value.split_once('<')?;
    let (id, _) = rest.split_once('>')?;
    (!id.is_empty()).then(|| format!("<{}>", id.trim()))
}

fn bracketed_or_whole(value: &str) -> String {
    bracketed(value).unwrap_or_else(|| format!("<{}>", value.trim()))
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(DIAGNOSTIC_MAX).collect()
}
