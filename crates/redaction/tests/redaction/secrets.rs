//! The secrets of the corpus. None is real and none is in this file: each is assembled from the documented form of its kind and generated
//! characters.

use super::encoding::percent;
use super::random::{BASE32, BASE62, BASE64, BASE64_URL, DIGITS, HEX, Random, UPPER};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use redaction::Rules;

/// A half of the corpus: `Known` may be used while the redaction is developed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Known,
    HeldOut,
}

/// A secret that must not be in a ticket.
pub struct Secret {
    pub kind: &'static str,
    /// The name that identifies it; without one, its shape does.
    pub name: Option<&'static str>,
    /// The planted text.
    pub text: String,
    /// The parts of it that have to be redacted.
    pub cores: Vec<String>,
    /// Whether it is one word of a documented form, which may continue after a line break.
    pub breaks: bool,
}

impl Secret {
    fn word(text: String) -> Secret {
        Secret { breaks: true, ..Secret::shape(text) }
    }

    fn shape(text: String) -> Secret {
        Secret::around(&text.clone(), text)
    }

    fn around(core: &str, text: String) -> Secret {
        Secret { kind: "", name: None, text, cores: vec![core.to_string()], breaks: false }
    }

    fn named(name: &'static str, text: String) -> Secret {
        Secret { name: Some(name), ..Secret::shape(text) }
    }

    /// Whether it may follow its name without quotes.
    pub fn is_plain(&self) -> bool {
        self.text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~+/=!@$*:".contains(c))
    }

    pub fn has_lines(&self) -> bool {
        self.text.contains('\n')
    }
}

/// The kinds that the configuration enables.
pub fn rules() -> Rules {
    Rules {
        names: vec!["x-tenant-pin".into(), "badge-number".into()],
        ip_addresses: true,
        social_security: true,
        own_emails: vec!["ada@example.com".into()],
    }
}

/// The kind that is only identified by a configured name.
pub const CONFIGURED: &str = "configured name";

/// The kind that is redacted only in collected text: in a text of one's own, an address is intended.
const EMAIL: &str = "e-mail address";
/// The kinds that a person may intend to share, and which are redacted only in collected text.
pub const TOLD: [&str; 3] = [EMAIL, "IPv4", "IPv6"];

/// The secrets of a half.
pub fn secrets(half: Half) -> Vec<Secret> {
    let mut out = Vec::new();
    for (kind, count, make) in KINDS {
        for index in 0..*count {
            let random = Random::new(kind, if half == Half::Known { index } else { 1000 + index });
            out.push(Secret { kind, ..make(&mut Draw { half, index, random }) });
        }
    }
    out
}

/// A secret being created.
struct Draw {
    half: Half,
    index: usize,
    random: Random,
}

impl Draw {
    /// Alternates between the forms of the secret's half.
    fn turn<T: Copy>(&self, known: &[T], held_out: &[T]) -> T {
        let forms = if self.half == Half::Known { known } else { held_out };
        forms[self.index % forms.len()]
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        self.random.text(alphabet, length)
    }

    /// A password as forms accept it: letters of both cases and digits.
    fn simple_password(&mut self) -> String {
        let word = capitalised(self.random.pick(WORDS));
        format!("{word}{}{}", self.random.between(10, 9999), self.random.pick(WORDS))
    }
}

type Make = fn(&mut Draw) -> Secret;

const KINDS: &[(&str, usize, Make)] = &[
    ("jwt", 6, jwt),
    ("AWS access key", 4, aws_access_key),
    ("AWS secret key", 4, aws_secret_key),
    ("GitHub", 6, github),
    ("GitLab", 4, gitlab),
    ("Slack", 5, slack),
    ("Slack webhook", 2, slack_webhook),
    ("Stripe", 4, stripe),
    ("OpenAI", 4, openai),
    ("Anthropic", 4, anthropic),
    ("Google", 5, google),
    ("PostHog", 4, posthog),
    ("npm", 4, npm),
    ("PyPI", 4, pypi),
    ("SendGrid", 4, sendgrid),
    ("Twilio", 4, twilio),
    ("Twilio by name", 2, twilio_by_name),
    ("bearer", 5, bearer),
    ("basic", 4, basic),
    ("authorization", 4, authorization),
    ("password in a URL", 8, url_password),
    ("pem", 6, pem),
    ("card", 12, card),
    ("IBAN", 10, iban),
    ("social security", 4, social_security),
    (EMAIL, 6, email),
    ("IPv4", 4, ipv4),
    ("IPv6", 4, ipv6),
    ("query value", 5, query_value),
    ("OAuth code", 4, oauth_code),
    ("signed URL", 4, signed_url),
    ("connection string", 4, connection_string),
    ("password", 6, simple_password),
    ("password with signs", 6, password_with_signs),
    ("passphrase", 4, passphrase),
    ("password in Unicode", 4, password_in_unicode),
    ("token by name", 6, token_by_name),
    ("key by name", 6, key_by_name),
    ("session", 5, session),
    ("csrf", 4, csrf),
    (CONFIGURED, 2, configured),
];

