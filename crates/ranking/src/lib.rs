//! The ranker: an index of questions in memory. The gateway uses it with any store, and a page without a gateway uses it too.
//!
//! It is BM25F over stems. The last word of a query is also treated as a prefix, because it may still be typed. A word that no question has is
//! treated as the words that may have been meant, and every word also as its synonyms.

pub mod best;
mod build;
#[cfg(not(target_arch = "wasm32"))]
mod corpus;
mod evidence;
pub mod folding;
pub mod github;
pub mod index_file;
mod languages;
mod marks;
mod packed;
mod plain;
mod query;
mod score;
#[cfg(not(target_arch = "wasm32"))]
mod snowball;
mod stems;
mod stored;
mod synonyms;
mod typing;
mod vocabulary;
mod words;

pub use build::table;
#[cfg(not(target_arch = "wasm32"))]
pub use corpus::Corpus;
pub use languages::{Language, is_vague};
pub use marks::marked;
pub use plain::plain_text;
#[cfg(not(target_arch = "wasm32"))]
pub use snowball::Snowball;
pub use stems::{Stems, Table};
#[cfg(not(target_arch = "wasm32"))]
pub use words::{Piece, words};

use std::sync::Arc;

use self::evidence::{Evidence, QueryDemand};
use self::folding::fold;
use self::query::Term;
use self::stored::Stored;
use self::vocabulary::Vocabulary;
use best::keep;
use domain::question::{Hit, Question};

/// The longest query that is read, in characters.
pub const QUERY_MAX: usize = 300;
/// The most hits of a search.
pub const LIMIT_MAX: usize = 20;
/// The share of the needed evidence that is enough for a hit if another hit has all of it: then the query is about something here.
const ENOUGH_BESIDE: f32 = 0.5;

/// A lower-case word without its accents.
pub fn folded(word: &str) -> String {
    fold(word).into_owned()
}

/// The folded words of a text. A code gives its parts and the whole.
pub fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    words::words(text, &mut |word| words.push(folded(word.spelled)));
    words
}

/// Whether a folded word is a stop word in any of the languages.
pub fn is_stop_word(word: &str) -> bool {
    languages::stops(word).contains(&true)
}

/// Questions that can be searched.
pub struct Index {
    questions: Vec<Arc<Stored>>,
    /// The weight of each question itself.
    priors: Vec<f32>,
    vocabulary: Vocabulary,
    /// For every stem the start of its postings, and the end of the last ones.
    starts: Vec<u32>,
    postings: Vec<Posting>,
    languages: Vec<Language>,
    stems: Box<dyn Stems>,
}

/// An occurrence of a stem in a question: the question's number in the upper 24 bits, the impact in the lower 8.
#[derive(Clone, Copy, Debug, Default)]
struct Posting(u32);

impl Posting {
    fn new(question: u32, impact: u8) -> Posting {
        Posting(question << 8 | u32::from(impact))
    }

    fn question(self) -> usize {
        (self.0 >> 8) as usize
    }

    fn impact(self) -> u8 {
        self.0 as u8
    }
}

/// The state of a question during a search.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    score: f32,
    evidence: Evidence,
}

impl Index {
    /// Indexes questions. `stems` stems their words, and those of queries.
    pub fn build(questions: &[Question], stems: impl Stems + 'static) -> Index {
        build::build(questions, Box::new(stems))
    }

    /// How many questions there are.
    pub fn len(&self) -> usize {
        self.questions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The best matches, best first; none if nothing matches well.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let query = query.char_indices().nth(QUERY_MAX).and_then(|(index, _)| query.get(..index)).unwrap_or(query);
        let terms = query::terms(query, self);
        let best = self.best(&terms, limit.min(LIMIT_MAX));
        let matches = |word: &str| {
            let word = fold(word);
            // Most words of a title can be skipped by their first letter.
            let starts = |term: &Term| term.first.is_none() || term.first == word.chars().next();
            let stem = terms.iter().any(starts).then(|| self.vocabulary.stem(&word));
            stem.flatten().is_some_and(|stem| {
                terms.iter().any(|term| term.stems.iter().any(|(stem_of_term, _)| *stem_of_term == stem))
            })
        };
        best.into_iter().filter_map(|(score, number)| Some(self.questions.get(number)?.hit(score, &matches))).collect()
    }

