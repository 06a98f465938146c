//! Issues of a public repository, by GitHub's search (<https://docs.github.com/rest/search/search>).
//!
//! It searches for all words of a query unless told otherwise, and two people rarely describe an issue in the same words. So the query asks for
//! any of a few significant words, and the results are ranked here.

use super::best::keep;
use super::{folded, is_stop_word, is_vague, marked, words_of};
use domain::question::Hit;
use wire::Source;

/// The most issues that are requested, and the most that are shown.
const REQUESTED: usize = 20;
const SHOWN: usize = 3;
/// GitHub allows five operators between words.
const WORDS_MAX: usize = 6;
/// The longest query that GitHub accepts, in characters.
const QUERY_MAX: usize = 256;
/// The fewest words of the query that an issue has to contain, if there are as many, and the least share of them. A word in the body counts
/// half.
const COVERED_MIN: f32 = 2.0;
const SHARE_MIN: f32 = 0.33;
/// The shortest common prefix of two forms of a word, in letters.
const SHARED_MIN: usize = 4;
/// How much longer a form of a word may be, in letters.
const ENDING_MAX: usize = 3;

/// The period of GitHub's rate limit, in milliseconds, and how many searches anonymous clients have in it.
const MINUTE: f64 = 60_000.0;
const PER_MINUTE: usize = 10;

/// Tracks GitHub's rate limit.
#[derive(Clone, Debug, Default)]
pub struct Limit {
    /// The times of the requests in the last minute.
    requested_at: Vec<f64>,
    /// The time until which GitHub refuses requests.
    refused_until: f64,
}

impl Limit {
    /// Takes one of the allowed searches; `false` if there is none left. `now` is in milliseconds.
    pub fn take(&mut self, now: f64) -> bool {
        self.requested_at.retain(|time| now - time < MINUTE);
        let allowed = now >= self.refused_until && self.requested_at.len() < PER_MINUTE;
        if allowed {
            self.requested_at.push(now);
        }
        allowed
    }

    /// Records a refusal, and after how many seconds GitHub allows a retry. Its limit is by the minute.
    pub fn refused(&mut self, now: f64, retry_after: Option<u32>) {
        self.refused_until = now + MINUTE.max(f64::from(retry_after.unwrap_or_default()) * 1000.0);
    }
}

/// The path and query of a search for a text in a repository; `None` if the text has no significant words. The text is split into words, so
/// nothing in it acts as an operator.
pub fn search(text: &str, repository: &str) -> Option<String> {
    let words = significant_words(text);
    let mut query = String::new();
    let rest = [" repo:", repository, " is:issue in:title,body"].concat();
    for word in &words {
        let joint = if query.is_empty() { "" } else { " OR " };
        if query.chars().count() + joint.len() + word.chars().count() + rest.len() + 2 > QUERY_MAX {
            break;
        }
        query.push_str(joint);
        query.push_str(word);
    }
    if query.is_empty() {
        return None;
    }
    let query = ["(", &query, ")", &rest].concat();
    Some(["search/issues?per_page=", &REQUESTED.to_string(), "&q=", &percent_encoded(&query)].concat())
}

/// The issues in a response that contain most of a text's words, open ones first. The response may be anything.
pub fn hits(answer: &impl Source, text: &str, repository: &str) -> Vec<Hit> {
    let words = significant_words(text);
    let mut hits: Vec<Hit> = Vec::new();
    for item in answer.get("items").items() {
        if let Some(hit) = hit(&item, &words, repository) {
            keep(&mut hits, SHOWN, hit, |first, second| {
                let order_key = |hit: &Hit| (!hit.solved, hit.score, hit.votes);
                order_key(first) > order_key(second)
            });
        }
    }
    hits
}

fn hit(item: &impl Source, words: &[String], repository: &str) -> Option<Hit> {
    let (title, url) = (item.text_of("title"), item.text_of("html_url"));
    let issues = ["https://github.com/", repository, "/issues/"].concat();
    // Names of repositories are not case-sensitive, and this one comes from a response.
    let is_of_repository = url.get(..issues.len()).is_some_and(|start| start.eq_ignore_ascii_case(&issues));
    if title.is_empty() || !is_of_repository {
        return None;
    }
    let (in_title, in_body) = (words_of(&title), words_of(&item.text_of("body")));
    let covered: f32 = words
        .iter()
        .map(|word| match (has_form(&in_title, word), has_form(&in_body, word)) {
            (true, _) => 1.0,
            (false, true) => 0.5,
            (false, false) => 0.0,
        })
        .sum();
    let count = words.len() as f32;
    let score = covered / count;
    let hit = Hit {
        id: (item.get("number").number() as u32).to_string(),
        kind: "issue".into(),
        title: marked(&title.chars().take(TITLE_MAX).collect::<String>(), &|word| has_form(words, &folded(word))),
        url,
        solved: item.text_of("state") == "closed",
        votes: item.get("reactions").get("+1").number() as u32,
        created_at: item.text_of("created_at"),
        source: "github".into(),
        score,
        ..Hit::default()
    };
    (covered >= COVERED_MIN.min(count) && score >= SHARE_MIN).then_some(hit)
}

