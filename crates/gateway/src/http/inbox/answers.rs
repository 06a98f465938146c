//! How useful the community's answers are, for authors of documentation.

use std::collections::BTreeMap;
use std::sync::Arc;

use maud::{Markup, html};

use super::page::{self, Frame};
use super::{labels, times};
use deskbell_core::clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Counts, SearchMiss, SiteScope, StoreError, WeekOfKind};
use deskbell_core::site::Sites;
use domain::deflection::QuestionCounts;
use domain::question::Question;
use markdown::safe_url;

/// How many weeks are shown.
const WEEKS: u32 = 8;
/// How many questions are shown.
const QUESTIONS: u32 = 30;

/// Reads how useful answers are.
pub struct AnswersReader {
    /// The sites.
    pub sites: Arc<Sites>,
    /// The counts.
    pub counts: Arc<dyn Counts>,
}

/// The counts of one site.
struct Site {
    weeks: Vec<WeekOfKind>,
    questions: Vec<(QuestionCounts, Option<Question>)>,
    search_misses: Vec<SearchMiss>,
}

/// The page about a site; about the first one that the agent may see if the site is none of theirs.
pub async fn page(
    answers: &AnswersReader,
    frame: &Frame<'_>,
    permitted: &SiteScope,
    site: &str,
) -> Result<Markup, StoreError> {
    let names: Vec<&SiteKey> = answers.sites.keys().filter(|name| permitted.includes(name)).collect();
    let chosen = names.iter().find(|name| **name == site).or(names.first());
    let site = match chosen {
        Some(name) => Some(read(answers.counts.as_ref(), name).await?),
        None => None,
    };
    let content = html! {
        div.head {
            h1 { "Answers" }
            p.muted { "The last " (WEEKS) " weeks" }
        }
        @if names.len() > 1 {
            form.filters method="get" action="/inbox/answers" {
                label.unseen for="site" { "Site" }
                select #site name="site" {
                    @for name in &names { option value=(name) selected[Some(name) == chosen] { (name) } }
                }
                button.button type="submit" { "Apply" }
            }
        }
        @if let Some(site) = &site { (section(site)) }
    };
    Ok(page::page("Answers", frame, content))
}

async fn read(counts: &dyn Counts, name: &SiteKey) -> Result<Site, StoreError> {
    let from_week = clock::week(WEEKS - 1);
    let weeks = counts.visit_counts(name, &from_week).await?;
    let questions = counts.question_counts(name, &from_week, QUESTIONS).await?;
    let search_misses = counts.search_misses(name, &from_week).await?;
    Ok(Site { weeks, questions, search_misses })
}

fn section(site: &Site) -> Markup {
    html! {
        @if site.weeks.is_empty() {
            div.card.empty {
                h2 { "No data yet" }
                p {
                    "This page shows how often answers prevent tickets, which questions help most, and what "
                    "several people searched for without finding an answer."
                }
            }
        } @else {
            section.card.counts aria-label="Visits" {
                h2 { "Do answers prevent tickets?" }
                p.muted {
                    "A visit is one draft of one person. Deflected: the share of visits with an opened answer that ended "
                    "without a ticket. Solved: the customer said that the answer helped."
                }
                (weeks(&site.weeks))
            }
            section.card.counts aria-label="Questions" {
                h2 { "Which questions solve most" }
                @if site.questions.is_empty() { p.muted { "No question has been opened yet." } }
                @else { (questions(&site.questions)) }
            }
        }
        @if !site.weeks.is_empty() || !site.search_misses.is_empty() {
            section.card.counts aria-label="Searches without an answer" {
                h2 { "Searches without an answer" }
                p.muted { "Only searches by at least three people (signed-in customers or networks) within a week, without secrets." }
                @if site.search_misses.is_empty() { p { "None." } }
                @else { (searches(&site.search_misses)) }
            }
        }
    }
}

fn weeks(weeks: &[WeekOfKind]) -> Markup {
    // The week is shown only on the first of its rows.
    let mut first_lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (line, WeekOfKind { week, .. }) in weeks.iter().enumerate() {
        first_lines.entry(week).or_insert(line);
    }
    table(
        &["Week of", "Kind", "Shown", "Opened", "Solved", "Ticket sent", "Deflected"],
        html! {
            @for (line, WeekOfKind { week, kind, visits }) in weeks.iter().enumerate() {
                tr {
                    th scope="row" { span.again[first_lines.get(week.as_str()) != Some(&line)] { (times::day(week)) } }
                    td { (labels::kind(*kind)) }
                    @for count in [visits.shown, visits.opened, visits.solved, visits.sent] { td.number { (count) } }
                    td.number { @if let Some(rate) = visits.rate() { (rate) " %" } @else { "–" } }
                }
            }
        },
    )
}

fn questions(counts: &[(QuestionCounts, Option<Question>)]) -> Markup {
    table(
        &["Question", "Opened", "Solved", "Did not help"],
        html! {
            @for (counts, question) in counts {
                tr {
                    th scope="row" { (title(counts, question.as_ref())) }
                    @for count in [counts.opened, counts.solved, counts.unhelpful] { td.number { (count) } }
                }
            }
        },
    )
}

fn title(counts: &QuestionCounts, question: Option<&Question>) -> Markup {
    let Some(question) = question else { return html! { bdi { (counts.id) } " " span.muted { "(removed)" } } };
    match safe_url(&question.url) {
        Some(url) => html! { a href=(url) rel="noopener noreferrer nofollow" { bdi { (question.title) } } },
        None => html! { bdi { (question.title) } },
    }
}

fn searches(searches: &[SearchMiss]) -> Markup {
    table(
        &["Searched for", "People", "Last"],
        html! {
            @for search in searches {
                tr {
                    th scope="row" { bdi { (search.words) } }
                    td.number { (search.people) }
                    td { (times::minute(search.last_at)) }
                }
            }
        },
    )
}

fn table(columns: &[&str], rows: Markup) -> Markup {
    html! {
        // It is wider than a phone, and can be scrolled with the keyboard too.
        div.wide tabindex="0" {
            table {
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { (rows) }
            }
        }
    }
}
