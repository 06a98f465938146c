//! Home: what matches the box, the way to a ticket, other places.

use leptos::prelude::*;

use super::el::{button, div, el, live, nothing, paragraph};
use super::model::Screen;
use super::{Panel, question};
use crate::domain::config::Link;
use crate::domain::markdown::safe_url;
use crate::domain::question::{Hit, Run};
use crate::domain::texts::Text;

/// The start.
pub fn view(panel: Panel) -> AnyView {
    let links = panel.peek(|model| model.config.links.iter().map(link).collect::<Vec<_>>());
    let links = match links.is_empty() {
        true => nothing(),
        false => section(panel, "links", Text::Links, links),
    };
    let send = button("button main wide", move |_| panel.go(Screen::Ticket)).text(panel.t(Text::SendTicket));
    div("screen").children([hits(panel), links, div("foot").children([send])])
}

/// What was found; nothing where nothing is good.
pub fn hits(panel: Panel) -> AnyView {
    live(move || {
        let (rows, failed) = panel.read(|model| {
            let rows: Vec<AnyView> = model.hits.iter().map(|hit| row(panel, hit)).collect();
            (rows, model.search_failed)
        });
        match rows.is_empty() {
            false => section(panel, "hits", Text::Suggestions, rows),
            true if failed => paragraph("hint", panel.t(Text::SearchFailed)),
            true => nothing(),
        }
    })
}

/// A link that leaves the page alone; only text where the address is none that a link may lead to.
pub fn outside(class: &'static str, url: &str, text: String) -> AnyView {
    let Some(url) = safe_url(url) else { return el("span").attr("class", class).text(text) };
    let link = el("a").attr("class", class).attr("href", url).attr("target", "_blank");
    link.attr("rel", "noopener noreferrer nofollow ugc").text(text)
}

fn section(panel: Panel, class: &'static str, heading: Text, rows: Vec<AnyView>) -> AnyView {
    let heading = el("h3").text(panel.t(heading));
    el("section").attr("class", class).children([heading, el("ul").attr("class", "plain").children(rows)])
}

fn row(panel: Panel, hit: &Hit) -> AnyView {
    let solved = match hit.solved {
        true => el("span").attr("class", "tag good").text(panel.t(Text::Solved)),
        false => nothing(),
    };
    let answers = el("span").text(panel.count(Text::Answers, hit.answers));
    let parts = [
        el("span").attr("class", "title").children(runs(&hit.title)),
        el("span").attr("class", "excerpt").children(runs(&hit.excerpt)),
        el("span").attr("class", "about").children([solved, answers]),
    ];
    let hit = hit.clone();
    el("li").children([button("hit", move |_| question::open(panel, hit.clone())).children(parts)])
}

fn runs(runs: &[Run]) -> Vec<AnyView> {
    let run = |run: &Run| if run.hit { el("mark").text(run.text.clone()) } else { run.text.clone().into_any() };
    runs.iter().map(run).collect()
}

fn link(link: &Link) -> AnyView {
    el("li").children([outside("", &link.url, link.label.clone())])
}
