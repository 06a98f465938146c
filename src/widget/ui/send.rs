//! Sending: a form is sealed once, and those bytes are sent until it is known what became of them.

use leptos::prelude::*;

use super::el::{button, div, el, nothing, paragraph, spawn};
use super::model::{Model, Screen, Sending};
use super::{Panel, choices, copy, search, ticket};
use crate::domain::context::document::{self, Value, withhold};
use crate::domain::outbox::{Cause, Outcome};
use crate::domain::problem::FieldError;
use crate::domain::source::{Read, Source};
use crate::domain::texts::Text;
use crate::domain::ticket::{Client, Contact, Gap, NewTicket, Receipt, gaps};
use crate::widget::browser::{context, dom, intl, loader, random};
use crate::widget::transport::{self, Sealed};

/// Sends the ticket, or says what is missing and goes there. Pressed twice, it sends once.
pub fn start(panel: Panel) {
    let sealed = match panel.peek(|model| match &model.sending {
        Sending::Busy => None,
        Sending::Unknown(sealed, _) => Some(Ok(sealed.clone())),
        Sending::No | Sending::Refused(_) => Some(Err(gaps(&model.text, &contact(model), model.is_known()))),
    }) {
        None => return,
        Some(Ok(sealed)) => Some(sealed),
        Some(Err(missing)) => {
            if let Some(first) = missing.first().copied() {
                panel.change(|model| model.gaps = missing);
                return go_to(panel, first);
            }
            None
        }
    };
    panel.change(|model| {
        model.gaps.clear();
        model.sending = Sending::Busy;
    });
    panel.announce(&panel.t(Text::Sending));
    spawn(async move {
        let sealed = match sealed {
            Some(sealed) => sealed,
            None => {
                if !loader::is_ready(&panel.loader()).await {
                    return panel.change(|model| model.sending = Sending::No);
                }
                context::gathered(&panel.loader(), &panel.moment()).await;
                seal(panel)
            }
        };
        let session = panel.loader().session();
        let known = panel.peek(Model::is_known);
        match transport::send(&panel.loader(), &sealed, &session, known).await {
            Outcome::Sent(receipt) => arrived(panel, receipt),
            Outcome::Refused(errors) => refused(panel, &errors),
            Outcome::Unknown(cause) => {
                panel.emit("failed", &[("cause", cause.word().into())]);
                panel.announce(&cause_text(panel, cause));
                panel.change(|model| model.sending = Sending::Unknown(sealed, cause));
            }
        }
    });
}

/// Why it did not go, and what can be done beside trying again.
pub fn failure(panel: Panel) -> AnyView {
    let text = match panel.read(|model| match &model.sending {
        Sending::No | Sending::Busy => None,
        Sending::Refused(reason) => Some(panel.fill(Text::FailRefused, "{reason}", reason)),
        Sending::Unknown(_, cause) => Some(cause_text(panel, *cause)),
    }) {
        None => return nothing(),
        Some(text) => text,
    };
    let copy = button("button", move |_| copy(panel.peek(|model| model.text.clone()))).text(panel.t(Text::CopyText));
    div("alert").children([paragraph("", text), div("row").children([copy, mail(panel)])])
}

/// Everything that was collected, before the customer's choices.
pub fn full(panel: Panel) -> Value {
    // Before the state is read, because the page's own objects may call back.
    let described = context::describe(&panel.loader(), &panel.moment());
    panel.peek(|model| {
        let rules = context::rules(&model.config, model.user.as_ref());
        document::prepare(described, &model.config.context, &rules)
    })
}

/// What of it is sent.
pub fn sent(panel: Panel) -> Value {
    let mut context = full(panel);
    panel.peek(|model| withhold(&mut context, &model.config.context, |place| !choices::goes(model, place)));
    context
}

/// The ticket as the form stands.
pub fn draft(panel: Panel, context: Value) -> NewTicket<Value, Value> {
    let extras = panel.loader().extras();
    panel.peek(|model| NewTicket {
        kind: model.kind(),
        topic: ticket::topic(model),
        severity: model.severity(),
        message: model.text.clone(),
        contact: contact(model),
        context,
        questions: model.seen.clone(),
        via: model.via.clone(),
        consent: extras.get("consent").as_yes(),
        fields: Some(Value::read(&extras.get("fields"))).filter(|fields| !fields.is_empty()),
        website: extras.text_of("website"),
        automatic: ticket::is_automatic(model),
        locale: panel.lang(),
        created_at: intl::now(),
        client: Client { name: "deskbell".into(), version: panel.loader().version() },
    })
}

