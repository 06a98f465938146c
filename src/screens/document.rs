//! What leaves the page with a ticket, and what must not. All of this is in the chunk `context`, which is loaded right after the form; the form
//! calls it through [`Context`].

use std::cell::Cell;

use leptos::prelude::AnyView;

use super::model::Model;
use super::send::contact;
use super::{Panel, choices, outbox, ticket};
use crate::browser::{context, intl};
use domain::context::document::{self, Value, withhold};
use domain::fields;
use domain::ticket::{Client, NewTicket};
use redaction::{self, Origin};
use wire::Source;

/// The functions of the chunk.
#[derive(Clone, Copy)]
pub struct Context {
    /// A collected text without its secrets.
    pub(super) redact: fn(&Model, &str) -> String,
    /// The secrets in the message.
    pub(super) secrets: fn(&Model) -> Vec<Secret>,
    /// The ticket as the form stands, as JSON.
    pub(super) ticket: fn(Panel, Contents) -> String,
    /// Whether anything has happened since a time.
    pub(super) happened_since: fn(Panel, &str) -> bool,
    /// The outbox.
    pub(super) outbox: fn(Panel) -> AnyView,
    /// Reads the outbox again, if it is shown.
    pub(super) refresh_outbox: fn(Panel),
    /// What can be done with the text in the box if it cannot be sent.
    pub(super) ladder: fn(Panel) -> AnyView,
    /// What a receipt says and offers besides.
    pub(super) receipt: fn(Panel) -> AnyView,
}

/// A secret in the message.
pub struct Secret {
    /// Its first characters, enough to recognise it and no more.
    pub begin: String,
    /// Its start, in UTF-16 code units, which the browser counts.
    pub start: u32,
    /// Its end, in the same.
    pub end: u32,
    /// What it is replaced by.
    pub replacement: String,
}

/// How much of the context a ticket has.
#[derive(Clone, Copy)]
pub enum Contents {
    /// None of it.
    Form,
    /// Everything that was collected.
    Collected,
    /// What the customer's choices leave of it.
    Sent,
}

/// Whether the chunk is there.
#[derive(Clone, Copy)]
pub enum Loaded {
    /// Not yet.
    Awaited,
    /// It could not be loaded.
    Missing,
    /// It is there.
    Ready(Context),
}

thread_local! {
    static LOADED: Cell<Loaded> = const { Cell::new(Loaded::Awaited) };
}

/// How many characters of a secret are shown.
const SHOWN: usize = 4;

/// The chunk's functions, for the chunk itself.
pub fn context() -> Context {
    Context {
        redact,
        secrets,
        ticket: json,
        happened_since,
        outbox: outbox::view,
        refresh_outbox: outbox::refresh,
        ladder: outbox::ladder::view,
        receipt: outbox::ladder::receipt,
    }
}

/// Whether the chunk is there.
pub fn loaded() -> Loaded {
    LOADED.get()
}

/// The chunk's functions, if it is there.
pub fn ready() -> Option<Context> {
    match LOADED.get() {
        Loaded::Ready(context) => Some(context),
        Loaded::Awaited | Loaded::Missing => None,
    }
}

/// The ticket as the form stands, without its context, as JSON. Nobody asks for it before the chunk is there.
pub fn draft_json(panel: Panel) -> String {
    ready().map(|context| (context.ticket)(panel, Contents::Form)).unwrap_or_default()
}

/// The chunk has arrived, or could not be loaded.
pub fn set(context: Option<Context>) {
    LOADED.set(context.map_or(Loaded::Missing, Loaded::Ready));
}

fn redact(model: &Model, text: &str) -> String {
    redaction::redact(text, Origin::Collected, &context::rules(&model.config, model.user.as_ref()))
}

fn secrets(model: &Model) -> Vec<Secret> {
    let rules = context::rules(&model.config, model.user.as_ref());
    let found = redaction::secrets(&model.text, Origin::Written, &rules);
    let units = |end: usize| model.text.get(..end).map_or(0, |text| text.encode_utf16().count()) as u32;
    let secret = |secret: redaction::Secret| {
        let text = model.text.get(secret.start..secret.end).unwrap_or_default();
        let mut begin: String = text.chars().take(SHOWN).collect();
        begin.push('…');
        let replacement = ["[", secret.kind.word(), "]"].concat();
        Secret { begin, start: units(secret.start), end: units(secret.end), replacement }
    };
    found.into_iter().map(secret).collect()
}

fn json(panel: Panel, contents: Contents) -> String {
    let context = match contents {
        Contents::Form => Value::default(),
        Contents::Collected => collected(panel),
        Contents::Sent => sent(panel),
    };
    // Serialising plain data into memory cannot fail.
    serde_json::to_string(&draft(panel, context)).unwrap_or_default()
}

fn happened_since(panel: Panel, time: &str) -> bool {
    let loader = panel.loader();
    document::happened_since(context::describe(&loader, &loader.snapshot()), time)
}

/// Everything that was collected, before the customer's choices.
fn collected(panel: Panel) -> Value {
    // Before the state is read, because the page's own objects may call back.
    let described = context::describe(&panel.loader(), &panel.moment());
    panel.peek(|model| {
        let rules = context::rules(&model.config, model.user.as_ref());
        document::prepare(described, &model.config.context, &rules)
    })
}

fn sent(panel: Panel) -> Value {
    let mut context = collected(panel);
    panel.peek(|model| withhold(&mut context, &model.config.context, |place| !choices::goes(model, place)));
    context
}

/// The ticket as the form stands.
fn draft(panel: Panel, context: Value) -> NewTicket<Value> {
    let extras = panel.loader().extras();
    panel.peek(|model| NewTicket {
        kind: model.kind(),
        topic: ticket::topic(model),
        severity: model.severity(),
        message: model.text.clone(),
        contact: contact(model),
        context,
        questions: model.seen.clone(),
        attachments: extras.member("attachments"),
        via: model.via.clone(),
        consent: (model.config.consent || model.consent).then_some(model.consent),
        fields: Some(fields::answers(&model.config.fields, model.kind(), &model.answers))
            .filter(|fields| !fields.is_empty()),
        website: extras.text_of("website"),
        automatic: ticket::is_automatic(model),
        locale: panel.lang(),
        created_at: intl::now(),
        client: Client { name: "deskbell".into(), version: panel.loader().version() },
    })
}
