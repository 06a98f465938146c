//! A source of questions: its format, its location, and the key that keeps its questions apart from those of other sources.

use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use crate::csv::Columns;
use outbound_http::{AddressError, source_url};

/// The format of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A question per line as JSON, or a JSON array of them: a file, or its address.
    Jsonl,
    /// A table with a header row: a file, or its address.
    Csv,
    /// A Discourse forum, or one category or tag of it.
    Discourse,
    /// A Zendesk help center: its articles and its community.
    Zendesk,
    /// The questions in a Strapi, in the format of PostHog's community site.
    Strapi,
}

/// A source of questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its format.
    pub format: Format,
    /// Its location.
    pub location: SourceLocation,
    /// The public address of a Strapi's questions, which it does not know itself; the permalink is appended.
    pub pages: Option<Url>,
    /// Whether it may be in a private network, and may redirect there.
    pub private: bool,
    /// The columns of a table, if they cannot be found by their headers.
    pub columns: Columns,
}

/// The location of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceLocation {
    /// A file, absolute.
    File(PathBuf),
    /// An address.
    Web(Url),
}

impl Source {
    /// The source at a location: an address, or for files also a path. `pages` is used for Strapi only.
    pub fn new(format: Format, location: &str, pages: Option<&str>) -> Result<Source, AddressError> {
        let web = ["https://", "http://"].iter().any(|scheme| location.starts_with(scheme));
        let pages = pages.map(|pages| {
            let mut url = Url::parse(pages).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
            if let Some(url) = url.as_mut().filter(|url| !url.path().ends_with('/')) {
                url.set_path(&format!("{}/", url.path()));
            }
            url.ok_or_else(|| AddressError(pages.into()))
        });
        let location = if matches!(format, Format::Jsonl | Format::Csv) && !web {
            SourceLocation::File(std::path::absolute(Path::new(location)).map_err(|_| AddressError(location.into()))?)
        } else {
            let mut url = source_url(location)?;
            url.set_path(url.path().to_string().trim_end_matches('/'));
            SourceLocation::Web(url)
        };
        Ok(Source { format, location, pages: pages.transpose()?, private: false, columns: Columns::default() })
    }

    /// The name under which its questions are stored; the same for the same location.
    pub fn name(&self) -> String {
        format!("{} {}", self.format.word(), self.location)
    }

    /// The prefix of its ids, which no other source has.
    pub(crate) fn prefix(&self) -> String {
        let digest = Sha256::digest(self.location.to_string().as_bytes());
        let tag: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{tag}-", self.format.word())
    }
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Discourse => "discourse",
            Format::Zendesk => "zendesk",
            Format::Strapi => "strapi",
        }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceLocation::File(path) => write!(f, "{}", path.display()),
            SourceLocation::Web(url) => write!(f, "{url}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(format: Format, location: &str) -> Source {
        Source::new(format, location, None).unwrap()
    }

    #[test]
    fn spellings_of_a_location_are_one_source() {
        let expected = source(Format::Discourse, "https://forum.example/c/help");
        assert_eq!(expected, source(Format::Discourse, " https://Forum.example:443/c/help/#x "));
        assert_eq!(expected.name(), "discourse https://forum.example/c/help");
        assert_eq!(source(Format::Jsonl, "./a.jsonl"), source(Format::Jsonl, "a.jsonl"));
        assert_ne!(source(Format::Jsonl, "a.jsonl").name(), source(Format::Jsonl, "b.jsonl").name());
    }

    #[test]
    fn ids_of_two_sources_differ() {
        let first = source(Format::Discourse, "https://forum.example").prefix();
        let second = source(Format::Discourse, "https://forum.example/c/help").prefix();
        assert_ne!(first, second);
        assert!(first.starts_with("discourse-") && first.len() == "discourse-01234567-".len(), "{first}");
    }

    #[test]
    fn invalid_sources_are_refused() {
        for (format, location) in [
            (Format::Zendesk, "acme"),
            (Format::Discourse, "http://forum.example"),
            (Format::Jsonl, "http://a.example/x"),
        ] {
            assert!(Source::new(format, location, None).is_err(), "{location}");
        }
        assert!(Source::new(Format::Strapi, "https://a.example", Some("questions")).is_err());
        let strapi = Source::new(Format::Strapi, "https://a.example", Some("https://b.example/questions")).unwrap();
        assert_eq!(strapi.pages.unwrap().as_str(), "https://b.example/questions/");
    }
}
