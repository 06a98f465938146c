//! Confirmation of the address given with a ticket, by the code that was mailed to it. Until then replies are withheld.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::conversation::Conversation;
use crate::browser::http::Answer;
use crate::browser::{Event, dom, read, tickets};
use crate::components::el::{button, div, el, nothing, paragraph, spawn};
use crate::components::shared::Shared;
use crate::texts;
use domain::conversation::{ConfirmationCode, Summary};
use domain::problem::Problem;
use domain::texts::TicketsText;
use wire::Read;

const FIELD: &str = "code";
const ABOUT: &str = "code-about";
const STATUS: &str = "code-status";

/// The state of a confirmation.
#[derive(Clone, Default)]
pub struct Confirmation(Shared<State>);

#[derive(Default)]
struct State {
    /// Whether a request is running.
    is_busy: bool,
    /// Whether the address has just been confirmed, so that the focus moves to the replies.
    has_succeeded: bool,
    /// The code as typed.
    code: String,
    /// How the last attempt ended, and whether that is an error.
    status: Option<(TicketsText, bool)>,
}

impl Confirmation {
    /// Whether the address has just been confirmed; true once.
    pub(super) fn take_success(&self) -> bool {
        let has_succeeded = self.0.peek(|state| state.has_succeeded);
        self.0.update(|state| *state = State::default());
        has_succeeded
    }

    /// Begins a request, unless one is running.
    fn begin(&self) -> bool {
        let is_free = self.0.peek(|state| !state.is_busy);
        self.0.update(|state| state.is_busy = true);
        is_free
    }
}

impl Conversation {
    /// The confirmation; nothing if there is nothing to confirm.
    pub(super) fn confirmation(&self) -> AnyView {
        let unconfirmed = self.ticket.with(|ticket| {
            let unconfirmed = ticket.as_ref().filter(|ticket| ticket.unconfirmed);
            unconfirmed.map(|ticket| (ticket.code_sent, explanation(ticket)))
        });
        let Some((is_sent, explanation)) = unconfirmed else { return nothing() };
        let status = self.confirmation.0.with(|state| state.status);
        let (field, confirm) = match is_sent {
            true => {
                let conversation = self.clone();
                let confirm = button("button main", move |_| conversation.send_code());
                (self.code_field(), confirm.text(texts::text(TicketsText::ConfirmCode)))
            }
            false => (nothing(), nothing()),
        };
        let (class, text) = match is_sent {
            true => ("button", TicketsText::NewCode),
            false => ("button main", TicketsText::SendCode),
        };
        let conversation = self.clone();
        let request = button(class, move |_| conversation.request_code()).text(texts::text(text));
        let status = match status {
            Some((text, is_error)) => paragraph(if is_error { "error" } else { "hint" }, texts::text(text)),
            None => nothing(),
        };
        div("field confirm").children([
            el("p").attr("id", ABOUT).text(explanation),
            field,
            div("row").children([confirm, request]),
            el("div").attr("id", STATUS).attr("role", "alert").children([status]),
        ])
    }

    fn code_field(&self) -> AnyView {
        let (code, is_wrong) = self.confirmation.0.with(|state| {
            let is_wrong = state.status.is_some_and(|(_, is_error)| is_error);
            (state.code.clone(), is_wrong)
        });
        let [typing, pressing] = [self.clone(), self.clone()];
        let typed = move |event: Event| typing.confirmation.0.update(|state| state.code = dom::value_of(&event));
        let pressed = move |event: Event| {
            let value: &JsValue = &event;
            if read::text_of(value, "key") == "Enter" && !read::is_composing(value) {
                event.prevent_default();
                pressing.send_code();
            }
        };
        let label = el("label").attr("for", FIELD).text(texts::text(TicketsText::Code));
        let field = el("input")
            .attr("id", FIELD)
            .attr("inputmode", "numeric")
            .attr("autocomplete", "one-time-code")
            .attr("maxlength", "20")
            .attr("dir", "ltr")
            .attr("aria-describedby", [ABOUT, STATUS].join(" "))
            .maybe("aria-invalid", is_wrong.then(|| "true".to_string()))
            .value(code)
            .on("input", typed)
            .on("keydown", pressed)
            .children([]);
        vec![label, field].into_any()
    }

