//! The customer's reply.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::conversation::Conversation;
use crate::browser::loader::Sent;
use crate::browser::{dom, tickets};
use crate::components::el::{button, div, el, live, nothing, paragraph, spawn};
use crate::components::shared::Shared;
use crate::screens::beyond;
use crate::texts;
use domain::conversation::{Patch, Reply as NewReply};
use domain::problem::Problem;
use domain::texts::TicketsText;
use domain::ticket::Status;
use wire::Read;

/// The id of the field.
const FIELD: &str = "reply";
/// The id of the place for attachments.
const FILES: &str = "reply-files";

/// The state of a reply.
#[derive(Clone, Default)]
pub struct Reply(Shared<State>);

#[derive(Default)]
struct State {
    /// What is in the field.
    text: String,
    /// Whether it is being sent.
    is_busy: bool,
    /// Why it was not sent.
    trouble: String,
}

impl Reply {
    /// A submission from the outbox has arrived.
    pub(super) fn arrived(&self) {
        if self.0.peek(|state| !state.trouble.is_empty()) {
            self.0.update(|state| state.trouble.clear());
        }
    }
}

/// A reply in wire format.
pub fn json(message: &str) -> String {
    // Serialising plain data into memory cannot fail.
    serde_json::to_string(&NewReply { message: message.to_string(), attachments: Vec::new() }).unwrap_or_default()
}

/// Why a reply was refused.
fn refused(problem: &JsValue) -> String {
    texts::fill(TicketsText::Refused, "{reason}", &Problem::read(problem).title)
}

impl Conversation {
    /// Restores what was written before, unless something is being written.
    pub(super) fn restore_reply(&self) {
        let conversation = self.clone();
        spawn(async move {
            let draft = tickets::reply_draft(&conversation.context.panel.loader(), &conversation.context.id).await;
            conversation.reply.0.update(|state| {
                if state.text.is_empty() {
                    state.text = draft;
                }
            });
        });
    }

    /// The field, its attachments, and the buttons below it.
    pub(super) fn reply_view(&self) -> AnyView {
        let [field, buttons] = [self.clone(), self.clone()];
        // As the loader's scripts know them, which take what is dropped and pasted.
        let owner = ["reply:", &self.context.id].concat();
        div("field reply").children([
            el("label").attr("for", FIELD).text(texts::text(TicketsText::Reply)),
            live(move || field.field()),
            el("section")
                .attr("id", FILES)
                .attr("data-of", &owner)
                .children([beyond::attachments(self.context.panel, owner)]),
            el("div").children([live(move || buttons.buttons())]),
        ])
    }

    fn field(&self) -> AnyView {
        let conversation = self.clone();
        let typed = move |event| {
            let text = dom::value_of(&event);
            tickets::keep_reply_draft(&conversation.context.panel.loader(), &conversation.context.id, &text);
            conversation.reply.0.update(|state| state.text = text);
        };
        self.reply.0.with(|state| {
            el("textarea")
                .attr("id", FIELD)
                .attr("rows", "3")
                .attr("maxlength", "10000")
                .attr("dir", "auto")
                .maybe("readonly", state.is_busy.then(String::new))
                .value(state.text.clone())
                .on("input", typed)
                .children([])
        })
    }

    fn buttons(&self) -> AnyView {
        let is_solved =
            self.ticket.with(|ticket| ticket.as_ref().is_some_and(|ticket| ticket.status == Status::Solved));
        let (is_busy, trouble) = self.reply.0.with(|state| (state.is_busy, state.trouble.clone()));
        let hint = match is_solved {
            true => paragraph("hint", texts::text(TicketsText::ReopensBy)),
            false => nothing(),
        };
        let alert = match trouble.is_empty() {
            true => nothing(),
            false => div("alert").children([paragraph("", trouble)]),
        };
        let send_text = if is_busy { TicketsText::SendingReply } else { TicketsText::SendReply };
        let turn_text = if is_solved { TicketsText::Reopen } else { TicketsText::Solve };
        let [sending, turning] = [self.clone(), self.clone()];
        let send = button("button main", move |_| sending.send()).text(texts::text(send_text));
        let turn = button("button", move |_| turning.turn(is_solved)).text(texts::text(turn_text));
        vec![hint, alert, div("row").children([send, turn])].into_any()
    }

    /// Submits the content of the field, once.
    fn send(&self) {
        let (is_busy, message) = self.reply.0.peek(|state| (state.is_busy, state.text.clone()));
        if is_busy {
            return;
        }
        let loader = self.context.panel.loader();
        dom::focus_id(&loader.root(), FIELD);
        if message.trim_ascii().is_empty() {
            return self.trouble(texts::text(TicketsText::ReplyEmpty));
        }
        self.reply.0.update(|state| {
            state.is_busy = true;
            state.trouble.clear();
        });
        let sent = tickets::reply(&loader, &self.context.id, &json(&message), &message);
        let conversation = self.clone();
        spawn(async move {
            let Sent { word, answer } = sent.await;
            // Of everything else the outbox has it, or had it.
            let is_draft = matches!(word.as_str(), "refused" | "");
            conversation.reply.0.update(|state| {
                state.is_busy = false;
                state.text = if is_draft { message } else { String::new() };
            });
            match word.as_str() {
                "" => conversation.trouble(texts::text(TicketsText::Failed)),
                "refused" => conversation.trouble(refused(&answer)),
                "sent" => {
                    conversation.context.announce(TicketsText::ReplySent);
                    conversation.load();
                }
                _ => conversation.trouble(texts::text(TicketsText::ReplyWaits)),
            }
        });
    }

    /// Solves or reopens the ticket.
    fn turn(&self, is_solved: bool) {
        let conversation = self.clone();
        spawn(async move {
            let status = Some(if is_solved { Status::Open } else { Status::Solved });
            match conversation.change(&Patch { status, read_until: None }).await {
                Some(_) => conversation.load(),
                None => conversation.trouble(texts::text(TicketsText::Failed)),
            }
        });
    }

    /// Shows and announces a problem.
    fn trouble(&self, text: String) {
        self.context.panel.announce(&text);
        self.reply.0.update(|state| state.trouble = text);
    }
}
