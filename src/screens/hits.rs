//! Hits as rows of one height, so that a change moves nothing else.

use leptos::prelude::*;

use super::model::Model;
use super::{Panel, question, search};
use crate::components::el::{LANG, button, div, el, live, nothing, paragraph};
use domain::question::{Hit, Run};
use domain::texts::Text;
use domain::ticket::Outcome;
use markdown::safe_url;

/// A section of a screen with a heading.
pub fn section(class: &'static str, heading: String, rows: Vec<AnyView>) -> AnyView {
    let heading = el("h3").text(heading);
    el("section").attr("class", class).children([heading, el("ul").attr("class", "plain").children(rows)])
}

/// The hits for the box on Home.
pub fn home(panel: Panel, model: &Model) -> AnyView {
    match model.hits.is_empty() {
        false => section("hits", panel.t(Text::Suggestions), rows(panel, &model.hits)),
        true if model.search_failed => paragraph("hint", panel.t(Text::SearchFailed)),
        true if model.found_nothing => paragraph("hint", panel.t(Text::NoHits)),
        true => nothing(),
    }
}

/// The hits for the message: the best one below the message, in a place that is always reserved for it; the others on request.
pub fn near(panel: Panel) -> AnyView {
    live(move || {
        panel.read(|model| {
            if !search::offers(model) {
                return nothing();
            }
            let Some((best, others)) = model.hits.split_first() else {
                let text = if model.search_failed { Text::SearchFailed } else { Text::NearHint };
                return div("near").children([paragraph("hint", panel.t(text))]);
            };
            let heading = if is_issue(best) { Text::VoteThere } else { Text::Suggestions };
            let heading = el("h3").text(panel.t(heading));
            let more = match others.is_empty() {
                true => nothing(),
                false => button("link", move |_| panel.change(|model| model.unfolded = !model.unfolded))
                    .attr("aria-expanded", if model.unfolded { "true" } else { "false" })
                    .text(panel.count(Text::MoreHits, others.len() as u32)),
            };
            let shown = if model.unfolded { model.hits.as_slice() } else { std::slice::from_ref(best) };
            let list = el("ul").attr("class", "plain").children(rows(panel, shown));
            div("near").children([div("around").children([heading, more]), list])
        })
    })
}

/// Hits as rows.
pub fn rows(panel: Panel, hits: &[Hit]) -> Vec<AnyView> {
    hits.iter().map(|hit| row(panel, hit)).collect()
}

fn row(panel: Panel, hit: &Hit) -> AnyView {
    let tag = |class: &'static str, text: Text| el("span").attr("class", class).text(panel.t(text));
    let kind = match hit.kind.as_str() {
        "doc" => tag("tag", Text::KindDoc),
        "tutorial" => tag("tag", Text::KindTutorial),
        "issue" => tag("tag", Text::KindIssue),
        _ => nothing(),
    };
    let solved = if hit.solved && !is_issue(hit) { tag("tag good", Text::Solved) } else { nothing() };
    let count = match is_issue(hit) {
        true => el("span").attr("class", "tag").text(panel.count(Text::Votes, hit.votes)),
        false if hit.answers == 0 => nothing(),
        false => el("span").text(panel.count(Text::Answers, hit.answers)),
    };
    // Assistive technology reads the excerpt as the description, or the name of a hit would be hundreds of letters long.
    let text = [
        el("span").attr("class", "title").children(runs(&hit.title)),
        el("span").attr("class", "excerpt").attr("aria-hidden", "true").children(runs(&hit.excerpt)),
    ];
    let described = plain_text(&hit.excerpt);
    let text = el("span").attr("class", "text").children(text);
    let details = el("span").attr("class", "about").attr(LANG, panel.lang()).children([kind, solved, count]);
    let parts = [text, details];
    let (id, hit) = (hit.id.clone(), hit.clone());
    let row = match safe_url(&hit.url).filter(|_| !is_read_here(&hit)) {
        Some(url) => outward(url).on("click", move |_| question::record_outcome(panel, &hit, Outcome::Opened)),
        None => button("hit", move |_| question::open(panel, hit.clone())).attr("data-id", id),
    };
    el("li").children([row.in_any_language().attr("aria-description", described).children(parts)])
}

fn outward(url: &str) -> crate::components::el::El {
    let link = el("a").attr("class", "hit").attr("href", url).attr("target", "_blank");
    link.attr("rel", "noopener noreferrer nofollow ugc")
}

/// Whether the panel can show the hit; others open in a tab.
fn is_read_here(hit: &Hit) -> bool {
    !hit.id.is_empty() && !is_issue(hit)
}

/// Whether it is an issue of a public tracker, where one can vote.
fn is_issue(hit: &Hit) -> bool {
    hit.source == "github"
}

fn plain_text(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect()
}

fn runs(runs: &[Run]) -> Vec<AnyView> {
    let run = |run: &Run| if run.hit { el("mark").text(run.text.clone()) } else { run.text.clone().into_any() };
    runs.iter().map(run).collect()
}
