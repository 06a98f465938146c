//! Sending: the content of the form becomes a submission, which belongs to the outbox (`loader/outbox.js`).

use std::time::Duration;

use leptos::prelude::*;

use super::document::{self, Contents};
use super::model::{Model, Screen, Sending};
use super::{Panel, beyond, search, ticket};
use crate::browser::loader::Sent;
use crate::browser::{context, dom, intl, loader, read, timer};
use crate::components::el::{div, el, nothing, paragraph, spawn};
use domain::problem::Problem;
use domain::texts::Text;
use domain::ticket::{Contact, Gap, Receipt, gaps};
use wire::Read;

/// How long sending waits for each thing that is asked before: the configuration, custom fields, and similar tickets.
const PATIENCE: Duration = Duration::from_secs(3);

/// Sends the ticket, or shows what is missing and moves the focus there. Pressed twice, it sends once.
pub fn start(panel: Panel) {
    if panel.peek(Model::is_sealed) {
        return;
    }
    let missing = panel.peek(|model| gaps(&model.text, &contact(model), model.is_known()));
    if let Some(first) = missing.first().copied() {
        panel.change(|model| model.gaps = missing);
        return go_to(panel, first);
    }
    panel.change(|model| {
        model.gaps.clear();
        model.sending = Sending::Busy;
    });
    panel.announce(&panel.t(Text::Sending));
    spawn(async move {
        let loader = panel.loader();
        let user_changes = panel.peek(|model| model.user_changes);
        let mut is_ready = fields_complete(panel).await;
        if is_ready {
            loader::settled(&loader).await;
            is_ready = !is_similar(panel).await;
        }
        if is_ready {
            context::gathered(&loader, &panel.moment()).await;
        }
        // The form belongs to another user by now.
        if panel.peek(|model| model.user_changes != user_changes) {
            return;
        }
        if !is_ready {
            return panel.change(|model| model.sending = Sending::No);
        }
        // Without it nothing could be redacted.
        let Some(context) = document::ready() else { return refused(panel, Problem::default()) };
        let body = (context.ticket)(panel, Contents::Sent);
        let promised = panel.peek(|model| [ticket::promise(panel, model), ticket::answers(panel, model)]);
        panel.change(|model| model.promised = promised);
        let (text, known) = panel.peek(|model| (model.text.clone(), model.is_known()));
        // The ticket is counted once it has arrived.
        let visit = if panel.peek(search::is_on) { loader.visit() } else { String::new() };
        let sent = loader::send(&loader, &body, &text, known, &visit).await;
        if has_arrived(panel, user_changes, &sent) {
            receipt(panel, Receipt::read(&sent.answer));
        }
    });
}

/// Shows what became of the draft after the first attempt to send it, as a ticket or as a reply. Whether it has arrived, and the user is still
/// the one who sent it.
pub fn has_arrived(panel: Panel, user_changes: u32, sent: &Sent) -> bool {
    // The form belongs to another user by now.
    if panel.peek(|model| model.user_changes != user_changes) {
        return false;
    }
    match sent.word.as_str() {
        // It was taken back.
        "gone" => panel.change(|model| model.sending = Sending::No),
        // What sends could not be loaded.
        "" => refused(panel, Problem::default()),
        "refused" => refused(panel, Problem::read(&sent.answer)),
        word => {
            clear(panel);
            if word == "sent" {
                return true;
            }
            panel.go(Screen::Outbox);
        }
    }
    false
}

/// Whether every required custom field is answered. What cannot be loaded in time does not keep anybody from sending.
async fn fields_complete(panel: Panel) -> bool {
    // They are part of the configuration.
    timer::within(PATIENCE, timer::until(Box::new(move || panel.peek(|model| model.configured)))).await;
    if !panel.peek(Model::asks_more) {
        return true;
    }
    let loaded = timer::within(PATIENCE, panel.load_screens()).await.flatten();
    loaded.is_none_or(|screens| (screens.fields_complete)(panel))
}

