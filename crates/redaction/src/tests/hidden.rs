//! Secrets by name, by shape and in their carriers.

use super::*;

#[test]
fn values_of_secret_names_are_redacted_and_the_rest_stays() {
    for (text, redacted) in [
        // Addresses
        ("https://a.example/x?token=abc123&page=2", "https://a.example/x?token=[token]&page=2"),
        ("/cb#access_token=Ab3.x-y&token_type=Bearer", "/cb#access_token=[token]&token_type=Bearer"),
        ("/#/route?token=a1b2c3", "/#/route?token=[token]"),
        ("/cb?code=Sp1xlOBeZQQY&state=af0ifjsldkj", "/cb?code=[token]&state=[token]"),
        ("?X-Amz-Credential=AK%2F2026%2Fs3&X-Amz-Date=2026", "?X-Amz-Credential=[secret]&X-Amz-Date=2026"),
        ("?sv=2022-11-02&sig=ab3%2Bx9Kd02ms%3D&se=2026-01-01", "?sv=2022-11-02&sig=[token]&se=2026-01-01"),
        ("?next=%2Fa%3Ftoken%3Dq1w2e3%26b%3D1", "?next=%2Fa%3Ftoken%3D[token]%26b%3D1"),
        ("?n=%252Fa%253Ftoken%253Dq1w2e3%2526b", "?n=%252Fa%253Ftoken%253D[token]%2526b"),
        ("?user%5Bpassword%5D=abc", "?user%5Bpassword%5D=[password]"),
        ("https://ada:pw1@host/", "https://ada:[password]@host/"),
        ("postgres://u:p@ss@h/db", "postgres://u:[password]@h/db"),
        ("redis://:p@h", "redis://:[password]@h"),
        ("/a;jsessionid=0A1B2C3D?x=1", "/a;jsessionid=[session]?x=1"),
        // Headers
        ("Authorization: Bearer abc", "Authorization: Bearer [token]"),
        ("authorization: Basic YTpi", "authorization: Basic [token]"),
        ("Authorization: q1w2e3r4t5", "Authorization: [token]"),
        ("Authorization: Digest username=\"m\", response=\"6629\"", "Authorization: Digest [token]"),
        ("X-Api-Key: q1w2e3r4t5", "X-Api-Key: [key]"),
        ("Cookie: a=b; c=\"d\"", "Cookie: [cookie]"),
        ("Set-Cookie: sid=1; Path=/", "Set-Cookie: [cookie]"),
        ("curl -H 'Cookie: a=b' -v", "curl -H 'Cookie: [cookie]' -v"),
        ("Proxy-Authorization: Basic YTpi", "Proxy-Authorization: Basic [token]"),
        ("X-CSRF-Token: q1w2e3r4", "X-CSRF-Token: [token]"),
        ("Authorization: Bearer\r\n q1w2e3r4", "Authorization: Bearer\r\n [token]"),
        // JSON and what is like it
        (r#"{"password":"a b\"c","n":1}"#, r#"{"password":"[password]","n":1}"#),
        (r#"{"password" : 12345,"n":1}"#, r#"{"password" : [password],"n":1}"#),
        (r#""{\"password\":\"a,b\",\"n\":1}""#, r#""{\"password\":\"[password]\",\"n\":1}""#),
        (r#"{\\\"token\\\":\\\"abc\\\",\\\"n\\\":1}"#, r#"{\\\"token\\\":\\\"[token]\\\",\\\"n\\\":1}"#),
        ("{'dbPasswd': 'x y', a: 1}", "{'dbPasswd': '[password]', a: 1}"),
        ("{\"a\":{\"stripe_secret_key\":\"abcd\"}}", "{\"a\":{\"stripe_secret_key\":\"[key]\"}}"),
        ("{\"authorization\":\"Bearer abc\"}", "{\"authorization\":\"Bearer [token]\"}"),
        ("{newPasswordConfirmation: 'abc'}", "{newPasswordConfirmation: '[password]'}"),
        ("{\"tok\\u0065n\":\"abc\"}", "{\"tok\\u0065n\":\"[token]\"}"),
        ("{&quot;token&quot;:&quot;abc&quot;}", "{&quot;token&quot;:&quot;[token]&quot;}"),
        ("'password' => 'abc'", "'password' => '[password]'"),
        ("\"passwords\": 2, \"password\": [\"abc\"]", "\"passwords\": 2, \"password\": [\"[password]\"]"),
        ("{\"password\":\"$ecret1(\"} password: xY9(kd!", "{\"password\":\"[password]\"} password: [password]"),
        // Configuration and command lines
        ("--password hunter --verbose", "--password [password] --verbose"),
        ("--password=hunter --verbose", "--password=[password] --verbose"),
        ("PASSWORD='a b' run", "PASSWORD='[password]' run"),
        ("DB_PASSWORD=a$b", "DB_PASSWORD=[password]"),
        ("Server=x;Password=abc;Db=y", "Server=x;Password=[password];Db=y"),
        ("user=ada token=q1w2e3 ok=1", "user=ada token=[token] ok=1"),
        ("aws_secret_access_key = q1/w2+e3r4t5y6u7i8", "aws_secret_access_key = [key]"),
        ("SECRET=abcdef", "SECRET=[secret]"),
        ("  password: hunter2\n", "  password: [password]\n"),
        ("My password is hunter2.", "My password is [password]."),
        ("Mein Passwort: hunter2, danke", "Mein Passwort: [password], danke"),
        ("verification code: 482913", "verification code: [code]"),
        ("cvv=123", "cvv=[code]"),
        ("pin: 4711", "pin: [code]"),
        ("Code OTP: 123 456.", "Code OTP: [code]."),
    ] {
        assert_eq!(collected(text), redacted, "{text}");
    }
}

#[test]
fn every_shape_is_redacted_in_every_carrier() {
    for seed in 0..20 {
        for (token, kind) in tokens(seed) {
            let escaped: String = token.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
            let percent: String = token.bytes().map(|b| format!("%{b:02X}")).collect();
            let middle = token.len() / 2;
            let (head, tail) = token.split_at(middle);
            for carrier in [
                token.clone(),
                format!("see {token}, please"),
                format!("(\"{token}\")"),
                format!("a\\n{token}\\nb"),
                format!("/x/?a={token}&b=1"),
                format!("%2Fx%3Fa%3D{token}%26b"),
                format!("a {escaped} b"),
                format!("a {percent} b"),
                format!("a {} b", percent.replace('%', "%25")),
                format!("a\n{head}\n{tail}\nb c"),
                format!("a {head}\r\n  {tail}\r\nb c"),
                format!("'{head}\\\n{tail}'"),
                format!("\"{head}\\n{tail}\""),
                format!("a {} b", encoded(&format!("token is {token}"))),
                format!("Ünï {token} ü"),
            ] {
                let redacted = collected(&carrier);
                let remaining = [token.as_str(), &token[token.len() - 9..], &escaped, &percent]
                    .into_iter()
                    .find(|part| redacted.contains(part.trim_end_matches('.')));
                assert_eq!(remaining, None, "{kind} {carrier:?} became {redacted:?}");
            }
            let sentence = format!("see {token} here");
            let has_full_stop = token.trim_end_matches('.').len() < token.len();
            let expected = format!("see [{kind}]{} here", if has_full_stop { "." } else { "" });
            assert_eq!(collected(&sentence), expected, "{token}");
        }
    }
}

#[test]
fn authorization_schemes_are_redacted_without_their_header() {
    for seed in 0..20 {
        let token = drawn(seed, 24, LETTERS);
        assert_eq!(collected(&format!("sent Bearer {token}.")), "sent Bearer [token].");
        let basic = encoded(&format!("ada:{token}"));
        assert_eq!(collected(&format!("sent Basic {basic}")), "sent Basic [token]");
    }
}

#[test]
fn base64_with_a_secret_is_redacted_completely() {
    for text in ["user=ada&password=hunter2", r#"{"user":"ada","token":"abc123"}"#, "Bearer q1w2e3r4t5z6"] {
        let carrier = format!("data {} end", encoded(text));
        assert_eq!(collected(&carrier), "data [hidden] end", "{text}");
    }
    assert_eq!(collected(&encoded("just a text that is not secret")), encoded("just a text that is not secret"));
}

#[test]
fn private_keys_are_redacted_to_their_end() {
    let line = |seed| drawn(seed, 64, LETTERS);
    for label in
        ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        for newline in ["\n", "\r\n", "\\n", "\\r\\n", " "] {
            let lines = [line(1), line(2), drawn(3, 12, LETTERS)].join(newline);
            let open = format!("-----BEGIN {label}-----{newline}{lines}");
            assert_eq!(collected(&format!("a {open}{newline}-----END {label}----- b")), "a [private_key] b");
            assert_eq!(collected(&format!("a {open}")), "a [private_key]");
            assert_eq!(collected(&format!("{{\"k\":\"{open}\"}}")), "{\"k\":\"[private_key]\"}");
        }
    }
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", line(4));
    assert_eq!(collected(&certificate), certificate);
}

#[test]
fn cards_are_redacted_by_issuer_length_and_check_digit() {
    for seed in 0..20 {
        for (prefix, length) in
            [("4", 16), ("51", 16), ("2221", 16), ("34", 15), ("6011", 16), ("36", 14), ("3528", 16)]
        {
            let number = card(prefix, length, seed);
            assert_eq!(collected(&format!("pay {number} now")), "pay [card] now", "{number}");
            if length == 16 {
                let groups = [&number[..4], &number[4..8], &number[8..12], &number[12..]];
                for separator in [" ", "-", "+"] {
                    assert_eq!(collected(&format!("no. {}!", groups.join(separator))), "no. [card]!");
                }
                // Discover has longer cards.
                if prefix != "6011" {
                    assert_eq!(collected(&format!("a={number}1")), format!("a={number}1"));
                }
                assert_eq!(collected(&format!("0.{number}")), format!("0.{number}"));
            }
        }
    }
}

#[test]
fn bank_accounts_are_redacted_by_country_length_and_check_digits() {
    let iban = |country: &str, body: &str| {
        let value = |text: &str| {
            text.chars().fold(0u64, |rest, c| {
                let digit = u64::from(c.to_digit(36).unwrap());
                (rest * if digit > 9 { 100 } else { 10 } + digit) % 97
            })
        };
        format!("{country}{:02}{body}", 98 - value(&format!("{body}{country}00")))
    };
    for number in [iban("DE", "370400440532013000"), iban("GB", "WEST12345698765432"), iban("NO", "86011117947")] {
        assert_eq!(collected(&format!("to {number}.")), "to [iban].");
        let groups: Vec<&str> = number.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap()).collect();
        assert_eq!(collected(&format!("to {} and", groups.join(" "))), "to [iban] and");
        let mistyped = number.replacen(&number[2..3], if &number[2..3] == "9" { "8" } else { "9" }, 1);
        assert_eq!(collected(&mistyped), mistyped);
    }
}

#[test]
fn values_that_customers_write_on_purpose_stay() {
    let rules = Rules {
        ip_addresses: true,
        social_security: true,
        own_emails: vec!["Ada@Example.com".into()],
        names: vec!["Customer-No".into()],
    };
    let text = "ada@example.com bob@example.com bob%40example.com 10.1.2.3 2001:db8::1 078-05-1120 customerNo=7";
    let hidden = "ada@example.com [email] [email] [ip] [ip] [ssn] customerNo=[hidden]";
    assert_eq!(redact(text, Origin::Collected, &rules), hidden);
    let written = "ada@example.com bob@example.com bob%40example.com 10.1.2.3 2001:db8::1 [ssn] customerNo=[hidden]";
    assert_eq!(redact(text, Origin::Written, &rules), written);
    let defaults = "[email] [email] [email] 10.1.2.3 2001:db8::1 078-05-1120 customerNo=7";
    assert_eq!(collected(text), defaults);
}

#[test]
fn values_are_redacted_by_name_or_by_shape() {
    let rules = Rules { names: vec!["badge".into()], ..Rules::default() };
    for (name, value, redacted) in [
        ("password", "a b", "[password]"),
        ("Authorization", "Bearer abc", "Bearer [token]"),
        ("badge", "7", "[hidden]"),
        ("Badge_", "7", "[hidden]"),
        ("code", "ECONNREFUSED", "ECONNREFUSED"),
        ("token_count", "512", "512"),
        ("plan", "see /?token=abc", "see /?token=[token]"),
        ("hasPassword", "true", "true"),
        ("password", "[password]", "[password]"),
        ("Cookie", "a=b", "[cookie]"),
    ] {
        assert_eq!(redact_value(name, value, &rules), redacted, "{name}");
    }
}
