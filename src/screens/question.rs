//! A question, read in the panel. It helps, or leads to a ticket with nothing lost.

use leptos::prelude::*;

use super::model::{Model, Remote, Screen};
use super::{Panel, STATE, beyond, memory, search};
use crate::browser::dom::{self, encoded};
use crate::browser::http::Abort;
use crate::components::el::{button, div, live, nothing, paragraph, spawn};
use crate::components::link::outside;
use domain::question::{Hit, Run, question_kind};
use domain::texts::Text;
use domain::ticket::{Outcome, QUESTIONS_MAX, QuestionSeen};
use wire::Source;

/// The id of the question's place.
const ANSWERS_ID: &str = "answers";

/// Opens a question.
pub fn open(panel: Panel, hit: Hit) {
    panel.change(|model| {
        if matches!(model.screen, Screen::Home | Screen::Ticket) {
            model.came_from = model.screen;
        }
    });
    let top = dom::scrolled(&panel.loader().below());
    record_outcome(panel, &hit, Outcome::Opened);
    let query = panel.peek(|model| if model.screen == Screen::Home { search::query_of(model) } else { String::new() });
    memory::remember(panel, |model| {
        model.memory.remember_search(&query);
        model.scrolled = top;
        model.hit = Some(hit);
    });
    fetch(panel);
    panel.go(Screen::Question);
}

/// A question from a link, of which only the id is known.
pub fn hit_from_id(id: String) -> Hit {
    Hit { title: vec![Run { text: id.clone(), hit: false }], id, kind: question_kind(), ..Hit::default() }
}

/// The customer has opened a question, or it did not help.
pub fn record_outcome(panel: Panel, hit: &Hit, outcome: Outcome) {
    if outcome == Outcome::Opened {
        panel.emit("question-opened", &[("id", hit.id.as_str().into())]);
    }
    search::count(panel, outcome.word(), vec![hit.id.clone()]);
    panel.change(|model| upsert_outcome(&mut model.seen, hit, outcome));
}

/// Records the outcome of a question; the most significant one stays.
pub fn upsert_outcome(seen: &mut Vec<QuestionSeen>, hit: &Hit, outcome: Outcome) {
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
    let source = if hit.source.is_empty() { "gateway" } else { &hit.source };
    seen.push(QuestionSeen { source: source.into(), id: hit.id.clone(), title, url: hit.url.clone(), outcome });
}

/// The question that is open. The chunk `screens` draws it.
pub fn view(panel: Panel) -> AnyView {
    let body = live(move || match state(panel) {
        Remote::Loading => paragraph("loading", panel.t(Text::QuestionLoading)),
        Remote::Ready => {
            div("").attr("id", ANSWERS_ID).children([beyond::part(panel, |screens, panel| (screens.answers)(panel))])
        }
        Remote::Failed => {
            let again = button("button", move |_| fetch(panel)).text(panel.t(Text::TryAgain));
            let url = panel.peek(|model| model.hit.as_ref().map(|hit| hit.url.clone()).unwrap_or_default());
            let link = match url.is_empty() {
                true => nothing(),
                false => outside("hint", &url, panel.t(Text::OpenInTab)),
            };
            div("").children([paragraph("notice", panel.t(Text::QuestionFailed)), again, link])
        }
    });
    let solved = button("button main", move |_| on_solved(panel)).text(panel.t(Text::SolvedIt));
    let unsolved = button("button", move |_| on_unsolved(panel)).text(panel.t(Text::StillNeedHelp));
    div("screen").children([body, div("foot row").children([solved, unsolved])])
}

/// The state of the question. Not read with the rest of the model: the question is not to be drawn again whenever that changes.
fn state(panel: Panel) -> Remote {
    panel.triggers().question.track();
    panel.peek(|model| model.question)
}

fn set_state(panel: Panel, state: Remote) {
    panel.change(|model| model.question = state);
    panel.triggers().question.notify();
}

fn fetch(panel: Panel) {
    let id = id(panel);
    set_state(panel, Remote::Loading);
    panel.with_screens(drop);
    spawn(async move {
        let path = "questions/".to_string() + &encoded(&id);
        let answer = panel.ask(&path, &Abort::new()).await;
        let screens = panel.load_screens().await;
        if panel.peek(|model| model.hit.as_ref().is_none_or(|hit| hit.id != id)) {
            return;
        }
        let Some((question, _)) = answer.zip(screens) else { return set_state(panel, Remote::Failed) };
        panel.change(|model| fill_seen_question(model, &id, &question));
        STATE.with(|state| state.question.replace(question));
        set_state(panel, Remote::Ready);
    });
}

/// Completes what a ticket says about a question: a link knows only its id.
fn fill_seen_question(model: &mut Model, id: &str, question: &impl Source) {
    if let Some(known) = model.seen.iter_mut().find(|known| known.id == id) {
        known.title = question.text_of("title");
        known.url = question.text_of("url");
    }
}

fn on_solved(panel: Panel) {
    let id = id(panel);
    panel.emit("deflected", &[("id", id.as_str().into())]);
    search::count(panel, "solved", vec![id.clone()]);
    let query = panel.peek(search::query_of);
    // What is being sent is sent all the same.
    let is_draft = !panel.peek(Model::is_sealed);
    if is_draft {
        panel.loader().let_go();
        panel.write("");
    }
    memory::remember(panel, |model| {
        model.memory.remember_solved(&id, &query);
        if is_draft {
            model.start_over();
        }
    });
    panel.announce(&panel.t(Text::Thanks));
    panel.go(Screen::Thanks);
}

fn on_unsolved(panel: Panel) {
    if let Some(hit) = panel.peek(|model| model.hit.clone()) {
        record_outcome(panel, &hit, Outcome::Unhelpful);
    }
    panel.go(Screen::Ticket);
}

fn id(panel: Panel) -> String {
    panel.peek(|model| model.hit.as_ref().map(|hit| hit.id.clone()).unwrap_or_default())
}