    /// The numbers of the best questions with their scores.
    fn best(&self, terms: &[Term], limit: usize) -> Vec<(f32, usize)> {
        let mut tallies = vec![Tally::default(); self.len()];
        let mut likest: Vec<(f32, f32)> = Vec::new();
        let mut touched: Vec<usize> = Vec::new();
        for term in terms {
            let mut count = |question: usize, share: f32, likeness: f32| {
                if let Some(tally) = tallies.get_mut(question) {
                    let score = term.rarity * share * likeness;
                    tally.score += score;
                    if term.is_significant {
                        tally.evidence.add(score, share, likeness);
                    }
                }
            };
            if let [(stem, likeness)] = term.stems.as_slice() {
                for posting in self.postings(*stem) {
                    count(posting.question(), score::share(posting.impact()), *likeness);
                }
                continue;
            }
            // Of the stems that one word stands for, the best one in a question counts.
            likest.resize(self.len(), (0.0, 0.0));
            for (stem, likeness) in &term.stems {
                for posting in self.postings(*stem) {
                    let share = score::share(posting.impact());
                    let Some(place) = likest.get_mut(posting.question()) else { continue };
                    if place.0 == 0.0 {
                        touched.push(posting.question());
                    }
                    if share * likeness > place.0 * place.1 {
                        *place = (share, *likeness);
                    }
                }
            }
            for question in touched.drain(..) {
                let (share, likeness) = likest.get_mut(question).map(std::mem::take).unwrap_or_default();
                count(question, share, likeness);
            }
        }
        let demand = QueryDemand::new(terms, self.len());
        let mut ranked: Vec<(f32, usize)> = Vec::new();
        let mut is_answered = false;
        for (number, (tally, prior)) in tallies.iter().zip(&self.priors).enumerate() {
            let share = demand.share_of(&tally.evidence);
            is_answered |= share >= 1.0;
            if share >= ENOUGH_BESIDE {
                keep(&mut ranked, limit, (tally.score * prior * share, number), |first, second| first.0 > second.0);
            }
        }
        if is_answered { ranked } else { Vec::new() }
    }

    fn postings(&self, stem: u32) -> &[Posting] {
        let stem = stem as usize;
        let (Some(start), Some(end)) = (self.starts.get(stem), self.starts.get(stem + 1)) else { return &[] };
        self.postings.get(*start as usize..*end as usize).unwrap_or_default()
    }