/// The longest title that is shown, in characters.
const TITLE_MAX: usize = 200;

/// The first significant words of a text, each once.
fn significant_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in words_of(text) {
        if !is_stop_word(&word) && !is_vague(&word) && !words.contains(&word) && word.chars().nth(1).is_some() {
            words.push(word);
        }
    }
    words.truncate(WORDS_MAX);
    words
}

/// Whether a word, in any form, is among others.
fn has_form(words: &[String], word: &str) -> bool {
    words.iter().any(|candidate| {
        let shared = candidate.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
        let length = candidate.chars().count().max(word.chars().count());
        candidate == word || shared >= SHARED_MIN && length - shared <= ENDING_MAX
    })
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    encoded
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn decoded(text: &str) -> String {
        let path = search(text, "meadow/meadow.js").unwrap();
        let query = path.strip_prefix("search/issues?per_page=20&q=").unwrap().as_bytes();
        let mut bytes = Vec::new();
        let mut position = 0;
        while position < query.len() {
            let escaped = query[position] == b'%';
            let text = std::str::from_utf8(&query[position + 1..query.len().min(position + 3)]).unwrap_or_default();
            bytes.push(if escaped { u8::from_str_radix(text, 16).unwrap() } else { query[position] });
            position += if escaped { 3 } else { 1 };
        }
        String::from_utf8(bytes).unwrap()
    }

    fn issue(number: u32, title: &str, state: &str, votes: u32) -> Value {
        json!({
            "number": number, "title": title, "state": state, "reactions": {"+1": votes}, "body": null,
            "html_url": format!("https://github.com/Meadow/meadow.js/issues/{number}"), "created_at": "2026-05-01T08:00:00Z",
        })
    }

    #[test]
    fn queries_match_any_significant_word() {
        assert_eq!(
            decoded("Please add a dark mode to the dashboards"),
            "(add OR dark OR mode OR dashboards) repo:meadow/meadow.js is:issue in:title,body"
        );
        assert_eq!(search("please help me", "a/b"), None);
        assert_eq!(search("", "a/b"), None);
    }

    #[test]
    fn query_operators_in_texts_are_neutralized() {
        let query = decoded("dark\" repo:torvalds/linux AND -label:bug (author:x) NOT user:y");
        assert_eq!(
            query,
            "(dark OR repo OR torvalds OR linux OR label OR author) repo:meadow/meadow.js is:issue in:title,body"
        );
    }

    #[test]
    fn results_need_the_words_and_sort_by_state_and_votes() {
        let answer = json!({"items": [
            issue(1, "Dark theme for dashboards", "closed", 90),
            issue(2, "Dark dashboards", "open", 3),
            issue(3, "Dashboard in the dark", "open", 12),
            issue(4, "Dark chocolate", "open", 50),
            issue(5, "Something else", "open", 500),
        ]});
        let hits = hits(&answer, "a dark mode for dashboards", "meadow/meadow.js");
        let shown: Vec<(&str, u32, bool)> = hits.iter().map(|hit| (hit.id.as_str(), hit.votes, hit.solved)).collect();
        assert_eq!(shown, [("3", 12, false), ("2", 3, false), ("1", 90, true)]);
        assert!(hits.iter().all(|hit| hit.source == "github" && hit.kind == "issue"));
        let marks: Vec<&str> = hits[0].title.iter().filter(|run| run.hit).map(|run| run.text.as_str()).collect();
        assert_eq!(marks, ["Dashboard", "dark"]);
    }

    #[test]
    fn invalid_results_and_foreign_links_are_dropped() {
        let mut foreign = issue(1, "Dark dashboards", "open", 1);
        foreign["html_url"] = json!("https://github.com.evil.example/meadow/meadow.js/issues/1");
        let mut other_issue = issue(2, "Dark dashboards", "open", 1);
        other_issue["html_url"] = json!("javascript:alert(1)");
        for answer in [json!(null), json!({"items": 7}), json!({"items": [7, {}, foreign, other_issue]})] {
            assert_eq!(hits(&answer, "dark dashboards", "meadow/meadow.js"), [], "{answer}");
        }
    }

    #[test]
    fn ten_searches_a_minute_are_allowed_and_none_after_a_refusal() {
        let mut limit = Limit::default();
        let allowed = (0..20).filter(|second| limit.take(f64::from(*second) * 1000.0)).count();
        assert_eq!(allowed, 10);
        assert!(!limit.take(59_999.0) && limit.take(60_000.0));
        let mut limit = Limit::default();
        limit.refused(0.0, Some(90));
        assert!(!limit.take(89_999.0) && limit.take(90_000.0));
        limit.refused(100_000.0, None);
        assert!(!limit.take(159_999.0) && limit.take(160_000.0));
    }

    proptest! {
        #[test]
        fn any_text_makes_a_valid_query(text in "\\PC{0,300}|([a-z]{1,64} ){0,12}") {
            if let Some(path) = search(&text, "meadow/meadow.js") {
                let query = decoded(&text);
                prop_assert!(query.chars().count() <= QUERY_MAX && query.matches(" OR ").count() <= 5, "{query}");
                prop_assert!(path.is_ascii() && !path.contains(' '));
            }
        }
    }
}
