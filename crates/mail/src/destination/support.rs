//! The addresses at which a site takes new tickets by mail.

use lettre::Address;

use mail_in::exact_address;

/// Addresses for new tickets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SupportAddresses(Vec<String>);

impl SupportAddresses {
    /// Parses a list of addresses; the error is the invalid entry.
    pub fn parse(list: &[String]) -> Result<SupportAddresses, String> {
        let address = |entry: &String| {
            let address: Address = entry.trim().parse().map_err(|_| entry.clone())?;
            Ok(exact_address(address.as_ref()))
        };
        list.iter().map(address).collect::<Result<_, _>>().map(SupportAddresses)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is one of them.
    pub fn include(&self, address: &str) -> bool {
        let address = exact_address(address);
        self.0.contains(&address)
    }

    /// Whether a text with addresses has one of them.
    pub fn include_any(&self, text: &str) -> bool {
        let is_separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')');
        text.split(is_separator).any(|part| part.contains('@') && self.include(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_any_spelling_among_others() {
        let addresses = SupportAddresses::parse(&["Support@Acme.example".into(), "hilfe@acme.example".into()]).unwrap();
        for (text, expected) in [
            ("support@acme.example", true),
            ("Ana <ana@acme.example>, \"Help\" <HILFE@acme.EXAMPLE>", true),
            ("support+x@acme.example", false),
            ("unsupport@acme.example", false),
            ("support@acme.example.evil.example", false),
            ("support", false),
            ("", false),
        ] {
            assert_eq!(addresses.include_any(text), expected, "{text}");
        }
        assert_eq!(SupportAddresses::parse(&["a@b.example".into(), "nobody".into()]), Err("nobody".into()));
        assert!(SupportAddresses::default().is_empty() && !SupportAddresses::default().include_any(""));
    }
}