    /// How many questions have a stem.
    fn frequency(&self, stem: u32) -> usize {
        self.postings(stem).len()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index of {} questions", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::question::Answer;
    use proptest::prelude::*;

    fn question(id: &str, title: &str, body: &str) -> Question {
        Question {
            id: id.into(),
            kind: "question".into(),
            title: title.into(),
            body: body.into(),
            ..Question::default()
        }
    }

    fn index() -> Index {
        let mut alert_question = question("e", "Alert fires twice", "The same alert arrives two times.");
        alert_question.answers.push(Answer { body: "Set a **cooldown**.".into(), ..Answer::default() });
        Index::build(
            &[
                question("a", "Events missing from a dashboard", "Since this morning nothing arrives."),
                question("b", "How to change the plan", "We want to upgrade our billing plan."),
                question("c", "Exporting a chart fails", "TypeError: Cannot read properties of undefined"),
                question("d", "Billing address on invoices", "Where do I put our address?"),
                alert_question,
            ],
            Snowball,
        )
    }

    fn ids(index: &Index, query: &str) -> Vec<String> {
        index.search(query, 5).into_iter().map(|hit| hit.id).collect()
    }

    fn first(questions: &[Question], query: &str) -> Option<String> {
        ids(&Index::build(questions, Snowball), query).into_iter().next()
    }

    #[test]
    fn words_match_by_stem_and_titles_weigh_more_than_bodies() {
        assert_eq!(ids(&index(), "events stopped showing on dashboards")[..1], ["a"]);
        assert_eq!(ids(&index(), "billing ")[..2], ["d", "b"]);
        assert_eq!(ids(&index(), "export charts ")[..1], ["c"]);
    }

    #[test]
    fn the_last_word_matches_as_a_prefix_while_typing() {
        assert_eq!(ids(&index(), "dash"), ["a"]);
        assert_eq!(ids(&index(), "dash "), Vec::<String>::new());
        assert_eq!(ids(&index(), "change the pl")[..1], ["b"]);
    }

    #[test]
    fn answers_are_searched() {
        assert_eq!(ids(&index(), "cooldown "), ["e"]);
    }

    #[test]
    fn junk_finds_nothing() {
        for junk in ["", " ", "zzz qqq", "the and of", "recipe for a lemon cake", "!!!", "it does not work", "help me"]
        {
            assert_eq!(ids(&index(), junk), Vec::<String>::new(), "{junk}");
        }
    }

    #[test]
    fn typing_mistakes_match_except_in_the_first_letter() {
        assert_eq!(ids(&index(), "biling adress ")[..1], ["d"]);
        assert_eq!(ids(&index(), "dahsboadr "), ["a"]);
        assert_eq!(ids(&index(), "vashboard "), Vec::<String>::new());
    }

    #[test]
    fn synonyms_match_after_the_word_itself() {
        let questions = [
            question("delete", "Deleting an account", ""),
            question("remove", "Remove a chart from a dashboard", ""),
            question("mail", "Notifications by e-mail", ""),
        ];
        let index = Index::build(&questions, Snowball);
        assert_eq!(ids(&index, "remove ")[..2], ["remove", "delete"]);
        assert_eq!(ids(&index, "erase my account")[..1], ["delete"]);
        assert_eq!(ids(&index, "alerts in my mails"), ["mail"]);
        assert_eq!(ids(&index, "app"), Vec::<String>::new());
        let hits = index.search("removing accounts", 1);
        let marked = hits[0].title.iter().filter(|run| run.hit).map(|run| run.text.as_str()).collect::<Vec<_>>();
        assert_eq!(marked, ["Deleting", "account"]);
    }

    #[test]
    fn english_synonyms_do_not_apply_to_other_languages() {
        let questions = [
            question(
                "pays",
                "Changer le pays de la facture",
                "Nous ne sommes pas dans le bon pays, et les prix sont faux.",
            ),
            question("payer", "Payer par carte", "Je ne veux pas le faire avec mon compte."),
        ];
        assert_eq!(ids(&Index::build(&questions, Snowball), "pays "), ["pays"]);
    }

    #[test]
    fn weak_hits_appear_only_after_a_strong_one() {
        let text = "Somebody went home, closed the door, read a book, slept well, and woke early.";
        let mut questions = vec![
            question("all", "Export the weekly report", text),
            question("less", "Colours", "The weekly mail is grey, and so is every weekly chart in it."),
        ];
        questions.extend((0..40).map(|number| question(&format!("q{number}"), &format!("Chapter {number}"), text)));
        assert_eq!(ids(&Index::build(&questions, Snowball), "weekly report export"), ["all", "less"]);
        assert_eq!(ids(&Index::build(&questions[1..], Snowball), "weekly report export"), Vec::<String>::new());
    }

    #[test]
    fn prefixes_of_two_letters_match_no_title_and_of_three_do() {
        let questions: Vec<Question> =
            (0..30).map(|number| question(&format!("q{number}"), "Sharing dashboards", "")).collect();
        let index = Index::build(&questions, Snowball);
        assert_eq!(ids(&index, "da"), Vec::<String>::new());
        assert_eq!(ids(&index, "das").len(), 5);
    }

    #[test]
    fn codes_are_found_by_whole_and_by_part() {
        let questions = [
            question("p", "Payment refused", "The page says pm_4021."),
            question("n", "Offline", "ERR_NETWORK_CHANGED, in version 2.14.1"),
            question("x", "Undefined", "TypeError: x is undefined"),
        ];
        for (query, id) in [
            ("pm_4021", "p"),
            ("PM-4021", "p"),
            ("4021", "p"),
            ("payment code 4021", "p"),
            ("ERR_NETWORK_CHANGED", "n"),
            ("network changed", "n"),
            ("2.14.1", "n"),
            ("typeerror", "x"),
            ("type error", "x"),
        ] {
            assert_eq!(first(&questions, query).as_deref(), Some(id), "{query}");
        }
    }

    #[test]
    fn words_are_stemmed_in_the_language_of_the_question() {
        let questions = [
            question("en", "Change the address on invoices", "It is the old one that we had in the past."),
            question("de", "Falsche Anschrift auf den Rechnungen", "Wir haben das nicht so in der Firma."),
            question("fr", "L'adresse des factures est fausse", "Nous ne l'avons pas dans les comptes."),
            question("es", "La dirección de las facturas", "No es la que tenemos en los datos."),
            question("pt", "O endereço das exportações", "Não é o que temos nos nossos dados, está com erro."),
        ];
        for (query, id) in [
            ("changing addresses ", "en"),
            ("rechnung ", "de"),
            ("falschen anschriften ", "de"),
            ("facture fausses ", "fr"),
            ("direcciones ", "es"),
            ("exportação ", "pt"),
            ("exportacao ", "pt"),
        ] {
            assert_eq!(first(&questions, query).as_deref(), Some(id), "{query}");
        }
    }

    #[test]
    fn arabic_chinese_and_japanese_questions_are_found() {
        let questions = [
            question("ar", "كيف أغير عنوان الفاتورة", ""),
            question("zh", "导出图表失败", "点击按钮后没有文件"),
            question("ja", "ダッシュボードの共有", "請求書を変更したい"),
        ];
        for (query, id) in
            [("فاتورة", "ar"), ("والعنوان", "ar"), ("图表导出", "zh"), ("ダッシュ", "ja"), ("請求書の変更", "ja")]
        {
            assert_eq!(first(&questions, query).as_deref(), Some(id), "{query}");
        }
    }

    #[test]
    fn ties_prefer_solved_and_recent_questions() {
        let mut solved = question("solved", "Export a chart", "");
        solved.solved = true;
        let question_of = |id: &str, year: &str| Question {
            created_at: format!("{year}-05-01T00:00:00Z"),
            ..question(id, "Export a chart", "")
        };
        assert_eq!(
            first(&[question("open", "Export a chart", ""), solved.clone()], "chart").as_deref(),
            Some("solved")
        );
        assert_eq!(first(&[question_of("old", "2019"), question_of("new", "2026")], "chart").as_deref(), Some("new"));
        let better = question("better", "Export a chart as CSV", "");
        assert_eq!(first(&[better, solved], "export chart csv").as_deref(), Some("better"));
    }

    #[test]
    fn matches_are_marked_and_runs_cover_the_title() {
        let marks = |query: &str| -> String {
            let hits = index().search(query, 1);
            hits[0].title.iter().map(|run| if run.hit { format!("[{}]", run.text) } else { run.text.clone() }).collect()
        };
        assert_eq!(marks("missing event"), "[Events] [missing] from a dashboard");
        assert_eq!(marks("events dashb"), "[Events] missing from a [dashboard]");
        assert_eq!(marks("evnets "), "[Events] missing from a dashboard");
    }

    #[test]
    fn a_stem_table_finds_the_same_as_its_stemmer() {
        let questions = [
            question("a", "Exporting charts", "The exports of our dashboards are not what we need."),
            question("b", "Falsche Anschrift auf den Rechnungen", "Wir haben das nicht so in der Firma."),
        ];
        let table = table(&questions, &Snowball);
        assert!(table.contains(&("rechnungen".into(), "rechnung".into())), "{table:?}");
        assert!(table.iter().all(|(word, stem)| word != stem));
        let with_table = Index::build(&questions, Table::new(table, Vec::new()));
        let with_stemmer = Index::build(&questions, Snowball);
        for query in ["export", "chart dashboard", "rechnung ", "rechnungen", "anschrift falsch"] {
            assert_eq!(with_table.search(query, 5), with_stemmer.search(query, 5), "{query}");
        }
    }

    #[test]
    fn empty_indexes_find_nothing() {
        assert_eq!(Index::build(&[], Snowball).search("anything at all", 5), []);
        assert!(Index::build(&[], Snowball).is_empty());
    }

    #[test]
    fn frequent_words_find_titles_and_topics() {
        let questions: Vec<Question> = (0..60)
            .map(|n| Question {
                topics: vec!["billing".into()],
                ..question(&format!("q{n}"), "Dashboards for all", "")
            })
            .collect();
        let index = Index::build(&questions, Snowball);
        for query in ["dashboards", "dashboa", "dashbord", "billing", "billing dashboard "] {
            assert_eq!(ids(&index, query).len(), 5, "{query}");
        }
    }

    #[test]
    fn only_polite_or_vague_words_find_nothing() {
        let index = Index::build(&[question("a", "Nothing works, please help with the error", "")], Snowball);
        for query in ["please help", "nothing works", "how do i", "error"] {
            assert_eq!(ids(&index, query), Vec::<String>::new(), "{query}");
        }
    }

    #[test]
    fn one_rare_word_is_enough_evidence_anywhere() {
        let mut questions: Vec<Question> =
            (0..60).map(|n| question(&format!("q{n}"), "Dashboards and their charts", "")).collect();
        questions.push(question(
            "scim",
            "Users of a directory",
            &format!("{}, as with SCIM.", "They come and go ".repeat(30)),
        ));
        assert_eq!(first(&questions, "scim ").as_deref(), Some("scim"));
    }

    /// The figures are those of `make bench-search` with a little margin. Raise them when the ranker improves.
    #[test]
    fn relevance_on_the_reference_queries_does_not_drop() {
        let questions: Vec<Question> = include_str!("../../../crates/gateway/src/demo/questions.jsonl")
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let index = Index::build(&questions, Snowball);
        let (mut queries_asked, mut first, mut in_three, mut junk, mut hits_shown) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for line in include_str!("../../../tests/bench/meadow/queries.jsonl").lines() {
            let query: serde_json::Value = serde_json::from_str(line).unwrap();
            let hits = index.search(query["query"].as_str().unwrap(), 5);
            match query["question"].as_str() {
                Some(id) => {
                    let place = hits.iter().position(|hit| hit.id == id);
                    queries_asked += 1.0;
                    first += f64::from(place == Some(0));
                    in_three += f64::from(place.is_some_and(|place| place < 3));
                }
                None => {
                    junk += 1.0;
                    hits_shown += f64::from(!hits.is_empty());
                }
            }
        }
        assert!(
            first / queries_asked > FIRST && in_three / queries_asked > IN_THREE,
            "{} {}",
            first / queries_asked,
            in_three / queries_asked
        );
        assert!(hits_shown / junk < SHOWN, "{}", hits_shown / junk);
    }

    const FIRST: f64 = 0.66;
    const IN_THREE: f64 = 0.77;
    const SHOWN: f64 = 0.05;

    proptest! {
        #[test]
        fn runs_of_any_hit_add_up_to_its_title(
            title in "\\PC{0,40}|[a-e_. A-C図カ]{0,40}",
            body: String,
            query in "\\PC{0,40}|[a-e_. A-C図カ]{0,40}",
        ) {
            let index = Index::build(&[question("x", &title, &body), question("y", &query, "")], Snowball);
            let hits = index.search(&query, 3);
            for hit in &hits {
                let text: String = hit.title.iter().map(|run| run.text.as_str()).collect();
                prop_assert_eq!(&text, if hit.id == "x" { &title } else { &query });
            }
            prop_assert_eq!(hits, index.search(&query, 3));
        }
    }
}
