//! Text that resembles a secret and is none stays byte for byte.

use super::*;

#[test]
fn harmless_lines_stay_unchanged() {
    for text in [
        "token_count=5 tokens: 512 max_tokens=4096 passed=12",
        "password_reset_enabled: true",
        "key: ArrowDown",
        "primary_key=id foreign_key=user1 keyboard=1 monkey=2",
        "author: Ada",
        "session_duration=30 session=30 tokenizer=bpe1 secretary: Bob",
        "compass=5 passenger: Bob7 public_key",
        "the password is wrong",
        "Forgot your password? Click here",
        "token: expected ';'",
        "Unexpected token: }",
        "Unexpected token < in JSON at position 0",
        "SyntaxError: Unexpected token 'x'",
        "Password: required",
        "Password: must be at least 8 characters",
        "Passwort: mindestens 8 Zeichen",
        "password: null, \"token\": \"\", hasPassword: true",
        "Authorization: Bearer",
        "auth=true code: 404 \"code\": \"ECONNREFUSED\" status code: 500",
        "exit code=1 state: open",
        "password=[password]&token=[token]",
        "Authorization: Bearer [token]",
        "https://ada:[password]@host/",
        "at render (/assets/index-BxK3f9aQ.js:1:20345)",
        "chunk-4XJ2ZKQ7.mjs:10:4",
        "render@https://a.example/app.js:10:4",
        "2026-11-23T10:51:58.123Z 1795431118123 1795431118",
        "123e4567-e89b-42d3-a456-426614174000",
        "6b4b05c 6b4b05c1d378a22c86a168986a168986b4b05c1d",
        "/app.js?v=abcdef12&h=6b4b05c1d378a22c86a168986a168986b4b05c1d",
        "integrity=\"sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC\"",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "https://react.dev/errors/418?args[]=text&args[]=",
        "?utm_campaign=spring-sale-2026&utm_source=news",
        "?q=how+to+reset+password",
        "/reset-password?lang=de",
        "icon@2x.png react-dom@18.2.0/umd/react.js git@github.com:a/b.git",
        "+49 170 1234567 (030) 1234-5678",
        "EAN 4006381333931 ISBN 978-3-16-148410-0",
        "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36",
        "const token = await getToken(); password = form.password;",
        "password: string; token?: string",
        "if (token === 'x1y2z3') return",
        "<input type=\"password\" name=\"password\" autocomplete=\"current-password\">",
        "std::token::parse",
        "password=$PASSWORD token=${TOKEN} pwd=/home/ada secret={{ .Values.secret }}",
        "UPDATE users SET password = ? WHERE id = $1",
        "{\"password\":[\"is too short (minimum is 8 characters)\"]}",
        "Le mot de passe est incorrect. La contraseña es incorrecta.",
        "كلمة المرور غير صحيحة",
        "the bearer of this; basic understanding; token expired",
        "sk-learn-something-very-long-class-name-here",
        "[\"token\",\"password\",\"session\"] fields: password, token2, secret",
        "{\"key\":\"password\",\"value\":\"Passwort\"} fetch(a, { credentials: \"include\" })",
        "xauth_1%3a1.1.2-1_amd64.deb",
        "e[e.OpenBraceToken=19]=\"OpenBraceToken\",{onToken:null,token:!0,x:1}",
        "unexpected token: \\\"error\\\" and unexpected token: 'error'",
        "see `--jobserver-auth=` as in [2] and `--password=` is needed 2 times",
        "PWD: '/Users/ada' pub pw_passwd: *mut c_char, pub const SO_COOKIE: c_int = 57;",
        "password = utf8_to_utf16_dup(v);",
        "aria-label=\"Passwort vergessen?\"",
    ] {
        assert_eq!(collected(text), text);
    }
}

#[test]
fn counts_and_identifiers_stay_unchanged() {
    let mut changed = 0;
    for seed in 0..2_000 {
        let milliseconds = format!("17{}", drawn(seed, 11, "0123456789"));
        let uuid: Vec<String> = [8, 4, 4, 4, 12].iter().map(|length| drawn(seed + length, *length, HEX)).collect();
        for harmless in [milliseconds, uuid.join("-"), drawn(seed, 40, HEX), drawn(seed, 64, HEX)] {
            assert_eq!(collected(&format!("?id={harmless}")), format!("?id={harmless}"));
        }
        let number = drawn(seed, 16, "0123456789");
        changed += usize::from(collected(&number) != number);
    }
    assert!(changed < 80, "{changed} of 2000 random numbers of 16 digits were taken for cards");
}

#[test]
fn versions_are_not_ip_addresses() {
    let rules = Rules { ip_addresses: true, social_security: true, ..Rules::default() };
    for text in
        ["v1.2.3.4", "Chrome/120.0.0.0", "1.2.3.4.5", "300.1.1.1", "a::b", "12:34:56", "::before", "000-12-3456"]
    {
        assert_eq!(redact(text, Origin::Collected, &rules), text);
    }
    assert_eq!(redact("http://10.0.0.1:80/", Origin::Collected, &rules), "http://[ip]:80/");
}
