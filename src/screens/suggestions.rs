//! Suggestions before anything is typed: for the error that has just happened, from the host for this page, from other questions about the
//! page, and recent searches.

use leptos::prelude::*;

use super::document::{self, Loaded};
use super::hits::{rows, section};
use super::model::{Model, Screen};
use super::{Panel, search, ticket};
use crate::browser::{context, dom, intl};
use crate::components::el::{button, div, el, nothing, paragraph, spawn};
use domain::engine::SearchTrigger;
use domain::question::{Hit, Run};
use domain::suggested_query;
use domain::texts::Text;
use wire::Source;

/// How long ago an error may have happened, in milliseconds.
const RECENT_MS: f64 = 120_000.0;
/// How many hits are shown for an error, and how many for the page.
const SHOWN: usize = 3;
/// The longest text of an error that is shown, in characters.
const ERROR_MAX: usize = 100;

/// The suggestions before anything is typed.
#[derive(Debug, Default)]
pub struct Suggestions {
    /// The queries for the error and for the page.
    queries: [String; 2],
    /// How many responses are awaited; none before the configuration has loaded.
    pending: Option<u8>,
    /// The text of the error.
    error: String,
    /// The hits for the error and for the page.
    found: [Vec<Hit>; 2],
}

impl Suggestions {
    /// Whether no more responses are awaited.
    pub fn settled(&self) -> bool {
        self.pending == Some(0)
    }
}

/// Searches for the page and the error that has just happened, unless they are the same as before. Waits for what redacts the error.
pub fn start(panel: Panel) {
    if matches!(document::loaded(), Loaded::Awaited) {
        return;
    }
    let (error, text) = error(panel);
    let page = panel.peek(|model| {
        let id = ticket::topic(model);
        let topic = model.config.topics.iter().find(|topic| topic.id == id);
        suggested_query::page_query(topic.map_or("", |topic| &topic.label), &dom::path())
    });
    let queries = [error, page];
    if panel.peek(|model| model.suggestions.queries == queries && model.suggestions.pending.is_some()) {
        return;
    }
    let searches = panel.peek(search::is_on);
    let searched: Vec<usize> =
        (0..2).filter(|index| searches && queries.get(*index).is_some_and(|query| !query.is_empty())).collect();
    panel.change(|model| {
        model.suggestions = Suggestions {
            queries: queries.clone(),
            pending: Some(searched.len() as u8),
            error: text,
            found: Default::default(),
        };
    });
    for index in searched {
        let queries = queries.clone();
        spawn(async move {
            let query = queries.get(index).cloned().unwrap_or_default();
            let trigger = if index == 0 { SearchTrigger::Error } else { SearchTrigger::Page };
            let found = search::ask(panel, &query, trigger, &Default::default()).await;
            panel.change(|model| {
                if model.suggestions.queries != queries {
                    return;
                }
                model.suggestions.pending = model.suggestions.pending.map(|pending| pending.saturating_sub(1));
                if let Some(slot) = model.suggestions.found.get_mut(index) {
                    *slot = found.as_ref().map(search::hits_of).unwrap_or_default();
                }
            });
            shown(panel);
        });
    }
}

/// The suggestions, if there are any.
pub fn view(panel: Panel, model: &Model) -> AnyView {
    let recent: Vec<AnyView> = model.memory.recent().iter().map(|query| search_again(panel, query)).collect();
    let recent = match recent.is_empty() {
        true => nothing(),
        false => section("recents", panel.t(Text::Recent), recent),
    };
    let [errors, page] = &model.suggestions.found;
    let just_now = match errors.is_empty() {
        true => nothing(),
        false => {
            let count = paragraph("hint", panel.count(Text::AskedAbout, errors.len() as u32));
            let heading = el("h3").text(panel.fill(Text::JustNow, "{error}", &model.suggestions.error));
            let shown = errors.get(..SHOWN.min(errors.len())).unwrap_or_default();
            let list = el("ul").attr("class", "plain").children(rows(panel, shown));
            el("section").attr("class", "hits now").children([heading, count, list])
        }
    };
    let mut hits = suggested(panel);
    let new: Vec<&Hit> =
        page.iter().filter(|hit| !errors.iter().chain(&hits).any(|known| known.id == hit.id)).collect();
    hits.extend(new.into_iter().cloned());
    hits.truncate(SHOWN);
    let page = match hits.is_empty() || !model.suggestions.settled() {
        true => nothing(),
        false => section("hits", panel.t(Text::AboutThisPage), rows(panel, &hits)),
    };
    div("").children([recent, just_now, page])
}

fn search_again(panel: Panel, query: &str) -> AnyView {
    let words = query.to_string();
    let again = move |_| {
        panel.write(&words);
        dom::focus(&panel.loader().text_box());
    };
    el("li").children([button("recent", again).text(query.to_string())])
}

/// The query for the error that has just happened, and its text; empty if there is none.
fn error(panel: Panel) -> (String, String) {
    let now = panel.loader().snapshot();
    let ms = |value: &wasm_bindgen::JsValue| intl::milliseconds(&value.text_of("at"));
    let errors = now.get("errors").items();
    let latest = errors.iter().rev().find(|error| {
        let thrown = matches!(error.text_of("source").as_str(), "error" | "rejection" | "captured");
        thrown && !context::is_foreign(error) && ms(&now) - ms(error) < RECENT_MS
    });
    let Some((error, redacting)) = latest.zip(document::ready()) else { return Default::default() };
    panel.peek(|model| {
        let message = (redacting.redact)(model, &error.text_of("message"));
        let shown = message.split('\n').next().unwrap_or_default().chars().take(ERROR_MAX).collect();
        (suggested_query::error_query(&error.text_of("name"), &message), shown)
    })
}

/// The suggestions of the host.
fn suggested(panel: Panel) -> Vec<Hit> {
    let items = panel.loader().state().suggested().items();
    let hit = |item: &wasm_bindgen::JsValue| Hit {
        id: item.text_of("id"),
        kind: item.text_of("kind"),
        title: vec![Run { text: item.text_of("title"), hit: false }],
        url: item.text_of("url"),
        ..Hit::default()
    };
    items.iter().take(SHOWN).map(hit).filter(|hit| hit.title.iter().any(|run| !run.text.is_empty())).collect()
}

/// Records what the customer sees.
fn shown(panel: Panel) {
    if panel.peek(|model| model.screen == Screen::Home && model.text.is_empty() && model.suggestions.settled()) {
        let hits = panel.peek(|model| model.suggestions.found.concat());
        search::shown(panel, &hits);
    }
}
