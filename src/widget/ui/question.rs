//! A question, read in the panel: it helps, or it leads to a ticket with everything kept.

use leptos::prelude::*;

use super::el::{button, div, el, live, nothing, paragraph, spawn};
use super::home::outside;
use super::model::{Model, Remote, Screen};
use super::{Panel, markdown};
use crate::domain::question::{Answer, Hit, Question, Run};
use crate::domain::source::Read;
use crate::domain::texts::Text;
use crate::domain::ticket::{Outcome, QUESTIONS_MAX, QuestionSeen};
use crate::widget::browser::dom::encoded;
use crate::widget::browser::http::Abort;
use crate::widget::browser::intl;
use crate::widget::transport;

/// Opens a question.
pub fn open(panel: Panel, hit: Hit) {
    panel.emit("question-opened", &[("id", hit.id.as_str().into())]);
    panel.change(|model| {
        if matches!(model.screen, Screen::Home | Screen::Ticket) {
            model.came_from = model.screen;
        }
        note(&mut model.seen, &hit, Outcome::Opened);
        model.hit = Some(hit);
    });
    fetch(panel);
    panel.go(Screen::Question);
}

/// A question of which only the id is known, from a link.
pub fn hit_of(id: String) -> Hit {
    Hit {
        title: vec![Run { text: id.clone(), hit: false }],
        id,
        kind: crate::domain::question::question_kind(),
        excerpt: Vec::new(),
        url: String::new(),
        solved: false,
        answers: 0,
        created_at: String::new(),
        score: 0.0,
    }
}

/// Remembers what came of a question; the most telling outcome stays.
pub fn note(seen: &mut Vec<QuestionSeen>, hit: &Hit, outcome: Outcome) {
    if let Some(known) = seen.iter_mut().find(|known| known.id == hit.id) {
        known.outcome = known.outcome.max(outcome);
        return;
    }
    if seen.len() >= QUESTIONS_MAX {
        let oldest = seen.iter().position(|known| known.outcome == Outcome::Shown).unwrap_or(0);
        seen.remove(oldest);
    }
    let mut title = String::new();
    for run in &hit.title {
        title.push_str(&run.text);
    }
    seen.push(QuestionSeen { source: "gateway".into(), id: hit.id.clone(), title, url: hit.url.clone(), outcome });
}

/// The question that was opened.
pub fn view(panel: Panel) -> AnyView {
    let body = live(move || {
        panel.read(|model| match &model.question {
            Remote::Loading => paragraph("loading", panel.t(Text::QuestionLoading)),
            Remote::Ready(question) => read(panel, question),
            Remote::Failed => {
                let again = button("button", move |_| fetch(panel)).text(panel.t(Text::TryAgain));
                div("").children([paragraph("notice", panel.t(Text::QuestionFailed)), again])
            }
        })
    });
    let solved = button("button main", move |_| solved(panel)).text(panel.t(Text::SolvedIt));
    let unsolved = button("button", move |_| unsolved(panel)).text(panel.t(Text::StillNeedHelp));
    div("screen").children([body, div("foot row").children([solved, unsolved])])
}

fn fetch(panel: Panel) {
    let id = id(panel);
    panel.change(|model| model.question = Remote::Loading);
    spawn(async move {
        let what = "questions/".to_string() + &encoded(&id);
        let answer = transport::ask(&panel.site_url(), &what, &Abort::new()).await;
        let question = answer.as_ref().map(Question::read);
        panel.change(|model| arrive(model, &id, question));
    });
}

fn arrive(model: &mut Model, id: &str, question: Option<Question>) {
    if model.hit.as_ref().is_none_or(|hit| hit.id != id) {
        return;
    }
    let Some(question) = question else {
        model.question = Remote::Failed;
        return;
    };
    // A link knows only the id; what the ticket says of the question is better said with its title.
    if let Some(known) = model.seen.iter_mut().find(|known| known.id == id) {
        known.title = question.title.clone();
        known.url = question.url.clone();
    }
    model.question = Remote::Ready(question);
}

fn read(panel: Panel, question: &Question) -> AnyView {
    let mut parts = vec![el("h3").attr("class", "asked").text(question.title.clone()), markdown::view(&question.body)];
    parts.extend(question.answers.iter().map(|one| answer(panel, one)));
    if question.answers.is_empty() {
        parts.push(paragraph("hint", panel.t(Text::NoAnswers)));
    }
    if !question.url.is_empty() {
        parts.push(outside("hint", &question.url, panel.t(Text::OpenInTab)));
    }
    div("").children(parts)
}

fn answer(panel: Panel, answer: &Answer) -> AnyView {
    let tag = |shown: bool, class: &'static str, text: Text| match shown {
        true => el("span").attr("class", class).text(panel.t(text)),
        false => nothing(),
    };
    let by = div("by").children([
        tag(answer.accepted, "tag good", Text::Accepted),
        el("span").text(answer.author.clone()),
        tag(answer.staff, "tag", Text::Staff),
        el("span").text(intl::day(&answer.created_at, &panel.lang())),
    ]);
    let class = if answer.accepted { "answer accepted" } else { "answer" };
    el("article").attr("class", class).children([by, markdown::view(&answer.body)])
}

fn solved(panel: Panel) {
    panel.emit("deflected", &[("id", id(panel).into())]);
    panel.write("");
    panel.change(Model::start_over);
    panel.announce(&panel.t(Text::Thanks));
    panel.go(Screen::Thanks);
}

fn unsolved(panel: Panel) {
    panel.change(|model| {
        if let Some(hit) = &model.hit {
            note(&mut model.seen, hit, Outcome::Unhelpful);
        }
    });
    panel.go(Screen::Ticket);
}

fn id(panel: Panel) -> String {
    panel.peek(|model| model.hit.as_ref().map(|hit| hit.id.clone()).unwrap_or_default())
}