    /// Sends the code that was typed.
    fn send_code(&self) {
        let code = self.confirmation.0.peek(|state| state.code.trim_ascii().to_string());
        if code.is_empty() {
            return self.reject(TicketsText::CodeEmpty);
        }
        if !self.confirmation.begin() {
            return;
        }
        let conversation = self.clone();
        spawn(async move {
            // Serialising plain data into memory cannot fail.
            let body = serde_json::to_string(&ConfirmationCode { code }).unwrap_or_default();
            let answer = conversation.context.send_request("POST", "/confirmation", &body).await;
            conversation.confirmation.0.update(|state| state.is_busy = false);
            if !matches!(answer, Answer::Http { status: 200, .. }) {
                return conversation.reject(trouble(&answer));
            }
            conversation.context.announce(TicketsText::AddressConfirmed);
            conversation.confirmation.0.update(|state| state.has_succeeded = true);
            tickets::touched(&conversation.context.panel.loader());
            conversation.load();
        });
    }

    /// Requests a code, or another one.
    fn request_code(&self) {
        if !self.confirmation.begin() {
            return;
        }
        let conversation = self.clone();
        spawn(async move {
            let answer = conversation.context.send_request("POST", "/confirmation/code", "").await;
            conversation.confirmation.0.update(|state| state.is_busy = false);
            match answer {
                Answer::Http { status: 202, body, .. } => {
                    if let Some(ticket) = body {
                        conversation.ticket.update(|known| *known = Some(Summary::read(&ticket)));
                    }
                    conversation.show_status(TicketsText::CodeSent, false);
                    conversation.focus_code();
                }
                answer => conversation.show_status(trouble(&answer), true),
            }
        });
    }

    /// Shows what is wrong with the code, and moves the focus to its field.
    fn reject(&self, text: TicketsText) {
        self.show_status(text, true);
        self.focus_code();
    }

    fn focus_code(&self) {
        let panel = self.context.panel;
        panel.later(move || dom::focus_id(&panel.loader().root(), FIELD));
    }

    /// Shows and announces a result. The element is a new one each time, so that the same text is announced again.
    fn show_status(&self, text: TicketsText, is_error: bool) {
        let confirmation = self.confirmation.clone();
        confirmation.0.update(|state| state.status = None);
        self.context.panel.later(move || confirmation.0.update(|state| state.status = Some((text, is_error))));
    }
}

/// Why a code is requested, and where it was sent.
fn explanation(ticket: &Summary) -> String {
    let code_text = texts::text(if ticket.code_sent { TicketsText::ConfirmSent } else { TicketsText::ConfirmUnsent });
    if ticket.withheld > 0 { [texts::text(TicketsText::Withheld), code_text].join(" ") } else { code_text }
}

/// The text for an unsuccessful response.
fn trouble(answer: &Answer) -> TicketsText {
    let Answer::Http { status, body, .. } = answer else { return TicketsText::Failed };
    let code = body.as_ref().map(|body| Problem::read(body).code).unwrap_or_default();
    match (code.as_str(), status) {
        ("wrong_code", _) => TicketsText::CodeWrong,
        ("no_code", _) => TicketsText::CodeOver,
        ("too_many_attempts", _) => TicketsText::CodeTried,
        ("code_too_soon", _) => TicketsText::CodeSoon,
        ("code_quota", _) => TicketsText::CodeQuota,
        ("too_many_codes" | "address_bounced", _) => TicketsText::CodesMax,
        (_, 429) => TicketsText::CodeLater,
        _ => TicketsText::Failed,
    }
}
