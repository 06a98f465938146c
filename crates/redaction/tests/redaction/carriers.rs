//! The contexts in which secrets occur.

use super::encoding::{form, html, json, json_by_number, percent, percent_needlessly, single_quoted};
use super::secrets::{CONFIGURED, Half, Secret};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// The name for a secret that needs none.
const NEUTRAL: &str = "detail";

/// A way to write a secret into a text.
pub struct Carrier {
    pub name: &'static str,
    accepts: fn(&Secret) -> bool,
    write: fn(&Parcel) -> String,
}

impl Carrier {
    pub fn carry(&self, secret: &Secret) -> String {
        self.carry_instead(secret, &secret.text)
    }

    /// Writes another text in place of a secret.
    pub fn carry_instead(&self, secret: &Secret, text: &str) -> String {
        (self.write)(&Parcel { name: secret.name, text })
    }

    /// Whether the secret is alone between words that have to stay.
    pub fn is_framed(&self) -> bool {
        ["JSON", "key=value", "logfmt", "error message", "single quotes", "brackets"].contains(&self.name)
    }
}

/// The carriers of a half in which a secret can be distinguished from the text around it.
pub fn carriers(half: Half, secret: &Secret) -> Vec<&'static Carrier> {
    let more = if half == Half::HeldOut { HELD_OUT } else { &[] };
    more.iter().chain(KNOWN).filter(|carrier| (carrier.accepts)(secret)).collect()
}

/// The content of a carrier.
struct Parcel<'a> {
    name: Option<&'a str>,
    text: &'a str,
}

impl Parcel<'_> {
    fn name(&self) -> &str {
        self.name.unwrap_or(NEUTRAL)
    }

    /// As a part of a sentence.
    fn phrase(&self) -> String {
        match self.name {
            Some(name) => format!("{name}={}", self.text),
            None => self.text.to_string(),
        }
    }

    /// As a parameter of a URL.
    fn parameter(&self) -> String {
        format!("{}={}", self.name(), percent(self.text))
    }

    fn header(&self) -> String {
        let name = self.name();
        if name.contains('-') || name.starts_with(char::is_uppercase) {
            return format!("{name}: {}", self.text);
        }
        let parts = name.split('_').filter(|part| !part.is_empty());
        let parts = parts.map(|part| format!("-{}{}", part[..1].to_uppercase(), &part[1..]));
        format!("X{}: {}", parts.collect::<String>(), self.text)
    }

    /// The two halves of the text, for a break in the middle.
    fn halves(&self) -> (&str, &str) {
        let middle = self.text.chars().take(self.text.chars().count() / 2).map(char::len_utf8).sum();
        self.text.split_at(middle)
    }

    fn broken(&self, line_break: &str) -> String {
        let (first, second) = self.halves();
        format!("The server rejected {first}{line_break}{second} at step 2")
    }
}

fn any(_: &Secret) -> bool {
    true
}

fn one_line(secret: &Secret) -> bool {
    !secret.has_lines()
}

/// Whether its end is recognisable without quotes.
fn unquoted(secret: &Secret) -> bool {
    secret.name.is_none() || secret.is_plain()
}

fn unquoted_line(secret: &Secret) -> bool {
    unquoted(secret) && one_line(secret)
}

fn raw_in_quotes(secret: &Secret) -> bool {
    !secret.text.contains(['\'', '"', '\\'])
}

fn breaks(secret: &Secret) -> bool {
    secret.breaks
}

/// Whether it may be broken inside of quotes.
fn breaks_in_quotes(secret: &Secret) -> bool {
    secret.breaks || secret.name.is_some() && secret.is_plain()
}

fn cookie(secret: &Secret) -> bool {
    secret.name.is_some() && secret.is_plain() && !is_authorization(secret)
}

fn header(secret: &Secret) -> bool {
    one_line(secret) && secret.kind != "session" && !is_phrase(secret)
}

/// Whether, without quotes, it is indistinguishable from a sentence about its name.
fn is_phrase(secret: &Secret) -> bool {
    secret.name.is_some() && secret.text.contains(' ') && !is_authorization(secret)
}

fn header_in_quotes(secret: &Secret) -> bool {
    header(secret) && raw_in_quotes(secret)
}

/// A name with its words joined in another way.
fn spelled(name: &str, joint: char) -> String {
    let mut out = String::new();
    let mut after_small = false;
    for c in name.chars() {
        if after_small && c.is_ascii_uppercase() {
            out.push(joint);
        }
        out.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { joint });
        after_small = c.is_ascii_lowercase();
    }
    out
}