/// Whether open tickets that say the same are offered now.
async fn is_similar(panel: Panel) -> bool {
    let message = panel.peek(|model| model.text.clone());
    if panel.peek(|model| model.compared == message) {
        return false;
    }
    panel.change(|model| model.similar.clear());
    let compared = timer::within(PATIENCE, async {
        if !loader::has_open_tickets(&panel.loader()).await {
            return false;
        }
        panel.change(|model| model.compared = message);
        match panel.load_screens().await {
            Some(screens) => (screens.find_similar)(panel).await,
            None => false,
        }
    });
    compared.await.unwrap_or(false)
}

/// A ticket from the outbox has arrived: a customer who has the outbox open gets the receipt.
pub fn arrived(panel: Panel, receipt_json: &str) {
    let receipt = read::parse(receipt_json).map(|receipt| Receipt::read(&receipt));
    match receipt.filter(|receipt| !receipt.reference.is_empty()) {
        Some(receipt) if panel.peek(|model| model.screen == Screen::Outbox && model.queued <= 1) => {
            self::receipt(panel, receipt);
        }
        Some(receipt) => panel.announce(&panel.fill(Text::ReceiptReference, "{reference}", &receipt.reference)),
        None => {}
    }
}

/// Why the ticket was refused, and what can be done besides editing it.
pub fn failure(panel: Panel) -> AnyView {
    let reason = panel.read(|model| match &model.sending {
        Sending::Refused(reason) => Some(reason.clone()),
        Sending::No | Sending::Busy | Sending::Adding(_) => None,
    });
    match reason {
        Some(reason) => {
            let ladder = beyond::outgoing(panel, |context| context.ladder);
            let ladder = el("section").attr("id", "ladder").attr("class", "row").children([ladder]);
            div("alert").children([paragraph("", reason), ladder])
        }
        None => nothing(),
    }
}

/// How the customer can be reached.
pub fn contact(model: &Model) -> Contact {
    let (name, email) = match &model.user {
        Some(user) if model.is_known() => (&user.name, &user.email),
        _ => (&model.contact.name, &model.contact.email),
    };
    Contact { name: name.trim_ascii().to_string(), email: email.trim_ascii().to_string() }
}

fn receipt(panel: Panel, receipt: Receipt) {
    if let Some(due) = &receipt.due_at {
        let promise = panel.fill(Text::AnswerBy, "{time}", &intl::moment(due, &panel.lang()));
        panel.change(|model| {
            let [first, _] = &mut model.promised;
            *first = promise;
        });
    }
    panel.change(|model| {
        model.receipt = Some(receipt);
        model.copied = false;
    });
    panel.announce(&panel.t(Text::ReceiptTitle));
    panel.go(Screen::Receipt);
}

/// Clears the draft: it has become a submission, or support has it.
pub fn clear(panel: Panel) {
    panel.loader().let_go();
    panel.loader().leave_visit();
    panel.write("");
    panel.change(Model::start_over);
}

fn refused(panel: Panel, problem: Problem) {
    let has = |pointer: &str| problem.errors.iter().any(|error| error.pointer == pointer);
    let asks_contact = panel.peek(|model| !model.is_known());
    if has("/message") || asks_contact && has("/contact/email") {
        let gap = if has("/message") { Gap::MessageTooLong } else { Gap::EmailInvalid };
        panel.change(|model| {
            model.sending = Sending::No;
            model.gaps = vec![gap];
        });
        return go_to(panel, gap);
    }
    let reason = match problem.title.as_str() {
        "" => panel.t(Text::FailUnreachable),
        reason => panel.fill(Text::FailRefused, "{reason}", reason),
    };
    panel.announce(&reason);
    panel.change(|model| model.sending = Sending::Refused(reason));
}

/// Moves the focus to the field with a gap, once the error is drawn.
fn go_to(panel: Panel, gap: Gap) {
    panel.later(move || {
        dom::focus_id(&panel.loader().root(), ticket::field_of(gap));
        panel.announce(&ticket::text_of(gap, panel));
    });
}