const WORDS: &[&str] = &[
    "harbour", "falcon", "winter", "candle", "meadow", "copper", "violet", "thunder", "pebble", "lantern", "orchid",
    "saddle", "marble", "juniper", "walnut", "glacier",
];

fn jwt(draw: &mut Draw) -> Secret {
    let known = [("HS256", 43), ("RS256", 342), ("ES256", 86)];
    let held_out = [("HS512", 86), ("EdDSA", 86), ("PS256", 342), ("A256GCM", 0)];
    let (algorithm, signature) = draw.turn(&known, &held_out);
    let encode = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
    if algorithm == "A256GCM" {
        let header = encode(format!(r#"{{"alg":"RSA-OAEP","enc":"{algorithm}"}}"#));
        let parts = [342, 16, 80, 22].map(|length| draw.text(BASE64_URL, length));
        return Secret::word(format!("{header}.{}", parts.join(".")));
    }
    let key = if draw.half == Half::Known { String::new() } else { format!(r#","kid":"{}""#, draw.text(HEX, 8)) };
    let header = encode(format!(r#"{{"alg":"{algorithm}","typ":"JWT"{key}}}"#));
    let issued = draw.random.between(1_600_000_000, 1_760_000_000);
    let person = draw.text(DIGITS, 6);
    let claims = encode(format!(r#"{{"sub":"{person}","iat":{issued},"exp":{}}}"#, issued + 3600));
    Secret::word(format!("{header}.{claims}.{}", draw.text(BASE64_URL, signature)))
}

fn aws_access_key(draw: &mut Draw) -> Secret {
    let prefix = draw.turn(&["AKIA"], &["ASIA", "AKIA"]);
    Secret::word(format!("{prefix}{}", draw.text(BASE32, 16)))
}

fn aws_secret_key(draw: &mut Draw) -> Secret {
    let name =
        draw.turn(&["aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"], &["secretAccessKey", "aws-secret-access-key"]);
    Secret::named(name, draw.text(BASE64, 40))
}

fn github(draw: &mut Draw) -> Secret {
    let prefix = draw.turn(&["ghp_", "gho_", "github_pat_"], &["ghu_", "ghs_", "ghr_", "github_pat_"]);
    let body = match prefix {
        "github_pat_" => format!("{}_{}", draw.text(BASE62, 22), draw.text(BASE62, 59)),
        _ => draw.text(BASE62, 36),
    };
    Secret::word(format!("{prefix}{body}"))
}

fn gitlab(draw: &mut Draw) -> Secret {
    let held_out = [("glpat-", 20), ("glrt-", 20), ("glptt-", 40), ("glpat-", 27)];
    let (prefix, length) = draw.turn(&[("glpat-", 20), ("gldt-", 20)], &held_out);
    let alphabet = if length == 40 { HEX } else { BASE64_URL };
    // The newer form ends with its own length and checksum.
    let end = if length == 27 { format!(".01{}", draw.text(HEX, 7)) } else { String::new() };
    Secret::word(format!("{prefix}{}{end}", draw.text(alphabet, length)))
}

fn slack(draw: &mut Draw) -> Secret {
    let known: &[(&str, &[usize], usize)] = &[("xoxb", &[12, 13], 24), ("xoxp", &[12, 12, 13], 32)];
    let held_out: &[(&str, &[usize], usize)] =
        &[("xoxb", &[11, 12], 24), ("xapp-1", &[13], 64), ("xoxs", &[12, 12, 12], 32), ("xoxe-1", &[], 146)];
    let (prefix, numbers, length) = draw.turn(known, held_out);
    let numbers: String = numbers.iter().map(|length| format!("-{}", draw.text(DIGITS, *length))).collect();
    let app = if prefix == "xapp-1" { format!("-A{}", draw.text(BASE32, 10)) } else { String::new() };
    let alphabet = if [32, 64].contains(&length) { HEX } else { BASE62 };
    Secret::word(format!("{prefix}{app}{numbers}-{}", draw.text(alphabet, length)))
}

fn slack_webhook(draw: &mut Draw) -> Secret {
    let secret = draw.text(BASE62, 24);
    let place = format!("T{}/B{}", draw.text(BASE32, 8), draw.text(BASE32, 10));
    Secret::around(&secret, format!("https://hooks.slack.com/services/{place}/{secret}"))
}

fn stripe(draw: &mut Draw) -> Secret {
    let known = [("sk_live_", 24), ("sk_test_", 24), ("whsec_", 32)];
    let held_out = [("rk_live_", 24), ("sk_live_", 99), ("rk_test_", 99), ("whsec_", 32)];
    let (prefix, length) = draw.turn(&known, &held_out);
    Secret::word(format!("{prefix}{}", draw.text(BASE62, length)))
}

fn openai(draw: &mut Draw) -> Secret {
    let (prefix, half) =
        draw.turn(&[("sk-", 20), ("sk-proj-", 74)], &[("sk-svcacct-", 74), ("sk-admin-", 58), ("sk-", 20)]);
    let alphabet = if half == 20 { BASE62 } else { BASE64_URL };
    // The brand in base64, in the middle of every key.
    let brand = BASE64_STANDARD.encode("OpenAI");
    Secret::word(format!("{prefix}{}{brand}{}", draw.text(alphabet, half), draw.text(alphabet, half)))
}

fn anthropic(draw: &mut Draw) -> Secret {
    let prefix = draw.turn(&["sk-ant-api03-"], &["sk-ant-admin01-", "sk-ant-api03-", "sk-ant-oat01-"]);
    Secret::word(format!("{prefix}{}AA", draw.text(BASE64_URL, 93)))
}

fn google(draw: &mut Draw) -> Secret {
    let (prefix, length) = draw.turn(
        &[("AIza", 35), ("GOCSPX-", 28), ("ya29.", 120)],
        &[("AIza", 35), ("GOCSPX-", 28), ("ya29.a0", 180), ("1//0", 90)],
    );
    Secret::word(format!("{prefix}{}", draw.text(BASE64_URL, length)))
}

fn posthog(draw: &mut Draw) -> Secret {
    let prefix = draw.turn(&["phx_"], &["phx_", "phs_"]);
    Secret::word(format!("{prefix}{}", draw.text(BASE62, 43)))
}

fn npm(draw: &mut Draw) -> Secret {
    Secret::word(format!("npm_{}", draw.text(BASE62, 36)))
}

fn pypi(draw: &mut Draw) -> Secret {
    // Every token is a macaroon of the index it is for.
    let place = draw.turn(&["\u{2}\u{1}\u{8}pypi.org"], &["\u{2}\u{1}\u{d}test.pypi.org", "\u{2}\u{1}\u{8}pypi.org"]);
    let start = BASE64_URL_SAFE_NO_PAD.encode(place);
    let length = draw.turn(&[150], &[158, 180]);
    Secret::word(format!("pypi-{start}{}", draw.text(BASE64_URL, length)))
}

fn sendgrid(draw: &mut Draw) -> Secret {
    Secret::word(format!("SG.{}.{}", draw.text(BASE64_URL, 22), draw.text(BASE64_URL, 43)))
}

fn twilio(draw: &mut Draw) -> Secret {
    Secret::word(format!("SK{}", draw.text(HEX, 32)))
}

fn twilio_by_name(draw: &mut Draw) -> Secret {
    Secret::named(draw.turn(&["TWILIO_AUTH_TOKEN"], &["twilioAuthToken"]), draw.text(HEX, 32))
}

fn bearer(draw: &mut Draw) -> Secret {
    let forms = (&[(BASE62, 40), (HEX, 64)], &[(BASE64_URL, 86), (BASE62, 24), (BASE64, 44), (HEX, 40)]);
    let (alphabet, length) = draw.turn(forms.0, forms.1);
    let scheme = draw.turn(&["Bearer"], &["bearer", "Bearer", "BEARER"]);
    let token = draw.text(alphabet, length);
    Secret::around(&token, format!("{scheme} {token}"))
}

fn basic(draw: &mut Draw) -> Secret {
    let password = draw.simple_password();
    let encoded = BASE64_STANDARD.encode(format!("{}:{password}", draw.random.pick(WORDS)));
    let name = draw.turn(&["Authorization"], &["authorization", "Proxy-Authorization"]);
    Secret { cores: vec![encoded.clone(), password], ..Secret::named(name, format!("Basic {encoded}")) }
}

fn authorization(draw: &mut Draw) -> Secret {
    let scheme = draw.turn(&["Token ", ""], &["ApiKey ", "Token token=", ""]);
    let token = draw.text(HEX, 40);
    Secret { cores: vec![token.clone()], ..Secret::named("Authorization", format!("{scheme}{token}")) }
}

fn url_password(draw: &mut Draw) -> Secret {
    let known = ["https", "postgres", "mysql", "redis", "mongodb+srv", "amqp", "ftp", "http"];
    let held_out = ["postgresql", "rediss", "wss", "sftp", "mssql", "amqps", "smtp", "https"];
    let scheme = draw.turn(&known, &held_out);
    let user = if scheme.starts_with("redis") { "" } else { draw.random.pick(WORDS) };
    let password = match draw.index {
        5 => format!("{}@{}", draw.simple_password(), draw.text(BASE62, 4)),
        6 => draw.simple_password() + "!$x",
        _ => draw.simple_password(),
    };
    let written = if draw.half == Half::Known { percent(&password) } else { password.clone() };
    let host = draw.random.pick(&["db.example.com:5432", "example.org", "queue.internal.example:6380"]);
    Secret::around(&password, format!("{scheme}://{user}:{written}@{host}/shop"))
}

fn pem(draw: &mut Draw) -> Secret {
    let known = [("PRIVATE KEY", 14), ("RSA PRIVATE KEY", 13), ("EC PRIVATE KEY", 3), ("OPENSSH PRIVATE KEY", 7)];
    let held_out =
        [("ENCRYPTED PRIVATE KEY", 16), ("DSA PRIVATE KEY", 10), ("RSA PRIVATE KEY", 13), ("PRIVATE KEY", 2)];
    let (label, lines) = draw.turn(&known, &held_out);
    let start = if label.starts_with("OPENSSH") { "b3BlbnNzaC1rZXktdjEAAAAA" } else { "MII" };
    let mut body: Vec<String> = (0..lines).map(|_| draw.text(BASE64, 64)).collect();
    body[0].replace_range(..start.len(), start);
    body.push(draw.text(BASE64, 42) + "==");
    // Headers that OpenSSL writes above a key with a passphrase.
    let headers = match (draw.half, label) {
        (Half::HeldOut, "RSA PRIVATE KEY") => {
            format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{}\n\n", draw.text("0123456789ABCDEF", 32))
        }
        _ => String::new(),
    };
    let text = format!("-----BEGIN {label}-----\n{headers}{}\n-----END {label}-----", body.join("\n"));
    Secret { cores: body, ..Secret::shape(text) }
}

fn card(draw: &mut Draw) -> Secret {
    let known = [("4", 16), ("51", 16), ("34", 15), ("6011", 16), ("3528", 16), ("36", 14)];
    let held_out =
        [("4", 16), ("2720", 16), ("37", 15), ("65", 16), ("3589", 16), ("38", 14), ("2221", 16), ("55", 16)];
    let (prefix, length) = draw.turn(&known, &held_out);
    let mut digits = format!("{prefix}{}", draw.text(DIGITS, length - prefix.len() - 1));
    digits.push(check_digit(&digits));
    let separator = [" ", "", "-"][(draw.index + draw.index / 6) % 3];
    let groups: &[usize] = if length == 16 { &[4, 4, 4, 4] } else { &[4, 6, 5] };
    Secret::word(grouped(&digits, groups, separator))
}

/// The check digit of a card number, by the Luhn algorithm.
fn check_digit(digits: &str) -> char {
    let values = digits.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let doubled = values.enumerate().map(|(index, value)| if index % 2 == 0 { value * 2 } else { value });
    let sum: u32 = doubled.map(|value| value / 10 + value % 10).sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap()
}

fn grouped(text: &str, groups: &[usize], separator: &str) -> String {
    let mut rest = text;
    let mut parts = Vec::new();
    for group in groups {
        let (part, after) = rest.split_at((*group).min(rest.len()));
        parts.push(part);
        rest = after;
    }
    parts.join(separator)
}

fn iban(draw: &mut Draw) -> Secret {
    // How many letters and digits follow the check digits, and how many of them at the start are letters.
    let known =
        [("DE", 18, 0), ("GB", 18, 4), ("FR", 23, 0), ("ES", 20, 0), ("IT", 23, 1), ("NL", 14, 4), ("AT", 16, 0)];
    let held_out = [
        ("CH", 17, 0),
        ("BE", 12, 0),
        ("PL", 24, 0),
        ("PT", 21, 0),
        ("IE", 18, 4),
        ("NO", 11, 0),
        ("SE", 20, 0),
        ("SA", 20, 0),
    ];
    let (country, length, letters) = draw.turn(&known, &held_out);
    let account = draw.text(UPPER, letters) + &draw.text(DIGITS, length - letters);
    let number = format!("{country}{:02}{account}", 98 - remainder(&format!("{account}{country}00")));
    let separator = if draw.index.is_multiple_of(2) { " " } else { "" };
    Secret::word(grouped(&number, &[4; 9], separator).trim_end().to_string())
}

/// The remainder of an account number, with letters as numbers from ten on.
fn remainder(text: &str) -> u32 {
    let values = text.chars().filter_map(|c| c.to_digit(36));
    values.fold(0, |rest, value| (rest * if value > 9 { 100 } else { 10 } + value) % 97)
}

fn social_security(draw: &mut Draw) -> Secret {
    let separator = draw.turn(&["-"], &["-", " "]);
    let area = draw.random.pick(&[1, 2, 4, 5]) * 100 + draw.random.between(1, 65);
    let (group, serial) = (draw.random.between(1, 99), draw.random.between(1, 9999));
    Secret::shape(format!("{area:03}{separator}{group:02}{separator}{serial:04}"))
}

fn email(draw: &mut Draw) -> Secret {
    let people = ["mara.lindqvist", "j.okafor", "tomasz", "b_haddad", "nguyen.thi.hoa", "wim-de-boer"];
    let tag = draw.turn(&["", "77"], &["+billing", ".intern", ""]);
    let hosts = ["nordwind.se", "kontor.de", "mail.lumen.co.uk"];
    let more_hosts = ["post.uni-graz.at", "fjord.travel", "xn--mnchen-3ya.de"];
    let host = draw.turn(&hosts, &more_hosts);
    Secret::shape(format!("{}{tag}@{host}", draw.random.pick(&people)))
}

fn ipv4(draw: &mut Draw) -> Secret {
    let first = draw.turn(&["84", "203"], &["192.168", "10", "172.31", "217"]);
    let missing = 4 - first.split('.').count();
    let rest: Vec<String> = (0..missing).map(|_| draw.random.between(2, 254).to_string()).collect();
    Secret::shape(format!("{first}.{}", rest.join(".")))
}

fn ipv6(draw: &mut Draw) -> Secret {
    let group = |draw: &mut Draw| format!("{:x}", draw.random.between(0x1000, 0xffff));
    let groups = |draw: &mut Draw, count: usize| (0..count).map(|_| group(draw)).collect::<Vec<_>>().join(":");
    let text = match draw.turn(&["full", "short"], &["short", "upper", "link", "mapped"]) {
        "full" => format!("2a02:{}", groups(draw, 7)),
        "upper" => format!("2A02:{}", groups(draw, 7).to_uppercase()),
        "link" => format!("fe80::{}", groups(draw, 4)),
        "mapped" => format!("::ffff:84.{}.{}.17", draw.random.between(20, 250), draw.random.between(20, 250)),
        _ => format!("2001:{}::{}", groups(draw, 2), groups(draw, 1)),
    };
    Secret::shape(text)
}

fn query_value(draw: &mut Draw) -> Secret {
    let known = [("ref", BASE64_URL, 43), ("state", BASE62, 32), ("data", BASE64_URL, 120)];
    let held_out = [("t", BASE64_URL, 64), ("invite", BASE62, 40), ("k", BASE62, 48), ("continue", BASE64_URL, 300)];
    let (name, alphabet, length) = draw.turn(&known, &held_out);
    let value = draw.text(alphabet, length);
    Secret::around(&value, format!("https://app.example.com/join?lang=de&{name}={value}"))
}

fn oauth_code(draw: &mut Draw) -> Secret {
    let code = match draw.turn(&["google", "plain"], &["long", "google", "fragment"]) {
        "google" => format!("4/0{}", draw.text(BASE64_URL, 70)),
        "long" => format!("0.{}.{}", draw.text(BASE64_URL, 60), draw.text(BASE64_URL, 200)),
        _ => draw.text(BASE62, 40),
    };
    let mark = if draw.half == Half::HeldOut && draw.index == 2 { '#' } else { '?' };
    let url = format!("https://app.example.com/oauth/callback{mark}code={}&scope=openid", percent(&code));
    Secret::around(&code, url)
}

fn signed_url(draw: &mut Draw) -> Secret {
    let file = format!("{}.pdf", draw.random.pick(WORDS));
    match draw.turn(&["aws"], &["google", "azure", "aws session"]) {
        "google" => {
            let signature = draw.text(HEX, 512);
            let url =
                format!("https://storage.googleapis.com/bucket/{file}?X-Goog-Expires=900&X-Goog-Signature={signature}");
            Secret::around(&signature, url)
        }
        "azure" => {
            let signature = draw.text(BASE64, 43) + "=";
            let url = format!(
                "https://shop.blob.core.windows.net/docs/{file}?sv=2024-11-04&sp=r&sig={}",
                percent(&signature)
            );
            Secret::around(&signature, url)
        }
        form => {
            let key = format!("{}{}", if form == "aws" { "AKIA" } else { "ASIA" }, draw.text(BASE32, 16));
            let signature = draw.text(HEX, 64);
            let token = if form == "aws" { String::new() } else { draw.text(BASE64, 220) };
            let session =
                if form == "aws" { String::new() } else { format!("&X-Amz-Security-Token={}", percent(&token)) };
            let url = format!(
                "https://bucket.s3.amazonaws.com/{file}?X-Amz-Credential={key}%2F20250301%2Feu-west-1%2Fs3%2Faws4_request\
                 &X-Amz-Expires=900{session}&X-Amz-Signature={signature}"
            );
            let cores = [key, signature, token].into_iter().filter(|core| !core.is_empty()).collect();
            Secret { cores, ..Secret::shape(url) }
        }
    }
}

fn connection_string(draw: &mut Draw) -> Secret {
    let password = draw.simple_password();
    let text = match draw.turn(&["server", "libpq"], &["azure", "jdbc", "pwd"]) {
        "azure" => {
            let key = draw.text(BASE64, 86) + "==";
            let text = format!(
                "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={key};EndpointSuffix=core.windows.net"
            );
            return Secret::around(&key, text);
        }
        "jdbc" => format!("jdbc:postgresql://db.example.com:5432/shop?user=app&password={password}&sslmode=require"),
        "pwd" => format!("Driver=ODBC18;Server=db.example.com;UID=app;PWD={password};Encrypt=yes"),
        "libpq" => format!("host=db.example.com port=5432 dbname=shop user=app password={password} sslmode=require"),
        _ => format!("Server=db.example.com;Database=shop;User Id=app;Password={password};Encrypt=True"),
    };
    Secret::around(&password, text)
}

const PASSWORD_NAMES: (&[&str], &[&str]) = (
    &["password", "passwd", "pwd", "user_password", "Password"],
    &["newPassword", "db_password", "passphrase", "PGPASSWORD", "old-password", "password"],
);

fn simple_password(draw: &mut Draw) -> Secret {
    let text = draw.simple_password();
    Secret::named(draw.turn(PASSWORD_NAMES.0, PASSWORD_NAMES.1), text)
}

fn password_with_signs(draw: &mut Draw) -> Secret {
    let (first, second) = (capitalised(draw.random.pick(WORDS)), draw.random.pick(WORDS));
    let number = draw.random.between(2, 99);
    let text = match draw.turn(&["and", "marks", "dollar"], &["comma", "quote", "brace", "hash", "slash", "angle"]) {
        "and" => format!("{}&{number}", first.replace('a', "4").replace('o', "0") + second),
        "marks" => format!("{first}!{number}?{second}"),
        "dollar" => format!("{first}${second}#{number}"),
        "comma" => format!("{first},{second};{number}"),
        "quote" => format!("{first}'s \"{second}\" {number}"),
        "brace" => format!("{{{first}}}({second})[{number}]"),
        "hash" => format!("#{number}{first}%{second}"),
        "slash" => format!("{first}\\{second}/{number}"),
        _ => format!("{first}<{second}>={number}"),
    };
    Secret::named(draw.turn(PASSWORD_NAMES.0, PASSWORD_NAMES.1), text)
}

fn passphrase(draw: &mut Draw) -> Secret {
    let separator = draw.turn(&[" ", "-"], &[", ", " ", "."]);
    let words: Vec<&str> = (0..4).map(|index| WORDS[(draw.index * 5 + index * 3) % WORDS.len()]).collect();
    let mark = if draw.half == Half::HeldOut { "!" } else { "" };
    Secret::named(draw.turn(PASSWORD_NAMES.0, PASSWORD_NAMES.1), words.join(separator) + mark)
}

fn password_in_unicode(draw: &mut Draw) -> Secret {
    let word = draw.turn(&["Größenwahn", "señorita"], &["пароль-весна", "كلمةالسر", "très-fâché", "秘密の花園です"]);
    let number = draw.random.between(1000, 9999);
    Secret::named(draw.turn(PASSWORD_NAMES.0, PASSWORD_NAMES.1), format!("{word}{number}"))
}

fn token_by_name(draw: &mut Draw) -> Secret {
    let known = ["access_token", "refresh_token", "token", "auth_token"];
    let held_out = ["id_token", "authToken", "accessToken", "x-auth-token", "reset_token"];
    let (alphabet, length) =
        draw.turn(&[(BASE62, 40), (HEX, 32), (BASE62, 22)], &[(BASE64_URL, 64), (BASE62, 12), (HEX, 20)]);
    Secret::named(draw.turn(&known, &held_out), draw.text(alphabet, length))
}

fn key_by_name(draw: &mut Draw) -> Secret {
    let known = ["api_key", "apikey", "x-api-key", "client_secret", "secret_key", "secret"];
    let held_out = ["apiKey", "clientSecret", "api-key", "private_key", "app_secret", "X-Api-Key"];
    let (alphabet, length) = draw.turn(&[(HEX, 32), (BASE62, 36)], &[(BASE62, 20), (HEX, 64), (BASE64, 44)]);
    Secret::named(draw.turn(&known, &held_out), draw.text(alphabet, length))
}

fn session(draw: &mut Draw) -> Secret {
    let known = ["sessionid", "session_id", "PHPSESSID", "sid"];
    let held_out = ["JSESSIONID", "connect.sid", "session_token", "sessionId"];
    let (alphabet, length) = draw.turn(&[(BASE62, 26), (HEX, 32)], &[(HEX, 40), (BASE62, 32)]);
    Secret::named(draw.turn(&known, &held_out), draw.text(alphabet, length))
}

fn csrf(draw: &mut Draw) -> Secret {
    let known = ["csrf_token", "_csrf", "csrfmiddlewaretoken", "x-csrf-token"];
    let held_out = ["xsrf-token", "authenticity_token", "csrfToken", "__RequestVerificationToken"];
    let (alphabet, length) = draw.turn(&[(BASE62, 64), (BASE62, 32)], &[(BASE64_URL, 36), (BASE62, 86)]);
    Secret::named(draw.turn(&known, &held_out), draw.text(alphabet, length))
}

fn configured(draw: &mut Draw) -> Secret {
    Secret::named(["x-tenant-pin", "badge-number"][draw.index], draw.text(DIGITS, 8))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}
