//! Searching while one types: one search at a time, older answers never over newer ones.

use std::rc::Rc;
use std::time::Duration;

use super::el::spawn;
use super::model::{Model, Screen};
use super::{Panel, STATE, choices, question};
use crate::domain::question::Hits;
use crate::domain::redaction::{self, Origin};
use crate::domain::source::Read;
use crate::domain::texts::Text;
use crate::domain::ticket::Outcome;
use crate::widget::browser::context;
use crate::widget::browser::dom::encoded;
use crate::widget::browser::http::Abort;
use crate::widget::browser::timer::{self, Timer};
use crate::widget::transport;

/// How many hits are shown.
const SHOWN: &str = "5";
/// The shortest text worth searching for, in characters.
const SHORTEST: usize = 2;
/// The longest text that is searched for, in characters: the end of what one writes, where the trouble is named.
const LONGEST: usize = 300;
/// How long one pauses in a message before it is searched for; on Home every letter counts.
const PAUSE: Duration = Duration::from_millis(150);

/// The search that is under way; ended when another takes its place.
#[derive(Default)]
pub struct Running {
    number: u32,
    _pause: Option<Timer>,
    _abort: Option<Rc<Abort>>,
}

/// Searches for what is in the box.
pub fn start(panel: Panel) {
    let (query, screen) = panel.peek(|model| (query_of(model), model.screen));
    let number = STATE.with(|state| state.search.borrow().number + 1);
    if query.chars().count() < SHORTEST {
        replace(Running { number, ..Running::default() });
        panel.change(|model| model.hits.clear());
        return;
    }
    let abort = Rc::new(Abort::new());
    replace(Running { number, _pause: None, _abort: Some(abort.clone()) });
    let go = move || spawn(run(panel, number, query, abort));
    if screen == Screen::Home {
        return go();
    }
    let pause = timer::after(PAUSE, go);
    STATE.with(|state| state.search.borrow_mut()._pause = pause);
}

fn replace(running: Running) {
    // Dropped behind the borrow, because ending a request calls into the page.
    let ended = STATE.with(|state| state.search.replace(running));
    drop(ended);
}

async fn run(panel: Panel, number: u32, query: String, abort: Rc<Abort>) {
    let what = ["search?limit=", SHOWN, "&lang=", &panel.lang(), "&q=", &encoded(&query)].concat();
    let answer = transport::ask(&panel.site_url(), &what, &abort).await;
    if STATE.with(|state| state.search.borrow().number != number) {
        return;
    }
    let hits: Option<Hits> = answer.as_ref().map(Hits::read);
    let failed = hits.is_none();
    let hits = hits.unwrap_or_default().hits;
    let count = hits.len() as u32;
    panel.emit("search", &[("hits", count.into()), ("source", "gateway".into())]);
    if count > 0 {
        let ids: Vec<&str> = hits.iter().map(|hit| hit.id.as_str()).collect();
        panel.emit("question-shown", &[("ids", ids.join(",").into())]);
        panel.announce(&panel.count(Text::HitsFound, count));
    }
    panel.change(|model| {
        for hit in &hits {
            question::note(&mut model.seen, hit, Outcome::Shown);
        }
        model.search_failed = failed;
        // What was found stays while the search is down; it is still the best there is.
        if !failed {
            model.hits = hits;
        }
    });
}

/// The end of the text without its secrets; empty where the customer does not want it searched.
fn query_of(model: &Model) -> String {
    if !choices::goes(model, choices::SEARCH) {
        return String::new();
    }
    let rules = context::rules(&model.config, model.user.as_ref());
    let text = redaction::redact(&model.text, Origin::Collected, &rules);
    let surplus = text.chars().count().saturating_sub(LONGEST);
    text.chars().skip(surplus).collect::<String>().trim_ascii_start().to_string()
}
