//! What the refusal of a mail server is about, and how an administrator fixes it.
//!
//! The same reply code means different things on different servers. The enhanced status code (RFC 3463) often says more; where neither is
//! conclusive, the text decides. `tests/world/smtp/table.toml` lists replies of servers with their sources.

/// The cause of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server rejects the login.
    Login,
    /// The gateway may not send as this sender.
    Sender,
    /// The server does not relay mail for the gateway.
    Relay,
    /// The server requires an encrypted connection.
    Encryption,
    /// The recipient's mailbox does not exist.
    Recipient,
    /// The message is too large.
    Size,
    /// The message is rejected because of its content.
    Message,
}

/// An interpreted refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmtpRefusal {
    /// Its cause.
    pub fault: Fault,
    /// How an administrator fixes it.
    pub fix: &'static str,
}

/// A rule matches one of its codes (any if it has none), and one of its enhanced codes or phrases.
struct Rule {
    codes: &'static [u16],
    enhanced: &'static [&'static str],
    phrases: &'static [&'static str],
    fault: Fault,
    fix: &'static str,
}

const NO_SMTP_AUTH: &str = "SMTP AUTH is disabled in Exchange Online: an administrator must enable it for the mailbox \
    and the organization (Set-CASMailbox NAME -SmtpClientAuthenticationDisabled $false), and the gateway must log in \
    with oauth";
const NO_BASIC: &str = "Exchange Online does not accept passwords: set oauth instead of the password";
const APP_PASSWORD: &str = "the server does not accept this password: set oauth, or use an app password of the \
    account (Google, with two-step verification)";
const WRONG_LOGIN: &str = "the user or the password is not accepted: check smtp and password_file (with oauth: \
    whether the token is for this mailbox and may send by SMTP)";
const NO_LOGIN: &str = "the server requires a login: set a user in smtp, with password_file or oauth";
const NO_TLS: &str = "the server requires an encrypted connection: set tls = \"required\", or use smtps://";
const SENDER: &str = "the user may not send as from: use the address of the user who logs in, or allow it at the \
    server (Send As, a verified sender)";
const RELAY: &str = "the server does not relay for the gateway: log in (a user in smtp), or allow the gateway's \
    network address at the server";
const RECIPIENT: &str = "the recipient's mailbox does not exist";
const SIZE: &str = "the message is larger than the server accepts";
const MEMBERS_ONLY: &str = "the recipient accepts mail only from members or from its own organization";
const UNPROVED: &str = "the mail is not authenticated for its domain: publish SPF and DKIM records for the domain of \
    from that include the sending server";

