//! Current incidents, above everything else. Affected customers report it with one press, which counts in place of a ticket.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::{Tools, said, tools};
use crate::browser::nodes::Drawing;
use crate::browser::timer::spawn;
use crate::browser::{HtmlElement, Node, dom};
use domain::incident::{Incident, IncidentKind, Incidents};
use domain::texts::SiteText;
use markdown::safe_url;
use wire::Read;

/// An incident, and the state of its button.
#[derive(Clone)]
struct Notice {
    incident: Incident,
    press: Press,
}

/// The state of the button.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Press {
    Not,
    Noted,
    Failed,
}

thread_local! {
    static SHOWN: RefCell<Vec<Notice>> = const { RefCell::new(Vec::new()) };
    static DRAWN: RefCell<Option<Drawing>> = const { RefCell::new(None) };
}

/// Draws current incidents into a place.
pub fn show(place: HtmlElement, incidents: &JsValue) {
    let before = SHOWN.take();
    let notices = Incidents::read(incidents).incidents.into_iter().map(|incident| {
        let known = before.iter().find(|notice| notice.incident.id == incident.id);
        Notice { press: known.map_or(Press::Not, |notice| notice.press), incident }
    });
    SHOWN.set(notices.collect());
    draw(&Rc::new(place));
}

fn draw(place: &Rc<HtmlElement>) {
    let (Some(tools), Some(mut drawing)) = (tools(), Drawing::new()) else { return };
    let notices = SHOWN.with_borrow(Clone::clone);
    let nodes = notices.iter().map(|notice| one(&tools, &mut drawing, place, notice)).collect();
    let focused = dom::focused_id(place);
    drawing.put(place, nodes);
    if let Some(id) = focused {
        dom::focus_row(place, &id);
    }
    DRAWN.set(Some(drawing));
}

fn one(tools: &Tools, drawing: &mut Drawing, place: &Rc<HtmlElement>, notice: &Notice) -> Node {
    let words = &tools.words;
    let Notice { incident, press } = notice;
    let (class, kind) = match incident.kind {
        IncidentKind::Incident => ("notice-incident", SiteText::Incident),
        IncidentKind::Maintenance => ("notice-maintenance", SiteText::Maintenance),
    };
    let kind = said(drawing, "strong", "", &words.said(kind));
    let title = said(drawing, "span", "title", &incident.title);
    let space = drawing.text(" ");
    let mut parts = vec![drawing.element("p", &[], vec![kind, space, title])];
    let mut ways = Vec::new();
    if let Some(url) = safe_url(&incident.url) {
        let text = drawing.text(&words.said(SiteText::MoreAbout));
        let attributes = [("href", url), ("target", "_blank"), ("rel", "noopener noreferrer")];
        ways.push(drawing.element("a", &attributes, vec![text]));
    }
    // Maintenance is announced and ends by itself.
    if incident.kind == IncidentKind::Incident {
        match press {
            Press::Noted => ways.push(said(drawing, "span", "", &words.said(SiteText::Noted))),
            Press::Not | Press::Failed => {
                let text = drawing.text(&words.said(SiteText::HaveToo));
                let id = ["have-", &incident.id].concat();
                let attributes = [("type", "button"), ("class", "link"), ("id", id.as_str())];
                let button = drawing.element("button", &attributes, vec![text]);
                let (tools, place, id) = (tools.clone(), place.clone(), incident.id.clone());
                drawing.on_press(&button, move |_| have(tools.clone(), place.clone(), id.clone()));
                ways.push(button);
            }
        }
        if *press == Press::Failed {
            ways.push(said(drawing, "span", "error", &words.said(SiteText::NotNoted)));
        }
        if incident.affected > 0 {
            ways.push(said(drawing, "span", "", &words.count(SiteText::Affected, incident.affected)));
        }
    }
    if !ways.is_empty() {
        parts.push(drawing.element("p", &[("class", "ways")], ways));
    }
    drawing.element("section", &[("class", class)], parts)
}

/// Reports that the customer is affected.
fn have(tools: Tools, place: Rc<HtmlElement>, id: String) {
    spawn(async move {
        let answer = crate::browser::site::affect(&tools.site, &id).await;
        let arrived = !answer.is_undefined();
        SHOWN.with_borrow_mut(|shown| {
            for notice in shown.iter_mut().filter(|notice| notice.incident.id == id) {
                if arrived {
                    notice.incident.affected = Incident::read(&answer).affected;
                }
                notice.press = if arrived { Press::Noted } else { Press::Failed };
            }
        });
        draw(&place);
        let said = if arrived { SiteText::Noted } else { SiteText::NotNoted };
        dom::set_text(&tools.live, &tools.words.said(said));
    });
}