/// A ticket as it goes over the wire.
pub fn json(ticket: &NewTicket<Value, Value>) -> String {
    // Writing plain data into memory cannot fail.
    serde_json::to_string(ticket).unwrap_or_default()
}

/// The form as it stands, for good: these bytes and no others belong to this key.
fn seal(panel: Panel) -> Sealed {
    Sealed { key: random::id(), body: json(&draft(panel, sent(panel))) }
}

fn contact(model: &Model) -> Contact {
    let (name, email) = match &model.user {
        Some(user) if model.is_known() => (&user.name, &user.email),
        _ => (&model.contact.name, &model.contact.email),
    };
    Contact { name: name.trim_ascii().to_string(), email: email.trim_ascii().to_string() }
}

fn arrived(panel: Panel, receipt: Receipt) {
    let details = [("id", receipt.id.as_str().into()), ("reference", receipt.reference.as_str().into())];
    panel.emit("sent", &details);
    let promise = match &receipt.due_at {
        Some(due) => panel.fill(Text::AnswerBy, "{time}", &intl::moment(due, &panel.lang())),
        None => panel.peek(|model| ticket::promise(panel, model)),
    };
    let promised = [promise, panel.peek(|model| ticket::answers_to(panel, model))];
    let opened = panel.peek(Model::opened);
    search::count(panel, "sent", opened);
    clear(panel);
    panel.change(|model| {
        model.promised =
            promised.into_iter().chain([panel.t(Text::ReadEvery)]).filter(|line| !line.is_empty()).collect();
        model.receipt = Some(receipt);
        model.copied = false;
    });
    panel.announce(&panel.t(Text::ReceiptTitle));
    panel.go(Screen::Receipt);
}

/// Lets go of the draft: support has it.
pub fn clear(panel: Panel) {
    panel.loader().follow();
    panel.write("");
    panel.change(Model::start_over);
}

fn refused(panel: Panel, errors: &[FieldError]) {
    panel.emit("failed", &[("cause", "refused".into())]);
    let has = |pointer: &str| errors.iter().any(|error| error.pointer == pointer);
    let asked = panel.peek(|model| !model.is_known());
    if has("/message") || asked && has("/contact/email") {
        let gap = if has("/message") { Gap::MessageTooLong } else { Gap::EmailInvalid };
        panel.change(|model| {
            model.sending = Sending::No;
            model.gaps = vec![gap];
        });
        return go_to(panel, gap);
    }
    let mut reason = String::new();
    for error in errors {
        for part in [&error.pointer, " ", &error.detail, " "] {
            reason.push_str(part);
        }
    }
    panel.announce(&panel.fill(Text::FailRefused, "{reason}", &reason));
    panel.change(|model| model.sending = Sending::Refused(reason));
}

/// Goes to the field that has a gap, once it is told there.
fn go_to(panel: Panel, gap: Gap) {
    panel.later(move || {
        dom::focus_id(&panel.loader().root(), gap.field());
        panel.announce(&gap.text(panel));
    });
}

fn cause_text(panel: Panel, cause: Cause) -> String {
    match cause {
        Cause::Offline => panel.t(Text::FailOffline),
        Cause::Unreachable => panel.t(Text::FailUnreachable),
        Cause::TimedOut => panel.t(Text::FailTimedOut),
        Cause::Busy(seconds) => panel.count(Text::FailBusy, seconds),
        Cause::Fault => panel.t(Text::FailFault),
    }
}

fn mail(panel: Panel) -> AnyView {
    let address = panel.loader().email();
    if address.is_empty() {
        return nothing();
    }
    let text = panel.peek(|model| model.text.clone());
    let url = ["mailto:", &address, "?subject=", &dom::encoded(&dom::page_address()), "&body=", &dom::encoded(&text)]
        .concat();
    el("a").attr("class", "button").attr("href", url).text(panel.t(Text::WriteEmail))
}