/// In the order in which they are tried, more specific ones first.
const RULES: &[Rule] = &[
    Rule {
        codes: &[],
        enhanced: &[],
        phrases: &["smtpclientauthentication is disabled", "smtp auth is disabled"],
        fault: Fault::Login,
        fix: NO_SMTP_AUTH,
    },
    Rule {
        codes: &[],
        enhanced: &["5.7.139"],
        phrases: &["basic authentication is disabled", "basic auth is disabled", "security defaults policy"],
        fault: Fault::Login,
        fix: NO_BASIC,
    },
    Rule {
        codes: &[],
        enhanced: &["5.7.9", "5.7.14"],
        phrases: &[
            "application-specific password",
            "log in via your web browser",
            "log in with your web browser",
            "badcredentials",
        ],
        fault: Fault::Login,
        fix: APP_PASSWORD,
    },
    Rule {
        codes: &[],
        enhanced: &["5.7.124", "5.7.129", "5.7.133", "5.7.134"],
        phrases: &[],
        fault: Fault::Message,
        fix: MEMBERS_ONLY,
    },
    Rule {
        codes: &[538, 523],
        enhanced: &["5.7.10", "5.7.11"],
        phrases: &[
            "starttls command first",
            "starttls first",
            "encryption required",
            "tls required",
            "requires tls",
            "must use tls",
        ],
        fault: Fault::Encryption,
        fix: NO_TLS,
    },
    Rule {
        codes: &[],
        enhanced: &["5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26"],
        phrases: &["unauthenticated email", "dmarc policy", "does not pass dmarc", "spf check failed", "5.7.515"],
        fault: Fault::Message,
        fix: UNPROVED,
    },
    Rule {
        codes: &[],
        enhanced: &["5.7.60", "5.2.252", "5.1.7", "5.1.8", "5.7.27"],
        phrases: &[
            "send as this sender",
            "sendasdenied",
            "not owned by user",
            "not owned by auth",
            "is not verified",
            "verified sender",
            "sender address rejected",
            "sender verify failed",
            "not authorized to send on behalf",
            "not allowed to send as",
            "not permitted to send from",
            "from address is not",
            "sender rejected",
        ],
        fault: Fault::Sender,
        fix: SENDER,
    },
    Rule {
        codes: &[],
        enhanced: &["5.7.54", "5.7.64"],
        phrases: &[
            "relay access denied",
            "relaying denied",
            "relaying not allowed",
            "relay not permitted",
            "relaying is not permitted",
            "unable to relay",
            "not permitted to relay",
            "do not relay",
            "relay denied",
            "relaying temporarily denied",
        ],
        fault: Fault::Relay,
        fix: RELAY,
    },
    Rule {
        codes: &[530],
        enhanced: &["5.7.57"],
        phrases: &[
            "authentication required",
            "authentication is required",
            "was not authenticated",
            "not authenticated to send",
            "must authenticate",
            "please authenticate",
            "requires authentication",
            "smtp auth required",
        ],
        fault: Fault::Login,
        fix: NO_LOGIN,
    },
    Rule {
        codes: &[534, 535],
        enhanced: &["5.7.8", "5.7.3"],
        phrases: &["authentication failed", "authentication unsuccessful", "authentication credentials invalid"],
        fault: Fault::Login,
        fix: WRONG_LOGIN,
    },
    Rule {
        codes: &[552],
        enhanced: &["5.2.2"],
        phrases: &["mailbox full", "mailbox is full", "over quota", "quota exceeded", "out of storage"],
        fault: Fault::Message,
        fix: "the recipient's mailbox is full",
    },
    Rule {
        codes: &[],
        enhanced: &["5.3.4", "5.2.3"],
        phrases: &[
            "message too large",
            "size exceeds",
            "exceeds fixed limit",
            "message size exceeds",
            "message file too big",
        ],
        fault: Fault::Size,
        fix: SIZE,
    },
    Rule {
        codes: &[],
        enhanced: &["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"],
        phrases: &[
            "user unknown",
            "unknown user",
            "user not found",
            "no such user",
            "no such recipient",
            "no such mailbox",
            "no mailbox",
            "mailbox not found",
            "mailbox unavailable",
            "mailbox does not exist",
            "does not exist",
            "doesn't have a",
            "account has been disabled",
            "account is disabled",
            "unknown recipient",
            "recipient unknown",
            "recipient not found",
            "recipientnotfound",
            "invalid recipient",
            "invalid mailbox",
            "unrouteable address",
            "unroutable address",
            "recipient address rejected: access denied",
            "not a valid mailbox",
        ],
        fault: Fault::Recipient,
        fix: RECIPIENT,
    },
];

/// Interprets a permanent or transient refusal; `None` if nothing is known beyond its code.
pub fn explain(code: u16, text: &str) -> Option<SmtpRefusal> {
    let enhanced = enhanced_code(text).unwrap_or_default();
    let text = text.to_ascii_lowercase();
    let hits = |rule: &Rule| {
        rule.phrases.iter().any(|phrase| text.contains(phrase)) || rule.enhanced.contains(&permanent(enhanced).as_str())
    };
    // Phrases and enhanced codes first: a code alone is least specific.
    let rule = RULES.iter().find(|rule| hits(rule)).or_else(|| RULES.iter().find(|rule| rule.codes.contains(&code)))?;
    // 552 is also used for the size of a message; a full mailbox has its own enhanced code or phrase.
    let fault = if code == 552 && rule.codes.contains(&552) && !hits(rule) { Fault::Size } else { rule.fault };
    let fix = if fault == Fault::Size { SIZE } else { rule.fix };
    // A transient refusal of a recipient may change later (RFC 3463, 2).
    (fault != Fault::Recipient || (500..600).contains(&code)).then_some(SmtpRefusal { fault, fix })
}

/// The enhanced status code at the start of a reply (RFC 2034), such as `5.7.139`.
pub fn enhanced_code(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let word = text.get(..end)?.trim_end_matches('.');
    let mut parts = word.split('.');
    let class = parts.next()?;
    let is_number = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.len() <= 3);
    let is_code = matches!(class, "2" | "4" | "5")
        && is_number(parts.next())
        && is_number(parts.next())
        && parts.next().is_none();
    is_code.then_some(word)
}

/// The permanent form of a code: a server that says "try again" about a wrong login says 4.7.8.
fn permanent(enhanced: &str) -> String {
    enhanced.strip_prefix("4.").map_or_else(|| enhanced.to_string(), |rest| format!("5.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_have_three_numbers_at_the_start() {
        for (text, code) in [
            ("5.7.139 Authentication unsuccessful", Some("5.7.139")),
            ("5.7.60 SMTP; Client", Some("5.7.60")),
            ("5.1.1", Some("5.1.1")),
            ("4.7.0: try again", Some("4.7.0")),
            ("192.0.2.1 is blocked", None),
            ("3.1.1 no class", None),
            ("Message rejected 5.7.1", None),
            ("", None),
        ] {
            assert_eq!(enhanced_code(text), code, "{text}");
        }
    }
}
