//! Community questions and the answers of a search, on the wire and in a file.

/// The longest run that the widget reads, in characters, and the most runs of a title or passage: somebody else's engine may
/// answer with anything.
const RUN_MAX: usize = 300;
const RUNS_MAX: usize = 40;

wire::types! {
    /// A run of text, marked where it matched the query. Never HTML.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Run {
        pub text: String [max RUN_MAX],
        /// Whether it matched.
        pub hit: bool = default,
    }

    /// One thing that a search found.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Hit {
        /// Its id in the source.
        pub id: String,
        /// `question`, `doc`, `tutorial` or `issue`.
        pub kind: String,
        pub title: Vec<Run> [max RUNS_MAX],
        /// The passage that matched best.
        pub excerpt: Vec<Run> [max RUNS_MAX] = default,
        /// Where it can be read in the open web; empty where it has no address.
        pub url: String = default,
        /// Whether an answer was accepted.
        pub solved: bool = default,
        /// How many answers it has.
        pub answers: u32 = default,
        /// When it was asked, RFC 3339 in UTC; empty where that is not known.
        pub created_at: String = default,
        /// How well it matches; only good for comparing hits of one answer.
        pub score: f32 = default,
        /// How many want it too, where it is an issue.
        pub votes: u32 = sparse,
        /// The engine that found it; empty on the wire, where there is only one.
        pub source: String = sparse,
    }

    /// The answer of `GET /v1/sites/{site}/search`, best first.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Hits {
        pub hits: Vec<Hit>,
    }

    /// An answer to a question.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Answer {
        /// Markdown.
        pub body: String,
        /// Who wrote it; empty where that is not known.
        pub author: String = default,
        /// Whether they belong to the company.
        pub staff: bool = default,
        /// Whether the asker accepted it.
        pub accepted: bool = default,
        /// RFC 3339; empty where it is not known.
        pub created_at: String = default,
    }

    /// One community question with its answers (`GET /v1/sites/{site}/questions/{id}`).
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Question {
        /// Its id, unique in the site.
        pub id: String,
        /// `question`, `doc`, `tutorial` or `issue`.
        pub kind: String = or(question_kind, "question_kind"),
        /// What was asked, in one line.
        pub title: String,
        /// Markdown.
        pub body: String = default,
        /// Where it can be read in the open web; empty where it has no address.
        pub url: String = default,
        /// The topics it belongs to.
        pub topics: Vec<String> = default,
        /// Whether an answer was accepted.
        pub solved: bool = default,
        /// RFC 3339; empty where it is not known.
        pub created_at: String = default,
        /// Its answers, in the order of the source.
        pub answers: Vec<Answer> = default,
    }
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
