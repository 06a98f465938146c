//! Distinguishes versions of a site's configuration, so that a reload leaves a site alone that has not changed.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::secret_fields::named_sources;

/// The digest of a site's table, and of the files and variables that it names.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    /// Omits the digest, because it is one of secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}

#[cfg(test)]
impl Fingerprint {
    /// The fingerprint of any text.
    pub fn of_text(text: &str) -> Fingerprint {
        Fingerprint(Sha256::digest(text).into())
    }
}

/// The fingerprints of the sites in a text; none if it is not TOML, which is reported elsewhere.
pub fn of_sites(text: &str) -> BTreeMap<String, Fingerprint> {
    let file: Table = toml::from_str(text).unwrap_or_default();
    let sites = file.get("sites").and_then(Value::as_table);
    sites.into_iter().flatten().map(|(name, site)| (name.clone(), of_value(site))).collect()
}

fn of_value(value: &Value) -> Fingerprint {
    let mut digest = Sha256::new();
    // The text of a value has no two meanings, because texts in it are quoted.
    digest.update(value.to_string());
    for (_, source) in named_sources(value) {
        // Of a fixed length, so that what follows cannot be taken for a part of it.
        let content = source.read().ok().map(Sha256::digest);
        digest.update([u8::from(content.is_some())]);
        digest.update(content.unwrap_or_default());
    }
    Fingerprint(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_change_with_the_table_and_with_the_files_that_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "one").unwrap();
        let site = |name: &str, more: &str| {
            let text = format!("[sites.{name}]\norigins = [\"*\"]\n{more}\n[sites.other]\norigins = [\"*\"]\n");
            let all = of_sites(&text);
            (all[name], all["other"])
        };
        let secret = format!("mail = {{ password = {{ file = {file:?} }} }}");
        let (plain, other) = site("acme", "");
        let (first, unchanged) = site("acme", &secret);
        assert!(plain != first && other == unchanged && first == site("acme", &secret).0);
        assert_eq!(site("acme", "# a comment").0, plain);
        std::fs::write(&file, "two").unwrap();
        let second = site("acme", &secret).0;
        assert_ne!(second, first);
        std::fs::remove_file(&file).unwrap();
        assert_ne!(site("acme", &secret).0, second);
    }
}
