//! The question that is open, with its answers.

use leptos::prelude::*;

use super::{Panel, STATE};
use crate::browser::intl;
use crate::components::el::{div, el, paragraph};
use crate::components::link::outside;
use crate::components::prose::prose;
use domain::question::{Answer, Question, question_kind};
use domain::texts::Text;
use wire::Read;

/// The question, its answers, and the link to its own page.
pub fn view(panel: Panel) -> AnyView {
    let question = STATE.with(|state| Question::read(&*state.question.borrow()));
    let title = el("h3").attr("class", "asked").in_any_language().text(question.title);
    let mut parts = vec![title, prose(&question.body)];
    parts.extend(question.answers.iter().map(|one| answer(panel, one)));
    if question.answers.is_empty() && question.kind == question_kind() {
        parts.push(paragraph("hint", panel.t(Text::NoAnswers)));
    }
    if markdown::safe_url(&question.url).is_some() {
        parts.push(outside("hint", &question.url, panel.t(Text::OpenInTab)));
    }
    parts.into_any()
}

fn answer(panel: Panel, answer: &Answer) -> AnyView {
    let tag = |is_shown: bool, text: Text| if is_shown { panel.t(text) } else { String::new() };
    let parts = [
        ("tag good", tag(answer.accepted, Text::Accepted)),
        ("", answer.author.clone()),
        ("tag", tag(answer.staff, Text::Staff)),
        ("", intl::day(&answer.created_at, &panel.lang())),
    ];
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let by: Vec<AnyView> = parts.map(|(class, text)| el("span").attr("class", class).text(text)).collect();
    let class = if answer.accepted { "answer accepted" } else { "answer" };
    let name = Some(answer.author.clone()).filter(|author| !author.is_empty());
    el("article").attr("class", class).maybe("aria-label", name).children([div("by").children(by), prose(&answer.body)])
}
