//! Explains why no connection to a mail server comes about, and how to fix it.

use mail_in::smtp_refusal::Fault;

/// The fix for a problem with a certificate or with TLS, by the library's error message.
pub fn explain_tls(reason: &str) -> Option<&'static str> {
    let lower = reason.to_ascii_lowercase();
    let contains_any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    Some(if contains_any(&["unknownissuer", "unknown issuer", "untrusted"]) {
        "the server's certificate is of an issuer that is not known here: name the file of its CA with ca, or, where nobody logs in, write \
         tls = \"opportunistic\""
    } else if contains_any(&["causedasendentity"]) {
        "the server's certificate is that of a CA: give the server one of its own, or, where nobody logs in, write tls = \"opportunistic\""
    } else if contains_any(&["notvalidforname", "not valid for name"]) {
        "the server's certificate is for another name: write the host that it names in smtp"
    } else if contains_any(&["expired"]) {
        "the server's certificate has expired: renew it there"
    } else if contains_any(&["notvalidyet", "not valid yet"]) {
        "the server's certificate is not valid yet: see the clocks of both computers"
    } else if contains_any(&["corrupt message", "invalidcontenttype", "invalid content type", "wrong version"]) {
        "the server does not begin with TLS on this port: write smtp://HOST:587 where it goes on to STARTTLS, smtps://HOST:465 otherwise"
    } else if contains_any(&["protocolversion", "protocol version", "handshakefailure", "handshake failure"]) {
        "the server speaks no TLS 1.2 or newer: update it"
    } else {
        return None;
    })
}

/// Whether an error message of the library is about TLS, before any part of a message was sent.
pub fn is_about_tls(reason: &str) -> bool {
    let lower = reason.to_ascii_lowercase();
    let words = ["tls handshake", "invalid peer certificate", "fatal alert", "peer misbehaved", "peer is incompatible"];
    explain_tls(reason).is_some() || words.iter().any(|words| lower.contains(words))
}

/// A problem on the gateway's side, such as with login or encryption, before the server has refused anything.
pub fn explain_client(reason: &str) -> Option<(Fault, &'static str)> {
    if reason.contains("STARTTLS is not supported") {
        let fix = "the server offers no STARTTLS on this port: write smtps://HOST:465, or, where nobody logs in, tls = \"opportunistic\"";
        Some((Fault::Encryption, fix))
    } else if reason.contains("No compatible authentication mechanism") {
        let fix = "the server offers no login that the gateway can use: where it takes XOAUTH2 only, set oauth; where it takes passwords over \
                   TLS only, tls = \"required\"";
        Some((Fault::Login, fix))
    } else if reason.contains("does not expect a challenge") {
        Some((
            Fault::Login,
            "the server does not accept the token: the mailbox in smtp, the scope of oauth, and whether the application may send as it",
        ))
    } else {
        None
    }
}
