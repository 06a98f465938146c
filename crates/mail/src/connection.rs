//! Explains why no connection to a mail server comes about, and how to fix it.

use mail_in::smtp_refusal::Fault;

/// The fix for a problem with a certificate or with TLS, by the library's error message.
pub fn explain_tls(reason: &str) -> Option<&'static str> {
    let lower = reason.to_ascii_lowercase();
    let contains_any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    Some(if contains_any(&["unknownissuer", "unknown issuer", "untrusted"]) {
        "the server's certificate is from an unknown issuer: set ca to the file of its CA, or set tls = \
         \"opportunistic\" if nobody logs in"
    } else if contains_any(&["causedasendentity"]) {
        "the server's certificate is that of a CA: give the server its own certificate, or set tls = \
         \"opportunistic\" if nobody logs in"
    } else if contains_any(&["notvalidforname", "not valid for name"]) {
        "the server's certificate is for another name: use the host of the certificate in smtp"
    } else if contains_any(&["expired"]) {
        "the server's certificate has expired: renew it on the server"
    } else if contains_any(&["notvalidyet", "not valid yet"]) {
        "the server's certificate is not valid yet: check the clocks of both computers"
    } else if contains_any(&["corrupt message", "invalidcontenttype", "invalid content type", "wrong version"]) {
        "the server does not start with TLS on this port: use smtp://HOST:587 if it supports STARTTLS, \
         smtps://HOST:465 otherwise"
    } else if contains_any(&["protocolversion", "protocol version", "handshakefailure", "handshake failure"]) {
        "the server does not support TLS 1.2 or newer: update the server"
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
        let fix = "the server does not offer STARTTLS on this port: use smtps://HOST:465, or set tls = \
            \"opportunistic\" if nobody logs in";
        Some((Fault::Encryption, fix))
    } else if reason.contains("No compatible authentication mechanism") {
        let fix = "the server offers no login that the gateway supports: set oauth if it accepts XOAUTH2 only; set \
            tls = \"required\" if it accepts passwords over TLS only";
        Some((Fault::Login, fix))
    } else if reason.contains("does not expect a challenge") {
        Some((
            Fault::Login,
            "the server does not accept the token: check the mailbox in smtp, the scope of oauth, and whether the \
             application may send as it",
        ))
    } else {
        None
    }
}
