//! Current incidents, above the box. Affected customers report it with one press, which counts in place of a ticket.

use std::cell::{Cell, RefCell};

use leptos::prelude::*;

use super::Panel;
use crate::browser::http::Abort;
use crate::browser::{dom, intl, loader};
use crate::components::el::{button, el, live, mount, nothing, spawn};
use crate::components::shared::Shared;
use crate::{texts, transport};
use domain::incident::{Incident, IncidentKind, Incidents};
use domain::texts::SiteText;
use markdown::safe_url;
use wire::Read;

/// How long incidents count as current, in milliseconds.
const FRESH_MS: f64 = 30_000.0;

/// An incident, and whether the customer has reported it.
#[derive(Clone)]
struct Notice {
    incident: Incident,
    report: Report,
}

/// What became of the customer's report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    None,
    Noted,
    Failed,
}

/// The notices on the page.
type Notices = Shared<Vec<Notice>>;

thread_local! {
    static SHOWN: RefCell<Option<Notices>> = const { RefCell::new(None) };
    /// When incidents were last requested, in milliseconds since 1970.
    static REQUESTED_AT: Cell<f64> = const { Cell::new(0.0) };
}

/// Fetches current incidents and shows them. If they cannot be fetched, the earlier ones stay.
pub fn show(panel: Panel) {
    // In another language, if that has changed.
    SHOWN.with_borrow(Clone::clone).into_iter().for_each(|notices| notices.update(|_| {}));
    let now = intl::now_ms();
    if now - REQUESTED_AT.get() < FRESH_MS {
        return;
    }
    REQUESTED_AT.set(now);
    spawn(async move {
        match transport::ask(&panel.loader().site_url(), "incidents", &Abort::new()).await {
            Some(body) => update(panel, Incidents::read(&body).incidents),
            None => REQUESTED_AT.set(0.0),
        }
    });
}

fn update(panel: Panel, incidents: Vec<Incident>) {
    let notices = SHOWN.with_borrow(Clone::clone).unwrap_or_else(|| place(panel));
    notices.update(|notices| {
        let before = std::mem::take(notices);
        notices.extend(incidents.into_iter().map(|incident| {
            let known = before.iter().find(|notice| notice.incident.id == incident.id);
            Notice { report: known.map_or(Report::None, |notice| notice.report), incident }
        }));
    });
}

/// Makes a place above the box, for the lifetime of the page.
fn place(panel: Panel) -> Notices {
    let notices = Notices::default();
    SHOWN.set(Some(notices.clone()));
    if let Some(place) = dom::insert_above(&panel.loader().text_box(), "notices") {
        let shown = notices.clone();
        mount(&place, live(move || sections(panel, &shown))).forget();
    }
    notices
}

fn sections(panel: Panel, notices: &Notices) -> AnyView {
    let section = |notice: &Notice| section(panel, notices, notice);
    notices.with(|all| all.iter().map(section).collect::<Vec<_>>()).into_any()
}

fn section(panel: Panel, notices: &Notices, Notice { incident, report }: &Notice) -> AnyView {
    let (class, kind) = match incident.kind {
        IncidentKind::Incident => ("notice-incident", SiteText::Incident),
        IncidentKind::Maintenance => ("notice-maintenance", SiteText::Maintenance),
    };
    let kind = el("strong").text(texts::text(kind));
    let title = el("span").attr("class", "title").in_any_language().text(incident.title.clone());
    let heading = el("p").children([kind, " ".into_any(), title]);
    let mut ways = Vec::new();
    if let Some(url) = safe_url(&incident.url) {
        let link = el("a").attr("href", url).attr("target", "_blank").attr("rel", "noopener noreferrer");
        ways.push(link.text(texts::text(SiteText::MoreAbout)));
    }
    // Maintenance is announced and ends by itself.
    if incident.kind == IncidentKind::Incident {
        ways.push(match report {
            Report::Noted => el("span").text(texts::text(SiteText::Noted)),
            Report::None | Report::Failed => {
                let (notices, id) = (notices.clone(), incident.id.clone());
                let press = move |_| report_affected(panel, notices.clone(), id.clone());
                button("link", press).attr("id", ["have-", &incident.id].concat()).text(texts::text(SiteText::HaveToo))
            }
        });
        if *report == Report::Failed {
            ways.push(el("span").attr("class", "error").text(texts::text(SiteText::NotNoted)));
        }
        if incident.affected > 0 {
            ways.push(el("span").text(texts::count(SiteText::Affected, incident.affected)));
        }
    }
    let ways = if ways.is_empty() { nothing() } else { el("p").attr("class", "ways").children(ways) };
    el("section").attr("class", class).children([heading, ways])
}

/// Reports that the customer is affected.
fn report_affected(panel: Panel, notices: Notices, id: String) {
    spawn(async move {
        let incident = loader::report_affected(&panel.loader(), &id).await;
        let report = if incident.is_some() { Report::Noted } else { Report::Failed };
        notices.update(|notices| {
            for notice in notices.iter_mut().filter(|notice| notice.incident.id == id) {
                if let Some(incident) = &incident {
                    notice.incident.affected = Incident::read(incident).affected;
                }
                notice.report = report;
            }
        });
        panel.announce(&texts::text(if incident.is_some() { SiteText::Noted } else { SiteText::NotNoted }));
    });
}
