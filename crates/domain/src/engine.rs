//! Where answers are looked for: the gateway, a static index, the issues of a public repository.

use serde::{Deserialize, Serialize};

use super::ticket::Kind;
use wire::Source;

/// An engine as the configuration names it (`sources`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// What it is.
    pub engine: Type,
    /// With `index`: where its file lies, a path of the page's own host or an `https:` address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// With `github`: the repository, `OWNER/NAME`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repository: String,
    /// The kinds of ticket that it is asked for. Default: all; with `github`, feedback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
    /// Whether it is told what an error says. Default: true; with `github`, which is somebody else's, false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<bool>,
}

/// What an engine is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// The gateway's search.
    #[default]
    Gateway,
    /// A file that `deskbell index` made, searched in the page.
    Index,
    /// GitHub's search, over the issues of a repository.
    Github,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// What somebody types.
    Typed,
    /// The error that just happened.
    Error,
    /// The page that they are on.
    Page,
}

impl Type {
    /// As it stands in the configuration and on a hit.
    pub fn word(self) -> &'static str {
        match self {
            Type::Gateway => "gateway",
            Type::Index => "index",
            Type::Github => "github",
        }
    }
}

impl Asked {
    /// The word of a thing that is looked for.
    pub fn word(self) -> &'static str {
        match self {
            Asked::Typed => "typed",
            Asked::Error => "error",
            Asked::Page => "page",
        }
    }

    /// What a word means.
    pub fn from_word(word: &str) -> Asked {
        match word {
            "error" => Asked::Error,
            "page" => Asked::Page,
            _ => Asked::Typed,
        }
    }
}

impl Engine {
    /// Whether it is asked for this, for a ticket of this kind.
    pub fn is_asked(&self, kind: Kind, asked: Asked) -> bool {
        let public = self.engine == Type::Github;
        let kinds = match &self.kinds {
            Some(kinds) => kinds.contains(&kind),
            None => !public || kind == Kind::Feedback,
        };
        kinds
            && match asked {
                Asked::Typed => true,
                Asked::Error => self.errors.unwrap_or(!public),
                // Where somebody is says too much to strangers, and finds nothing there.
                Asked::Page => !public,
            }
    }
}

/// What is wrong with the engines of a configuration, and what is allowed.
pub fn check(engines: &[Engine]) -> Option<String> {
    engines.iter().find_map(wrong).map(|problem| ["sources: ", &problem].concat())
}

/// Reads the engines that a page names; those that are wrong are left out, and named. None of them left is the gateway.
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
    let engine = [Type::Gateway, Type::Index, Type::Github].into_iter().find(|engine| engine.word() == word);
    let engine = engine.ok_or_else(|| ["\"", &word, "\" is no engine; gateway, index or github"].concat())?;
    let kinds = item.get("kinds");
    let kinds = match kinds.is_list() {
        false => None,
        true => {
            let kinds: Option<Vec<Kind>> = kinds.items().iter().map(|word| Kind::from_word(&word.text())).collect();
            Some(kinds.ok_or("kinds: must be a list of question, bug, feedback")?)
        }
    };
    let errors = item.get("errors").as_yes();
    let engine = Engine { engine, url: item.text_of("url"), repository: item.text_of("repository"), kinds, errors };
    match wrong(&engine) {
        Some(problem) => Err(problem),
        None => Ok(engine),
    }
}

fn wrong(engine: &Engine) -> Option<String> {
    let Engine { url, repository, .. } = engine;
    match engine.engine {
        Type::Index if !is_place(url) => {
            Some(["url \"", url, "\" is no place of an index; /PATH on the page's host, or https://HOST/PATH"].concat())
        }
        Type::Github if !is_repository(repository) => {
            Some(["repository \"", repository, "\" is none; write OWNER/NAME"].concat())
        }
        Type::Gateway | Type::Index | Type::Github => None,
    }
}

fn is_place(url: &str) -> bool {
    let own = url.starts_with('/') && !url.starts_with("//");
    own || url.starts_with("https://") || url.starts_with("http://")
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
    fn what_a_page_names_is_read_as_serde_reads_it() {
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
    fn what_is_wrong_is_left_out_and_named_with_what_is_allowed() {
        for (item, said) in [
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
            assert!(problems.len() == 1 && problems[0].contains(said), "{item}: {problems:?}");
        }
    }

    #[test]
    fn strangers_are_asked_for_feedback_and_not_told_of_errors_or_pages() {
        let github = Engine { engine: Type::Github, repository: "a/b".into(), ..Engine::default() };
        assert!(github.is_asked(Kind::Feedback, Asked::Typed) && !github.is_asked(Kind::Bug, Asked::Typed));
        assert!(!github.is_asked(Kind::Feedback, Asked::Error) && !github.is_asked(Kind::Feedback, Asked::Page));
        let told = Engine { errors: Some(true), kinds: Some(vec![Kind::Bug]), ..github };
        assert!(told.is_asked(Kind::Bug, Asked::Error) && !told.is_asked(Kind::Bug, Asked::Page));
        assert!(!told.is_asked(Kind::Feedback, Asked::Typed));
        let own = Engine::default();
        assert!(Kind::ALL.iter().all(|kind| own.is_asked(*kind, Asked::Page) && own.is_asked(*kind, Asked::Error)));
    }
}
