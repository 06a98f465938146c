//! Custom fields of the form, and consent for support to look into the account.

use leptos::prelude::*;

use super::Panel;
use super::model::Model;
use crate::browser::dom;
use crate::components::el::{div, el, live, nothing};
use crate::texts;
use domain::fields::{AnswerProblem, Field, FieldType};
use domain::texts::SiteText;

/// The id of the consent checkbox.
const CONSENT: &str = "consent";
/// How a ticked checkbox is stored among the answers.
const TICKED: &str = "true";

/// The fields of the selected kind, and the consent if the site asks for it.
pub fn view(panel: Panel) -> AnyView {
    live(move || {
        panel.read(|model| {
            let mut parts: Vec<AnyView> =
                applicable_fields(model).map(|field| self::field(panel, model, field)).collect();
            if model.config.consent {
                let consent = move |ticked| panel.change(|model| model.consent = ticked);
                parts.push(checkbox(
                    CONSENT.into(),
                    el("span").text(texts::text(SiteText::ConsentAsk)),
                    model.consent,
                    None,
                    consent,
                ));
            }
            parts.into_any()
        })
    })
}

/// Whether every required field is answered. If not, shows the errors and moves the focus to the first.
pub fn complete(panel: Panel) -> bool {
    panel.change(|model| model.send_pressed = true);
    let first = panel.peek(|model| {
        let mut problems = applicable_fields(model).filter_map(|field| Some((id_of(field), problem(model, field)?)));
        problems.next()
    });
    let Some((id, text)) = first else { return true };
    panel.later(move || {
        dom::focus_id(&panel.loader().root(), &id);
        panel.announce(&texts::text(text));
    });
    false
}

fn applicable_fields(model: &Model) -> impl Iterator<Item = &Field> {
    model.config.fields.iter().filter(|field| field.applies_to(model.kind()))
}

/// What is wrong with the answer to a field.
fn problem(model: &Model, field: &Field) -> Option<SiteText> {
    let answer = model.answers.get(&field.id).and_then(|text| field.answer(text));
    field.problem_with(answer.as_ref()).map(|problem| match problem {
        AnswerProblem::Missing => SiteText::NeedAnswer,
        AnswerProblem::NotANumber => SiteText::NeedNumber,
    })
}

/// The id of a field's element; the form has ids of its own.
fn id_of(field: &Field) -> String {
    ["field-", &field.id].concat()
}

fn field(panel: Panel, model: &Model, field: &Field) -> AnyView {
    let id = id_of(field);
    let error_id = [&id, "-error"].concat();
    let problem = problem(model, field).filter(|_| model.send_pressed);
    let described = problem.map(|_| error_id.clone());
    let label = match field.needed {
        true => field.label.clone(),
        false => texts::fill(SiteText::Optional, "{label}", &field.label),
    };
    let text = model.answers.get(&field.id).cloned().unwrap_or_default();
    let name = field.id.clone();
    let (label, input) = match field.field_type {
        FieldType::YesNo => {
            let tick = move |ticked| answer(panel, &name, if ticked { TICKED.into() } else { String::new() });
            (nothing(), checkbox(id, el("span").in_page_language().text(label), text == TICKED, described, tick))
        }
        _ => (el("label").attr("for", &id).in_page_language().text(label), input(panel, field, id, text, described)),
    };
    let error = match problem {
        Some(problem) => el("p").attr("class", "error").attr("id", error_id).text(texts::text(problem)),
        None => nothing(),
    };
    div("field").children([label, input, error])
}

fn input(panel: Panel, field: &Field, id: String, text: String, described: Option<String>) -> AnyView {
    let name = field.id.clone();
    let is_choice = field.field_type == FieldType::Choice;
    let input = el(if is_choice { "select" } else { "input" })
        .attr("id", id)
        .maybe("aria-invalid", described.is_some().then(|| "true".to_string()))
        .maybe("aria-describedby", described)
        .maybe("aria-required", field.needed.then(|| "true".to_string()))
        .on("input", move |event| answer(panel, &name, dom::value_of(&event)));
    if is_choice {
        let text = if field.choices.iter().any(|choice| choice.id == text) { text } else { String::new() };
        let option = |value: &str, label: String| {
            let option = el("option").attr("value", value).maybe("selected", (value == text).then(String::new));
            let option = if value.is_empty() { option } else { option.in_page_language() };
            option.text(label)
        };
        let mut options = vec![option("", texts::text(SiteText::Choose))];
        options.extend(field.choices.iter().map(|choice| option(&choice.id, choice.label.clone())));
        return input.value(text).children(options);
    }
    let mode = if field.field_type == FieldType::Number { "decimal" } else { "text" };
    input.attr("type", "text").attr("inputmode", mode).attr("maxlength", "2000").value(text).children([])
}

/// A checkbox with its label.
fn checkbox(
    id: String,
    label: AnyView,
    is_ticked: bool,
    described: Option<String>,
    mut tick: impl FnMut(bool) + Send + 'static,
) -> AnyView {
    let input = el("input")
        .attr("type", "checkbox")
        .attr("id", id)
        .maybe("aria-invalid", described.is_some().then(|| "true".to_string()))
        .maybe("aria-describedby", described)
        .checked(is_ticked)
        .on("input", move |event| tick(dom::is_checked(&event)));
    el("label").attr("class", "switch").children([input.children([]), label])
}

/// Takes the answer to a field.
fn answer(panel: Panel, id: &str, text: String) {
    panel.change(|model| match model.answers.0.iter_mut().find(|(known, _)| known == id) {
        Some((_, answer)) => *answer = text,
        None => model.answers.0.push((id.to_string(), text)),
    });
}
