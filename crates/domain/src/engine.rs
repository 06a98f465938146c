//! Search engines: the gateway, a static index, the issues of a public repository.

use super::vocabulary::Kind;
use wire::{Read, Source, words};

words! {
    /// The type of an engine.
    #[derive(Default)]
    EngineType else Gateway {
        /// The gateway's search.
        #[default]
        Gateway = "gateway",
        /// A file created by `deskbell index`, searched in the page.
        Index = "index",
        /// GitHub's search over the issues of a repository.
        Github = "github",
    }
}

words! {
    /// Why a search is made.
    SearchTrigger else Typed {
        /// The customer typed it.
        Typed = "typed",
        /// An error has just happened.
        Error = "error",
        /// The page that the customer is on.
        Page = "page",
    }
}

wire::types! {
    /// An engine in the configuration (`sources`).
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Engine {
        pub engine: EngineType,
        /// With `index`: the location of its file, a path on the page's own host or an `https:` address.
        pub url: String = sparse,
        /// With `github`: the repository, `OWNER/NAME`.
        pub repository: String = sparse,
        /// The kinds of ticket that it is used for. Default: all; with `github`, feedback.
        pub kinds: Option<Vec<Kind>> = sparse,
        /// Whether it is searched for errors. Default: true; with `github`, a third party, false.
        pub errors: Option<bool> = sparse,
    }
}

impl Engine {
    /// Whether it is searched for this reason in a ticket of this kind.
    pub fn is_searched(&self, kind: Kind, trigger: SearchTrigger) -> bool {
        let public = self.engine == EngineType::Github;
        let kinds = match &self.kinds {
            Some(kinds) => kinds.contains(&kind),
            None => !public || kind == Kind::Feedback,
        };
        kinds
            && match trigger {
                SearchTrigger::Typed => true,
                SearchTrigger::Error => self.errors.unwrap_or(!public),
                // The page's address would tell third parties too much, and finds nothing there.
                SearchTrigger::Page => !public,
            }
    }
}

/// What is wrong with the engines of a configuration, and what is allowed.
pub fn check(engines: &[Engine]) -> Option<String> {
    engines.iter().find_map(problem_of).map(|problem| ["sources: ", &problem].concat())
}

/// Reads the engines in a page's configuration. Returns the valid ones, or the gateway if there are none, and an error for each of the others.
pub fn read(list: &impl Source) -> (Vec<Engine>, Vec<String>) {
    let (mut engines, mut problems) = (Vec::new(), Vec::new());
    for item in list.items() {
        match read_one(&item) {
            Ok(engine) => engines.push(engine),
            Err(problem) => problems.push(["sources: ", &problem].concat()),
        }
    }
    if engines.is_empty() {
        engines.push(Engine::default());
    }
    (engines, problems)
}

fn read_one(item: &impl Source) -> Result<Engine, String> {
    let word = item.text_of("engine");
    if EngineType::from_word(&word).is_none() {
        return Err(["\"", &word, "\" is not an engine; use gateway, index or github"].concat());
    }
    if item.get("kinds").items().iter().any(|kind| Kind::from_word(&kind.text()).is_none()) {
        return Err("kinds: must be a list of question, bug, feedback".into());
    }
    let engine = Engine::read(item);
    match problem_of(&engine) {
        Some(problem) => Err(problem),
        None => Ok(engine),
    }
}

fn problem_of(engine: &Engine) -> Option<String> {
    let Engine { url, repository, .. } = engine;
    match engine.engine {
        EngineType::Index if !is_place(url) => Some(
            ["\"", url, "\" is not the address of an index; use /PATH on the page's host, or https://HOST/PATH"]
                .concat(),
        ),
        EngineType::Github if !is_repository(repository) => {
            Some(["repository \"", repository, "\" is not a repository; use OWNER/NAME"].concat())
        }
        EngineType::Gateway | EngineType::Index | EngineType::Github => None,
    }
}

fn is_place(url: &str) -> bool {
    let is_own_path = url.starts_with('/') && !url.starts_with("//");
    is_own_path || url.starts_with("https://") || url.starts_with("http://")
}

fn is_repository(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    name.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn engines_of_pages_are_read_like_serde() {
        let list = json!([
            {"engine": "gateway"},
            {"engine": "index", "url": "/help-index.json", "kinds": ["question", "bug"]},
            {"engine": "github", "repository": "meadow/meadow.js", "errors": true},
        ]);
        let (engines, problems) = read(&list);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(engines, serde_json::from_value::<Vec<Engine>>(list.clone()).unwrap());
        assert_eq!(serde_json::to_value(&engines).unwrap(), list);
        assert_eq!(check(&engines), None);
    }

    #[test]
    fn invalid_engines_are_left_out_and_reported() {
        for (item, expected) in [
            (json!({"engine": "algolia"}), "gateway, index or github"),
            (json!({"engine": "index"}), "/PATH"),
            (json!({"engine": "index", "url": "//cdn.example/x.json"}), "/PATH"),
            (json!({"engine": "index", "url": "javascript:alert(1)"}), "/PATH"),
            (json!({"engine": "github", "repository": "meadow"}), "OWNER/NAME"),
            (json!({"engine": "github", "repository": "a/b repo:c/d"}), "OWNER/NAME"),
            (json!({"engine": "gateway", "kinds": ["complaint"]}), "question, bug, feedback"),
            (json!(7), "gateway, index or github"),
        ] {
            let (engines, problems) = read(&json!([item]));
            assert_eq!(engines, [Engine::default()], "{item}");
            assert!(problems.len() == 1 && problems[0].contains(expected), "{item}: {problems:?}");
        }
    }

    #[test]
    fn github_is_searched_for_feedback_only() {
        let github = Engine { engine: EngineType::Github, repository: "a/b".into(), ..Engine::default() };
        assert!(
            github.is_searched(Kind::Feedback, SearchTrigger::Typed)
                && !github.is_searched(Kind::Bug, SearchTrigger::Typed)
        );
        assert!(
            !github.is_searched(Kind::Feedback, SearchTrigger::Error)
                && !github.is_searched(Kind::Feedback, SearchTrigger::Page)
        );
        let with_errors = Engine { errors: Some(true), kinds: Some(vec![Kind::Bug]), ..github };
        assert!(
            with_errors.is_searched(Kind::Bug, SearchTrigger::Error)
                && !with_errors.is_searched(Kind::Bug, SearchTrigger::Page)
        );
        assert!(!with_errors.is_searched(Kind::Feedback, SearchTrigger::Typed));
        let default_engine = Engine::default();
        assert!(Kind::ALL.iter().all(|kind| default_engine.is_searched(*kind, SearchTrigger::Page)
            && default_engine.is_searched(*kind, SearchTrigger::Error)));
    }
}
