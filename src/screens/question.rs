//! A question, read in the panel. It helps, or leads to a ticket with nothing lost.

use leptos::prelude::*;

use super::home::outside;
use super::model::{Model, Remote, Screen};
use super::{Panel, STATE, memory, search};
use crate::browser::answers;
use crate::browser::dom::{self, encoded};
use crate::browser::http::Abort;
use crate::components::el::{button, div, live, nothing, paragraph, spawn};
use domain::question::{Hit, Run, question_kind};
use domain::texts::Text;
use domain::ticket::{Outcome, QUESTIONS_MAX, QuestionSeen};
use wire::Source;

/// The id of the question's place.
const PLACE: &str = "answers";

/// Opens a question.
pub fn open(panel: Panel, hit: Hit) {
    panel.change(|model| {
        if matches!(model.screen, Screen::Home | Screen::Ticket) {
            model.came_from = model.screen;
        }
    });
    let top = dom::scrolled(&panel.loader().below());
    seen(panel, &hit, Outcome::Opened);
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
pub fn hit_of(id: String) -> Hit {
    Hit { title: vec![Run { text: id.clone(), hit: false }], id, kind: question_kind(), ..Hit::default() }
}

/// The customer has opened a question, or it did not help.
pub fn seen(panel: Panel, hit: &Hit, outcome: Outcome) {
    if outcome == Outcome::Opened {
        panel.emit("question-opened", &[("id", hit.id.as_str().into())]);
    }
    search::count(panel, outcome.word(), vec![hit.id.clone()]);
    panel.change(|model| note(&mut model.seen, hit, outcome));
}

/// Records the outcome of a question; the most significant one stays.
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
    let source = if hit.source.is_empty() { "gateway" } else { &hit.source };
    seen.push(QuestionSeen { source: source.into(), id: hit.id.clone(), title, url: hit.url.clone(), outcome });
}

/// The question that is open. The chunk `screens` draws it into its place.
pub fn view(panel: Panel) -> AnyView {
    let body = live(move || {
        panel.read(|model| match &model.question {
            Remote::Loading => paragraph("loading", panel.t(Text::QuestionLoading)),
            Remote::Ready => {
                // After the place has been created.
                spawn(async move { draw(panel) });
                div("").attr("id", PLACE).children([])
            }
            Remote::Failed => {
                let again = button("button", move |_| fetch(panel)).text(panel.t(Text::TryAgain));
                let url = model.hit.as_ref().map_or("", |hit| &hit.url);
                let elsewhere = match url.is_empty() {
                    true => nothing(),
                    false => outside("hint", url, panel.t(Text::OpenInTab)),
                };
                div("").children([paragraph("notice", panel.t(Text::QuestionFailed)), again, elsewhere])
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
        let loader = panel.loader();
        let module = answers::load(&loader);
        let answer = panel.ask(&what, &Abort::new()).await;
        let module = module.await;
        if panel.peek(|model| model.hit.as_ref().is_none_or(|hit| hit.id != id)) {
            return;
        }
        panel.change(|model| match answer.as_ref().zip(module.as_ref()) {
            Some((question, _)) => arrive(model, &id, question),
            None => model.question = Remote::Failed,
        });
        STATE.with(|state| state.reading.replace(answer.zip(module)));
    });
}

fn arrive(model: &mut Model, id: &str, question: &impl Source) {
    // A link knows only the id; a ticket should also have the title.
    if let Some(known) = model.seen.iter_mut().find(|known| known.id == id) {
        known.title = question.text_of("title");
        known.url = question.text_of("url");
    }
    model.question = Remote::Ready;
}

/// Draws the question, unless it is drawn.
fn draw(panel: Panel) {
    // In the order of `answers::Label`.
    const LABELS: [Text; 8] = [
        Text::Accepted,
        Text::Staff,
        Text::NoAnswers,
        Text::OpenInTab,
        Text::CopyCode,
        Text::Copied,
        Text::ShowAPicture,
        Text::ShowPicture,
    ];
    let drawn = STATE.with(|state| {
        let reading = state.reading.borrow();
        let (question, module) = reading.as_ref()?;
        let labels = LABELS.iter().map(|label| panel.t(*label)).collect();
        answers::show(module, &panel.loader(), PLACE, question, &panel.lang(), labels)
    });
    if drawn.is_none() {
        panel.change(|model| model.question = Remote::Failed);
    }
}

fn solved(panel: Panel) {
    let id = id(panel);
    panel.emit("deflected", &[("id", id.as_str().into())]);
    search::count(panel, "solved", vec![id.clone()]);
    let query = panel.peek(search::query_of);
    panel.write("");
    memory::remember(panel, |model| {
        model.memory.remember_solved(&id, &query);
        model.start_over();
    });
    panel.announce(&panel.t(Text::Thanks));
    panel.go(Screen::Thanks);
}

fn unsolved(panel: Panel) {
    if let Some(hit) = panel.peek(|model| model.hit.clone()) {
        seen(panel, &hit, Outcome::Unhelpful);
    }
    panel.go(Screen::Ticket);
}

fn id(panel: Panel) -> String {
    panel.peek(|model| model.hit.as_ref().map(|hit| hit.id.clone()).unwrap_or_default())
}