/// Whether the spelling of its name may change.
fn renamed(secret: &Secret) -> bool {
    one_line(secret) && secret.kind != CONFIGURED && !is_authorization(secret)
}

fn exported(secret: &Secret) -> bool {
    renamed(secret) && raw_in_quotes(secret) && !secret.name.is_some_and(|name| name.contains('.'))
}

fn twice_encoded(secret: &Secret) -> bool {
    secret.name.is_none() || secret.text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c))
}

fn with_spaces(secret: &Secret) -> bool {
    one_line(secret) && secret.text.contains(' ')
}

fn is_authorization(secret: &Secret) -> bool {
    secret.name.is_some_and(|name| name.to_ascii_lowercase().contains("authorization"))
}

const KNOWN: &[Carrier] = &[
    Carrier {
        name: "query",
        accepts: any,
        write: |parcel| format!("https://app.example.com/settings?{}", parcel.parameter()),
    },
    Carrier {
        name: "second parameter",
        accepts: any,
        write: |parcel| format!("GET https://app.example.com/search?page=2&{}&sort=asc 200", parcel.parameter()),
    },
    Carrier {
        name: "fragment",
        accepts: any,
        write: |parcel| format!("https://app.example.com/callback#{}&expires_in=3600", parcel.parameter()),
    },
    Carrier {
        name: "route in the fragment",
        accepts: any,
        write: |parcel| format!("https://app.example.com/#/invite/accept?{}", parcel.parameter()),
    },
    Carrier {
        name: "parameter in a parameter",
        accepts: any,
        write: |parcel| {
            format!("https://app.example.com/login?next={}", percent(&format!("/team?{}", parcel.parameter())))
        },
    },
    Carrier {
        name: "percent-encoded twice",
        accepts: twice_encoded,
        write: |parcel| {
            let inner = format!("/team?{}={}", parcel.name(), parcel.text);
            format!("https://app.example.com/login?next={}", percent(&percent(&inner)))
        },
    },
    Carrier { name: "header", accepts: header, write: |parcel| parcel.header() },
    Carrier {
        name: "cookie",
        accepts: cookie,
        write: |parcel| format!("Cookie: theme=dark; {}; lang=en", parcel.phrase()),
    },
    Carrier {
        name: "curl",
        accepts: header_in_quotes,
        write: |parcel| {
            let header = parcel.header();
            format!("curl -X POST https://api.example.com/v1/orders -H 'Accept: text/html' -H '{header}' --compressed")
        },
    },
    Carrier {
        name: "JSON",
        accepts: any,
        write: |parcel| format!(r#"{{"id":17,{}:{},"ok":true}}"#, json(parcel.name()), json(parcel.text)),
    },
    Carrier {
        name: "JSON in JSON",
        accepts: any,
        write: |parcel| {
            let inner = format!(r#"{{"id":17,{}:{}}}"#, json(parcel.name()), json(parcel.text));
            format!(r#"{{"status":422,"body":{}}}"#, json(&inner))
        },
    },
    Carrier {
        name: "JSON with numbers of characters",
        accepts: any,
        write: |parcel| format!(r#"{{"id":17,{}:{},"ok":true}}"#, json(parcel.name()), json_by_number(parcel.text)),
    },
    Carrier {
        name: "key=value",
        accepts: unquoted_line,
        write: |parcel| format!("level=error {}={} attempt=3", parcel.name(), parcel.text),
    },
    Carrier {
        name: "logfmt",
        accepts: any,
        write: |parcel| format!(r#"level=error msg="not saved" {}={} attempt=3"#, parcel.name(), json(parcel.text)),
    },
    Carrier {
        name: "error message",
        accepts: unquoted,
        write: |parcel| format!("Request failed with {} while saving the invoice", parcel.phrase()),
    },
    Carrier {
        name: "stack frame",
        accepts: any,
        write: |parcel| format!("    at submit (https://app.example.com/assets/index.js?{}:12:34)", parcel.parameter()),
    },
    Carrier {
        name: "object in the console",
        accepts: any,
        write: |parcel| {
            let name = parcel.name();
            let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let key = if is_word { name.to_string() } else { single_quoted(name) };
            format!("Login failed {{user: 'ada', {key}: {}, attempt: 3}}", single_quoted(parcel.text))
        },
    },
    Carrier { name: "broken by a newline", accepts: breaks, write: |parcel| parcel.broken("\n") },
    Carrier { name: "broken by an escaped newline", accepts: breaks, write: |parcel| parcel.broken("\\n") },
    Carrier {
        name: "broken in quotes",
        accepts: breaks_in_quotes,
        write: |parcel| {
            let (first, second) = parcel.halves();
            format!("{{\"id\":17,\"{}\":\"{first}\n{second}\",\"ok\":true}}", parcel.name())
        },
    },
    Carrier {
        name: "YAML",
        accepts: any,
        write: |parcel| {
            let name = parcel.name();
            let value = if parcel.text.contains('\n') {
                format!("|\n    {}", parcel.text.replace('\n', "\n    "))
            } else if parcel.text.chars().all(|c| c.is_ascii_alphanumeric() || "-_+/=.@:".contains(c)) {
                parcel.text.to_string()
            } else {
                json(parcel.text)
            };
            format!("service:\n  {name}: {value}\n  retries: 3")
        },
    },
    Carrier {
        name: "single quotes",
        accepts: raw_in_quotes,
        write: |parcel| format!("unexpected argument {}='{}' in call 7", parcel.name(), parcel.text),
    },
    Carrier {
        name: "brackets",
        accepts: unquoted_line,
        write: |parcel| format!("Rejected input [{}] (attempt 3)", parcel.phrase()),
    },
    Carrier {
        name: "start",
        accepts: unquoted,
        write: |parcel| format!("{} was rejected by the server", parcel.phrase()),
    },
    Carrier { name: "end", accepts: unquoted, write: |parcel| format!("The server rejected {}", parcel.phrase()) },
    Carrier {
        name: "twice",
        accepts: unquoted,
        write: |parcel| format!("first try {0}, second try {0} again", parcel.phrase()),
    },
    Carrier {
        name: "header in base64",
        accepts: header,
        write: |parcel| format!("upstream repeated {} twice", BASE64_STANDARD.encode(parcel.header())),
    },
    Carrier {
        name: "Arabic",
        accepts: unquoted,
        write: |parcel| format!("تعذّر حفظ الفاتورة {} 🙂 أعد المحاولة", parcel.phrase()),
    },
    Carrier {
        name: "HTML attribute",
        accepts: renamed,
        write: |parcel| {
            let name = spelled(parcel.name(), '-');
            format!(r#"<button type="button" data-{name}="{}" class="primary">"#, html(parcel.text))
        },
    },
];

const HELD_OUT: &[Carrier] = &[
    Carrier { name: "broken by a carriage return", accepts: breaks, write: |parcel| parcel.broken("\r\n") },
    Carrier {
        name: "form",
        accepts: with_spaces,
        write: |parcel| format!("POST /settings body: page=2&{}={}&save=1", parcel.name(), form(parcel.text)),
    },
    Carrier {
        name: "percent-encoded without need",
        accepts: any,
        write: |parcel| {
            let value = percent_needlessly(parcel.text);
            format!("https://app.example.com/settings?tab=2&{}={value}", parcel.name())
        },
    },
    Carrier {
        name: "link in HTML",
        accepts: any,
        write: |parcel| format!(r#"<a href="/team?page=2&amp;{}" class="next">"#, parcel.parameter()),
    },
    Carrier {
        name: "Python",
        accepts: any,
        write: |parcel| format!("KeyError: {{'id': 17, '{}': {}}}", parcel.name(), single_quoted(parcel.text)),
    },
    Carrier {
        name: "Ruby",
        accepts: any,
        write: |parcel| format!(r#"  Parameters: {{"id"=>"17", {}=>{}}}"#, json(parcel.name()), json(parcel.text)),
    },
    Carrier {
        name: "JSON over lines",
        accepts: any,
        write: |parcel| {
            format!("{{\n  \"id\": 17,\n  {} :\n    {},\n  \"ok\": true\n}}", json(parcel.name()), json(parcel.text))
        },
    },
    Carrier {
        name: "settings file",
        accepts: unquoted_line,
        write: |parcel| format!("[service]\n{} = {}\nretries = 3", parcel.name(), parcel.text),
    },
    Carrier {
        name: "environment",
        accepts: exported,
        write: |parcel| format!("export {}='{}'", spelled(parcel.name(), '_').to_uppercase(), parcel.text),
    },
    Carrier {
        name: "backticks",
        accepts: unquoted_line,
        write: |parcel| format!("It fails as soon as I send `{}` to it.", parcel.phrase()),
    },
    Carrier { name: "emoji", accepts: unquoted_line, write: |parcel| format!("🔑{}🔑", parcel.phrase()) },
    Carrier {
        name: "header in base64 for URLs",
        accepts: header,
        write: |parcel| format!("proxy saw {}", BASE64_URL_SAFE_NO_PAD.encode(parcel.header())),
    },
];
