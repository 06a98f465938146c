//! Whether two addresses are the same mailbox, or the same address.

use url::Url;

/// The canonical mailbox of an address: all spellings that mail servers deliver to the same mailbox become one. `Ada+shop@…` is `ada@…`, Gmail
/// ignores dots, a quoted local part equals the unquoted one, and a domain is the same in Unicode and in ASCII (IDNA).
pub fn mailbox(address: &str) -> String {
    let address = address.trim();
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_lowercase() };
    let domain = ascii_domain(domain);
    let local = local.replace(['"', '\\'], "").to_lowercase();
    let local = local.split('+').next().unwrap_or_default();
    match domain.as_str() {
        "gmail.com" | "googlemail.com" => [&local.replace('.', ""), "@gmail.com"].concat(),
        _ => [local, "@", &domain].concat(),
    }
}

/// An address in one spelling: in lower case, and its domain in ASCII (IDNA). Unlike [`mailbox`] it keeps tags and dots: only the mail server of the
/// domain knows whether `ada+shop@…` is the mailbox `ada@…`, another one, or none.
pub fn exact_address(address: &str) -> String {
    let address = address.trim();
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_lowercase() };
    [&local.to_lowercase(), "@", &ascii_domain(domain)].concat()
}

fn ascii_domain(domain: &str) -> String {
    let domain = domain.trim_end_matches('.');
    let ascii = Url::parse(&format!("http://{domain}/")).ok().and_then(|url| url.host_str().map(str::to_string));
    ascii.unwrap_or_else(|| domain.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn spellings_of_a_mailbox_are_equal() {
        for (spellings, expected) in [
            (
                &[
                    "ada@example.com",
                    " ADA@Example.com",
                    "ada+1@example.com",
                    "\"ada\"@example.com",
                    "\"a\\da\"@example.com.",
                    "Ada+x+y@EXAMPLE.COM",
                ][..],
                "ada@example.com",
            ),
            (
                &["a.da@gmail.com", "ad.a@googlemail.com", "A.D.A+x@GMAIL.com", "\"a.da\"@gmail.com"][..],
                "ada@gmail.com",
            ),
            (
                &["ada@bücher.example", "ada@xn--bcher-kva.example", "ADA@BÜCHER.example"][..],
                "ada@xn--bcher-kva.example",
            ),
            (&["a.da@example.com"][..], "a.da@example.com"),
        ] {
            for spelling in spellings {
                assert_eq!(mailbox(spelling), expected, "{spelling}");
            }
        }
    }

    #[test]
    fn an_exact_address_keeps_what_only_its_server_can_read() {
        for (spelling, expected) in [
            (" ADA@Example.com.", "ada@example.com"),
            ("ada+Shop@example.com", "ada+shop@example.com"),
            ("a.da@gmail.com", "a.da@gmail.com"),
            ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
            ("Nobody", "nobody"),
        ] {
            assert_eq!(exact_address(spelling), expected, "{spelling}");
        }
    }

    proptest! {
        #[test]
        fn normalizing_a_mailbox_is_idempotent(text in "[a-zA-Z.+\"@é]{0,20}@[a-z.]{1,10}") {
            let address = mailbox(&text);
            prop_assert_eq!(mailbox(&address), address.clone());
        }
    }
}
