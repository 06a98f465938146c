//! Community questions and the answers of a search, on the wire and in a file.

use serde::{Deserialize, Serialize};

use wire::{Read, Source};

/// The longest run that the widget reads, in characters, and the most runs of a title or passage.
const RUN_MAX: usize = 300;
const RUNS_MAX: usize = 40;

/// A run of text, marked where it matched the query. Never HTML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Run {
    /// The text.
    pub text: String,
    /// Whether it matched.
    #[serde(default)]
    pub hit: bool,
}

/// One thing that a search found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Hit {
    /// Its id in the source.
    pub id: String,
    /// `question`, `doc`, `tutorial` or `issue`.
    pub kind: String,
    /// Its title.
    pub title: Vec<Run>,
    /// The passage that matched best.
    #[serde(default)]
    pub excerpt: Vec<Run>,
    /// Where it can be read in the open web; empty where it has no address.
    #[serde(default)]
    pub url: String,
    /// Whether an answer was accepted.
    #[serde(default)]
    pub solved: bool,
    /// How many answers it has.
    #[serde(default)]
    pub answers: u32,
    /// When it was asked, RFC 3339 in UTC; empty where that is not known.
    #[serde(default)]
    pub created_at: String,
    /// How well it matches; only good for comparing hits of one answer.
    #[serde(default)]
    pub score: f32,
    /// How many want it too, where it is an issue.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub votes: u32,
    /// The engine that found it; empty on the wire, where there is only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The answer of `GET /v1/sites/{site}/search`, best first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Hits {
    /// What was found.
    pub hits: Vec<Hit>,
}

/// An answer to a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Answer {
    /// Markdown.
    pub body: String,
    /// Who wrote it; empty where that is not known.
    #[serde(default)]
    pub author: String,
    /// Whether they belong to the company.
    #[serde(default)]
    pub staff: bool,
    /// Whether the asker accepted it.
    #[serde(default)]
    pub accepted: bool,
    /// RFC 3339; empty where it is not known.
    #[serde(default)]
    pub created_at: String,
}

/// One community question with its answers (`GET /v1/sites/{site}/questions/{id}`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Question {
    /// Its id, unique in the site.
    pub id: String,
    /// `question`, `doc`, `tutorial` or `issue`.
    #[serde(default = "question_kind")]
    pub kind: String,
    /// What was asked, in one line.
    pub title: String,
    /// Markdown.
    #[serde(default)]
    pub body: String,
    /// Where it can be read in the open web; empty where it has no address.
    #[serde(default)]
    pub url: String,
    /// The topics it belongs to.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Whether an answer was accepted.
    #[serde(default)]
    pub solved: bool,
    /// RFC 3339; empty where it is not known.
    #[serde(default)]
    pub created_at: String,
    /// Its answers, in the order of the source.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

/// The kind of a question that names none.
pub fn question_kind() -> String {
    "question".into()
}

/// The order in which answers are read: the accepted one, then the company's, then the rest as they came.
pub fn reading_order(answers: Vec<Answer>) -> Vec<Answer> {
    let (mut ordered, others): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.accepted);
    let (staff, rest): (Vec<Answer>, Vec<Answer>) = others.into_iter().partition(|answer| answer.staff);
    ordered.extend(staff);
    ordered.extend(rest);
    ordered
}

impl Read for Run {
    fn read(source: &impl Source) -> Run {
        Run { text: source.text_of("text").chars().take(RUN_MAX).collect(), hit: source.get("hit").yes() }
    }
}

/// Runs of text, as many as are worth showing: somebody else's engine may answer with anything.
fn runs(source: &impl Source, key: &str) -> Vec<Run> {
    source.get(key).items().iter().take(RUNS_MAX).map(Run::read).collect()
}

impl Read for Hit {
    fn read(source: &impl Source) -> Hit {
        Hit {
            id: source.text_of("id"),
            kind: source.text_of("kind"),
            title: runs(source, "title"),
            excerpt: runs(source, "excerpt"),
            url: source.text_of("url"),
            solved: source.get("solved").yes(),
            answers: source.get("answers").number() as u32,
            created_at: source.text_of("created_at"),
            score: source.get("score").number() as f32,
            votes: source.get("votes").number() as u32,
            source: source.text_of("source"),
        }
    }
}

impl Read for Hits {
    fn read(source: &impl Source) -> Hits {
        Hits { hits: source.list("hits") }
    }
}

impl Read for Answer {
    fn read(source: &impl Source) -> Answer {
        Answer {
            body: source.text_of("body"),
            author: source.text_of("author"),
            staff: source.get("staff").yes(),
            accepted: source.get("accepted").yes(),
            created_at: source.text_of("created_at"),
        }
    }
}

impl Read for Question {
    fn read(source: &impl Source) -> Question {
        Question {
            id: source.text_of("id"),
            kind: source.text_of("kind"),
            title: source.text_of("title"),
            body: source.text_of("body"),
            url: source.text_of("url"),
            topics: source.list("topics"),
            solved: source.get("solved").yes(),
            created_at: source.text_of("created_at"),
            answers: source.list("answers"),
        }
    }
}
