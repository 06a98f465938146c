//! Redaction: finds the parts of a text that must not leave the page.
//!
//! A secret is recognised by the name before it (`password=…`) or by its own shape (a JWT). Encodings are undone first, see [`view`]; then one
//! pass over the bytes checks at every offset what could begin there, see [`scan`]. Every look forward and back is bounded, so the time is
//! linear in the length of the text.

mod base64;
mod bytes;
mod finding;
mod issuers;
mod mail;
mod names;
mod numbers;
mod scan;
mod shapes;
mod values;
mod view;

#[cfg(not(target_arch = "wasm32"))]
pub use names::hashed;
use view::View;

/// What a site redacts in addition to the defaults, and whose address is no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Further names whose values are redacted, compared without case, `-`, `_` and spaces; or their hashes, as the gateway publishes them.
    pub names: Vec<String>,
    /// Whether IP addresses are redacted.
    pub ip_addresses: bool,
    /// Whether numbers that look like US social security numbers are redacted.
    pub social_security: bool,
    /// The customer's own e-mail addresses, which are not redacted.
    pub own_emails: Vec<String>,
}

/// The origin of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Collected: addresses of pages, errors, console lines, headers, JSON, values of the host.
    Collected,
    /// Written by a person, who may intend to share an e-mail address or IP address. Those are not redacted.
    Written,
}

/// A part of a text that must not leave the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its start, in bytes.
    pub start: usize,
    /// Its end, in bytes.
    pub end: usize,
    /// Its kind.
    pub kind: Kind,
}

/// The kind of a secret, as far as its name or shape tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A password or passphrase.
    Password,
    /// Proof of a login: access tokens, API sessions, CSRF tokens.
    Token,
    /// An API key.
    Key,
    /// A secret by name only, such as a client secret.
    Secret,
    /// A session.
    Session,
    /// The value of a cookie header.
    Cookie,
    /// A one-time code, or the security code of a card.
    Code,
    /// A signature or credential that makes an address valid for a while.
    Signature,
    /// A JSON web token (RFC 7519), signed, unsigned or encrypted.
    Jwt,
    /// A private key in PEM (RFC 7468).
    PrivateKey,
    /// A payment card number (ISO/IEC 7812).
    Card,
    /// A bank account number (ISO 13616).
    Iban,
    /// A US social security number.
    SocialSecurity,
    /// An e-mail address.
    Email,
    /// An IP address.
    IpAddress,
    /// What the site wants redacted, and encoded text that contains a secret.
    Hidden,
}

impl Kind {
    const ALL: [Kind; 16] = [
        Kind::Password,
        Kind::Token,
        Kind::Key,
        Kind::Secret,
        Kind::Session,
        Kind::Cookie,
        Kind::Code,
        Kind::Signature,
        Kind::Jwt,
        Kind::PrivateKey,
        Kind::Card,
        Kind::Iban,
        Kind::SocialSecurity,
        Kind::Email,
        Kind::IpAddress,
        Kind::Hidden,
    ];

    /// The word in brackets that replaces a secret.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Password => "password",
            Kind::Token => "token",
            Kind::Key => "key",
            Kind::Secret => "secret",
            Kind::Session => "session",
            Kind::Cookie => "cookie",
            Kind::Code => "code",
            Kind::Signature => "signature",
            Kind::Jwt => "jwt",
            Kind::PrivateKey => "private_key",
            Kind::Card => "card",
            Kind::Iban => "iban",
            Kind::SocialSecurity => "ssn",
            Kind::Email => "email",
            Kind::IpAddress => "ip",
            Kind::Hidden => "hidden",
        }
    }
}

const ROUNDS: usize = 4;

/// All secrets in a text, in order, without overlaps. Takes time linear in the length of the text.
pub fn secrets(text: &str, origin: Origin, rules: &Rules) -> Vec<Secret> {
    merge(text, &scan::find_secrets(View::from_text(text.as_bytes()), origin, rules))
}

/// The text with each secret replaced by its kind in brackets, `[jwt]`. Idempotent.
pub fn redact(text: &str, origin: Origin, rules: &Rules) -> String {
    let mut text = text.to_string();
    // A secret next to another may be recognised only when that one is gone.
    for _ in 0..ROUNDS {
        let secrets_found = secrets(&text, origin, rules);
        if secrets_found.is_empty() {
            break;
        }
        text = replace(&text, &secrets_found);
    }
    text
}

/// Redacts the value of a name, such as a host's value, a header or a query parameter: the whole value if the name is that of a secret,
/// otherwise the secrets in it.
pub fn redact_value(name: &str, value: &str, rules: &Rules) -> String {
    let secret = scan::secret_in_value(name.as_bytes(), value.as_bytes(), rules);
    redact(&replace(value, secret.as_slice()), Origin::Collected, rules)
}

/// Redacts only values after the site's own names.
#[cfg(not(target_arch = "wasm32"))]
pub fn redact_configured_names(text: &str, rules: &Rules) -> String {
    let mut text = text.to_string();
    for _ in 0..ROUNDS {
        let mut secrets_found = secrets(&text, Origin::Collected, rules);
        secrets_found.retain(|secret| secret.kind == Kind::Hidden);
        if secrets_found.is_empty() {
            break;
        }
        text = replace(&text, &secrets_found);
    }
    text
}

/// The same for the value of a name.
#[cfg(not(target_arch = "wasm32"))]
pub fn hide_configured_value(name: &str, value: &str, rules: &Rules) -> String {
    let secret =
        scan::secret_in_value(name.as_bytes(), value.as_bytes(), rules).filter(|secret| secret.kind == Kind::Hidden);
    redact_configured_names(&replace(value, secret.as_slice()), rules)
}

/// The findings of several passes, in order. Findings that overlap or touch become one, because in the text they are one run.
fn merge(text: &str, overlapping: &[Secret]) -> Vec<Secret> {
    let mut paint: Vec<Option<Kind>> = vec![None; text.len()];
    for secret in overlapping {
        let Secret { mut start, mut end, kind } = *secret;
        // A span found in decoded bytes may begin or end within a character.
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        for byte in paint.get_mut(start..end).unwrap_or_default() {
            *byte = byte.or(Some(kind));
        }
    }
    let mut out: Vec<Secret> = Vec::new();
    for (start, kind) in paint.iter().enumerate() {
        let Some(kind) = *kind else { continue };
        match out.last_mut() {
            Some(last) if last.end == start => last.end += 1,
            _ => out.push(Secret { start, end: start + 1, kind }),
        }
    }
    out
}

fn replace(text: &str, secrets: &[Secret]) -> String {
    let mut out = String::new();
    let mut copied_until = 0;
    for secret in secrets {
        out.push_str(text.get(copied_until..secret.start).unwrap_or_default());
        out.push('[');
        out.push_str(secret.kind.word());
        out.push(']');
        copied_until = secret.end;
    }
    out.push_str(text.get(copied_until..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
