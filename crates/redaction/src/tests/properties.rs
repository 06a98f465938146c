//! Properties of any text.

use super::super::bytes::work;
use super::*;
use proptest::prelude::*;

fn all_rules() -> Rules {
    Rules { names: vec!["badge".into()], ip_addresses: true, social_security: true, own_emails: vec![] }
}

/// Texts made of what the rules search for, in all combinations.
fn hostile() -> impl Strategy<Value = String> {
    let atoms = prop::sample::select(vec![
        "password",
        "token",
        "Authorization",
        "Bearer ",
        "Basic ",
        "Cookie",
        "pin",
        "code",
        "badge",
        "is ",
        "=",
        ":",
        ": ",
        "\"",
        "'",
        "\\\"",
        "\\",
        "\\n",
        "\n",
        "\r\n ",
        " ",
        "&",
        "?",
        "#",
        "%25",
        "%3D",
        "%40",
        "%C3",
        "@",
        "://",
        "--",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1",
        ".",
        "ghp_",
        "sk-",
        "AKIA",
        "[",
        "]",
        "[jwt]",
        "[password]",
        "4111 1111 1111 1111",
        "DE89370400440532013000",
        "ada@b.example",
        "10.1.2.3",
        "::1",
        "a1B2c3D4e5F6g7H8i9J0",
        "dXNlcjpwYXNzd29yZA",
        "ü",
        "\u{200b}",
        "&quot;",
        "<",
        ">",
        ",",
        ";",
        "{",
        "}",
        "x",
        "7",
    ]);
    prop::collection::vec(atoms, 0..24).prop_map(|atoms| atoms.concat())
}

fn check_properties(text: &str) -> Result<(), TestCaseError> {
    for origin in [Origin::Collected, Origin::Written] {
        let secrets_found = secrets(text, origin, &all_rules());
        let mut end = 0;
        for secret in &secrets_found {
            prop_assert!(end <= secret.start && secret.start < secret.end && secret.end <= text.len());
            prop_assert!(text.is_char_boundary(secret.start) && text.is_char_boundary(secret.end));
            end = secret.end;
        }
        let redacted = redact(text, origin, &all_rules());
        prop_assert_eq!(&redact(&redacted, origin, &all_rules()), &redacted, "{:?}", text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn redacting_any_string_is_idempotent(text: String) {
        check_properties(&text)?;
    }

    #[test]
    fn redacting_hostile_texts_is_idempotent(text in hostile()) {
        check_properties(&text)?;
    }

    #[test]
    fn planted_secrets_are_redacted_everywhere(
        before in "[a-z ü]{0,12}",
        name in prop::sample::select(vec!["password", "userPassword", "DB_PASSWD", "client_secret", "api-key", "auth_token"]),
        seed in 0usize..100_000,
        quote in prop::sample::select(vec!["\"", "'", "\\\"", "\\\\\\\""]),
        carrier in 0usize..6,
    ) {
        let secret = format!("{}1a", drawn(seed, 14, LETTERS));
        let text = match carrier {
            0 => format!("{before}?{name}={secret}&b=1"),
            1 => format!("{before}\n{name}: {secret}\nb"),
            2 => format!("{before}{{{quote}{name}{quote}: {quote}{secret}{quote}, {quote}b{quote}: 1}}"),
            3 => format!("{before} --{name} {secret} -b"),
            4 => format!("{before} {name}={quote}{secret}{quote} b"),
            _ => format!("{before}%253F{name}%253D{secret}%2526b"),
        };
        let redacted = collected(&text);
        prop_assert!(!redacted.contains(&secret), "{} became {}", text, redacted);
        prop_assert!(redacted.contains('b') && redacted.starts_with(&before), "{} became {}", text, redacted);
    }

    #[test]
    fn harmless_identifiers_stay_unchanged(name in "[a-z]{3,9}Id", seed in 0usize..100_000) {
        let text = format!("?{name}={}&v={}", drawn(seed, 32, HEX), drawn(seed, 8, LETTERS));
        prop_assert_eq!(collected(&text), text);
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let units = [
        "a=",
        "eyJ",
        "eyJ-",
        "eyJ\n",
        "%25",
        "\\",
        "\\\"",
        "password=",
        "password=\"",
        "token: ",
        "code=",
        "?code=",
        "@",
        "a@",
        "://",
        "-----BEGIN PRIVATE KEY-----",
        "--a ",
        "4111 ",
        "DE89",
        "1.",
        "::",
        "YW8/",
        "sk-",
        "ghp_",
        "is ",
        "[",
        "\n",
        "a\n",
        "Bearer ",
        "Cookie: a=",
        "\"",
        "&quot;",
    ];
    let encodings = [|text: String| text, |text: String| encoded(&text), |text: String| text.replace('%', "%25")];
    for (unit, encode) in units.iter().flat_map(|unit| encodings.map(|encode| (unit, encode))) {
        let work = |bytes: usize| {
            let text = encode(unit.repeat(bytes / unit.len()));
            work::take();
            redact(&text, Origin::Collected, &all_rules());
            work::take()
        };
        let (work_short, work_long) = (work(8_000), work(16_000));
        assert!(
            work_long < work_short * 9 / 4,
            "{unit:?}: {work_short} bytes looked at, and {work_long} in twice the text"
        );
        assert!(work_short < 8_000 * 1_000, "{unit:?}: {work_short} bytes looked at");
    }
}
