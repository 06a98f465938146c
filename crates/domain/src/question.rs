//! Community questions and search results, on the wire and in index files.

/// The longest run that the widget reads, in characters, and the most runs of a title or excerpt. An engine may be a third party, so its
/// responses are limited.
const RUN_MAX: usize = 300;
const RUNS_MAX: usize = 40;

wire::types! {
    /// A run of text, marked if it matches the query. Never HTML.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Run {
        pub text: String [max RUN_MAX],
        /// Whether it matches the query.
        pub hit: bool = default,
    }

    /// One search result.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Hit {
        /// Its id in the source.
        pub id: String,
        /// `question`, `doc`, `tutorial` or `issue`.
        pub kind: String,
        pub title: Vec<Run> [max RUNS_MAX],
        /// The passage that matches best.
        pub excerpt: Vec<Run> [max RUNS_MAX] = default,
        /// Its public address; empty if it has none.
        pub url: String = default,
        /// Whether an answer was accepted.
        pub solved: bool = default,
        /// How many answers it has.
        pub answers: u32 = default,
        /// When it was asked, RFC 3339 in UTC; empty if unknown.
        pub created_at: String = default,
        /// How well it matches; only comparable within one response.
        pub score: f32 = default,
        /// Upvotes of an issue.
        pub votes: u32 = sparse,
        /// The engine that found it; empty on the wire, where there is only one.
        pub source: String = sparse,
    }

    /// The response to `GET /v1/sites/{site}/search`, best result first.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Hits {
        pub hits: Vec<Hit>,
    }

    /// An answer to a question.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Answer {
        /// Markdown.
        pub body: String,
        /// Its author; empty if unknown.
        pub author: String = default,
        /// Whether the author belongs to the company.
        pub staff: bool = default,
        /// Whether the asker accepted it.
        pub accepted: bool = default,
        /// When it was written, RFC 3339; empty if unknown.
        pub created_at: String = default,
    }

    /// A community question with its answers (`GET /v1/sites/{site}/questions/{id}`).
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Question {
        /// Its id, unique in the site.
        pub id: String,
        /// `question`, `doc`, `tutorial` or `issue`.
        pub kind: String = or(question_kind, "question_kind"),
        /// The question in one line.
        pub title: String,
        /// Markdown.
        pub body: String = default,
        /// Its public address; empty if it has none.
        pub url: String = default,
        /// The ids of its topics.
        pub topics: Vec<String> = default,
        /// Whether an answer was accepted.
        pub solved: bool = default,
        /// When it was asked, RFC 3339; empty if unknown.
        pub created_at: String = default,
        /// Its answers, in the order of the source.
        pub answers: Vec<Answer> = default,
    }
}

/// The default of [`Question::kind`].
pub fn question_kind() -> String {
    "question".into()
}

/// Sorts answers for reading: the accepted one, then the company's, then the rest in their order.
pub fn reading_order(answers: Vec<Answer>) -> Vec<Answer> {
    let (mut ordered, rest): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.accepted);
    let (staff, rest): (Vec<Answer>, Vec<Answer>) = rest.into_iter().partition(|answer| answer.staff);
    ordered.extend(staff);
    ordered.extend(rest);
    ordered
}
