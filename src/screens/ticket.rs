//! The form. Everything but the message has a default, and a known customer is not asked who they are.

use leptos::prelude::*;

use super::model::{Model, Screen, Sending};
use super::{Panel, beyond, hits, search, secrets, send, summary};
use crate::browser::{dom, intl};
use crate::components::el::{button, div, el, live, live_text, nothing, paragraph};
use crate::components::link::outside;
use domain::config::{self, ASK, AnswerMail, Topic};
use domain::targets::{self, HOURS_A_DAY, Owner, Target};
use domain::texts::Text;
use domain::ticket::{Contact, Gap, Kind, MESSAGE_MAX, Severity, is_email};

/// The id of the message's field: the loader's box.
pub const MESSAGE: &str = "box";
/// The id of the text of its error.
pub const MESSAGE_ERROR: &str = "box-error";
/// The id of the topic's field.
pub const TOPIC: &str = "topic";
/// The id of the severity's field.
pub const SEVERITY: &str = "severity";
/// How many hits are offered again if the community answers first.
const MATCHES: usize = 3;
const NAME: &str = "name";
const EMAIL: &str = "email";
/// From this many characters on, the form shows how many are left.
const COUNT_FROM: u32 = MESSAGE_MAX as u32 - 1_000;

/// The id of the field with a gap.
pub fn field_of(gap: Gap) -> &'static str {
    match gap {
        Gap::MessageMissing | Gap::MessageTooLong => MESSAGE,
        Gap::NameMissing => NAME,
        Gap::EmailMissing | Gap::EmailInvalid => EMAIL,
    }
}

/// The error text for a gap.
pub fn text_of(gap: Gap, panel: Panel) -> String {
    match gap {
        Gap::MessageMissing => panel.t(Text::NeedMessage),
        Gap::MessageTooLong => {
            panel.fill(Text::MessageTooLong, "{n}", &intl::number(MESSAGE_MAX as u32, &panel.lang()))
        }
        Gap::NameMissing => panel.t(Text::NeedName),
        Gap::EmailMissing => panel.t(Text::NeedEmail),
        Gap::EmailInvalid => panel.t(Text::EmailInvalid),
    }
}

/// The form.
pub fn view(panel: Panel) -> AnyView {
    load_fields(panel);
    let label = move || {
        panel.t(panel.read(|model| match model.sending {
            Sending::Busy => Text::Sending,
            Sending::No | Sending::Adding(_) | Sending::Refused(_) => Text::Send,
        }))
    };
    let send = button("button main", move |_| send::start(panel)).children([live_text(label)]);
    let promise =
        el("span").attr("class", "hint").children([live_text(move || panel.read(|model| promise(panel, model)))]);
    div("screen").children([
        error(panel, MESSAGE),
        live(move || length(panel)),
        live(move || secrets::view(panel)),
        hits::near(panel),
        kinds(panel),
        div("pair").children([topics(panel), severities(panel)]),
        el("p").attr("class", "hint").attr("id", "meaning").children([live_text(move || meaning(panel))]),
        contact(panel),
        // No landmark, because a form would have several.
        el("section").attr("id", "files").children([beyond::attachments(panel, String::new())]),
        el("section").attr("id", "site").children([
            beyond::part(panel, |screens, panel| (screens.fields)(panel)),
            beyond::part(panel, |screens, panel| (screens.similar)(panel)),
        ]),
        live(move || community(panel)),
        div("foot last").children([
            live(move || small_print(panel)),
            live(move || send::failure(panel)),
            div("row").children([send, promise]),
        ]),
    ])
}

/// Loads what draws the custom fields, if the form is open and the site has any.
pub fn load_fields(panel: Panel) {
    if panel.peek(|model| model.screen == Screen::Ticket && model.asks_more()) {
        panel.with_screens(drop);
    }
}

/// The selected topic, or the one of the page; empty if there is none.
pub fn topic(model: &Model) -> String {
    let topics = &model.config.topics;
    match &model.topic {
        Some(id) if id.is_empty() || topics.iter().any(|topic| topic.id == *id) => id.clone(),
        _ => config::topic_of(topics, &dom::path()).map(|topic| topic.id.clone()).unwrap_or_default(),
    }
}

/// When the first reply is due, in words; empty without a response target.
pub fn promise(panel: Panel, model: &Model) -> String {
    match target(model) {
        None => String::new(),
        Some(_) if is_automatic(model) => panel.t(Text::FromCommunity),
        Some(target) if target.hours < HOURS_A_DAY => panel.count(Text::WithinHours, target.hours),
        Some(target) => panel.count(Text::WithinDays, target.hours.div_ceil(HOURS_A_DAY)),
    }
}

fn target(model: &Model) -> Option<Target> {
    // The plan is not signed, so only a site that trusts its pages shows a response target.
    let user = model.user.as_ref().filter(|_| model.config.trust_page);
    let priority = user.and_then(|user| config::priority_of(&model.config, &user.plan));
    targets::find_target(&model.config.targets, model.severity(), priority)
}

/// Whether the first reply is automatic, and the form announces that.
pub fn is_automatic(model: &Model) -> bool {
    target(model).is_some_and(|target| target.owner == Owner::Automated)
}

/// If the community answers first: existing answers, and the way to ask it. Sending is possible all the same.
fn community(panel: Panel) -> AnyView {
    panel.read(|model| {
        if !is_automatic(model) {
            return nothing();
        }
        let rows = hits::rows(panel, model.hits.get(..model.hits.len().min(MATCHES)).unwrap_or_default());
        let text = if rows.is_empty() { Text::CommunityAsk } else { Text::CommunityFirst };
        let ask = model.config.links.iter().find(|link| link.kind == ASK);
        let ask = ask.map_or_else(nothing, |link| {
            el("span").in_page_language().children([outside("", &link.url, link.label.clone())])
        });
        let list = el("ul").attr("class", "plain").children(rows);
        div("community").children([paragraph("", panel.t(text)), list, ask])
    })
}

/// Where the reply will come, if known.
pub fn answers(panel: Panel, model: &Model) -> String {
    if !panel.has_gateway() {
        return with_email(panel, model, Text::AnswersTo);
    }
    let here = panel.t(Text::AnswersHere);
    // What the community answers is not mailed.
    if is_automatic(model) {
        return here;
    }
    let mailed = match model.config.answer_mail {
        AnswerMail::Confirmed => Text::AnswersConfirmed,
        // They go to the address that the host has signed, which is not sent if the customer withholds it.
        AnswerMail::Unread if model.is_known() => Text::AnswersMailed,
        AnswerMail::Always if model.is_known() => Text::AnswersAlso,
        _ => return here,
    };
    here + " " + &with_email(panel, model, mailed)
}

/// A text with the customer's address; empty if it is unknown.
fn with_email(panel: Panel, model: &Model, text: Text) -> String {
    let known = model.user.as_ref().filter(|_| model.is_known());
    let email = known.map_or(model.contact.email.trim_ascii(), |user| &user.email);
    if is_email(email) { panel.fill(text, "{email}", email) } else { String::new() }
}

fn kinds(panel: Panel) -> AnyView {
    let choice = |kind: Kind| {
        let text = match kind {
            Kind::Question => Text::KindQuestion,
            Kind::Bug => Text::KindBug,
            Kind::Feedback => Text::KindFeedback,
        };
        let input = el("input").attr("type", "radio").attr("name", "kind").attr("id", kind.word());
        let input = input.on("change", move |_| choose_kind(panel, kind)).children([]);
        el("label").attr("class", "choice").children([input, el("span").text(panel.t(text))])
    };
    let choices: Vec<AnyView> = panel.peek(|model| model.config.kinds.iter().copied().map(choice).collect());
    let legend = el("legend").text(panel.t(Text::Kind));
    el("fieldset").children([legend, div("choices").children(choices)])
}

/// The severity follows the kind until one is selected.
fn choose_kind(panel: Panel, kind: Kind) {
    panel.change(|model| model.kind = Some(kind));
    panel.show_choices();
    search::start(panel);
}

fn topics(panel: Panel) -> AnyView {
    let mut options: Vec<(String, String)> = panel
        .peek(|model| model.config.topics.iter().map(|Topic { id, label, .. }| (id.clone(), label.clone())).collect());
    if options.is_empty() {
        return nothing();
    }
    options.push((String::new(), panel.t(Text::TopicNone)));
    select(panel, TOPIC, Text::Topic, options, |model, id| model.topic = Some(id))
}

fn severities(panel: Panel) -> AnyView {
    let option = |severity: &Severity| {
        let text = match severity {
            Severity::Critical => Text::SeverityCritical,
            Severity::High => Text::SeverityHigh,
            Severity::Medium => Text::SeverityMedium,
            Severity::Low => Text::SeverityLow,
        };
        (severity.word().to_string(), panel.t(text))
    };
    let options = Severity::ALL.iter().map(option).collect();
    select(panel, SEVERITY, Text::Severity, options, |model, word| model.severity = Severity::from_word(&word))
}

fn meaning(panel: Panel) -> String {
    panel.t(match panel.read(Model::severity) {
        Severity::Critical => Text::MeansCritical,
        Severity::High => Text::MeansHigh,
        Severity::Medium => Text::MeansMedium,
        Severity::Low => Text::MeansLow,
    })
}

fn select(
    panel: Panel,
    id: &'static str,
    label: Text,
    options: Vec<(String, String)>,
    choose: fn(&mut Model, String),
) -> AnyView {
    // The texts of the panel are not the site's.
    let option = |(value, text): (String, String)| {
        let option = el("option").attr("value", &value);
        let option = if id == TOPIC && !value.is_empty() { option.in_page_language() } else { option };
        option.text(text)
    };
    let options: Vec<AnyView> = options.into_iter().map(option).collect();
    let described = (id == SEVERITY).then(|| "meaning".to_string());
    let change = move |event| {
        panel.change(|model| choose(model, dom::value_of(&event)));
        search::start(panel);
    };
    let select =
        el("select").attr("id", id).maybe("aria-describedby", described).on("change", change).children(options);
    div("field").children([el("label").attr("for", id).text(panel.t(label)), select])
}

/// Name and address, if the host has not declared the user.
fn contact(panel: Panel) -> AnyView {
    if panel.peek(Model::is_known) {
        return nothing();
    }
    let name = input(panel, NAME, "text", Text::Name, |contact| &mut contact.name);
    div("").children([name, input(panel, EMAIL, "email", Text::Email, |contact| &mut contact.email)])
}

fn input(
    panel: Panel,
    id: &'static str,
    kind: &'static str,
    label: Text,
    part: fn(&mut Contact) -> &mut String,
) -> AnyView {
    let typed = move |event| {
        panel.change(|model| {
            *part(&mut model.contact) = dom::value_of(&event);
            model.gaps.retain(|gap| field_of(*gap) != id);
        })
    };
    let value = panel.peek(|model| part(&mut model.contact.clone()).clone());
    let input = live(move || {
        let broken = panel.read(|model| model.gaps.iter().any(|gap| field_of(*gap) == id));
        let described = id.to_string() + "-error";
        el("input")
            .attr("id", id)
            .attr("type", kind)
            .attr("autocomplete", id)
            .attr("value", value.clone())
            .maybe("aria-invalid", broken.then(|| "true".to_string()))
            .maybe("aria-describedby", broken.then_some(described))
            .on("input", typed)
            .children([])
    });
    div("field").children([el("label").attr("for", id).text(panel.t(label)), input, error(panel, id)])
}

/// The error of a field.
fn error(panel: Panel, field: &'static str) -> AnyView {
    live(move || match panel.read(|model| model.gaps.iter().copied().find(|gap| field_of(*gap) == field)) {
        Some(gap) => el("p").attr("class", "error").attr("id", [field, "-error"].concat()).text(text_of(gap, panel)),
        None => nothing(),
    })
}

/// How many characters are left, near the limit.
fn length(panel: Panel) -> AnyView {
    let length = panel.read(|model| model.text.chars().count() as u32);
    let text = match (MESSAGE_MAX as u32).checked_sub(length) {
        _ if length < COUNT_FROM => return nothing(),
        Some(left) => panel.count(Text::MessageLeft, left),
        None => panel.count(Text::MessageOver, length - MESSAGE_MAX as u32),
    };
    paragraph("hint", text)
}

/// What is sent with the message, and where the reply will come.
fn small_print(panel: Panel) -> AnyView {
    let look = move |_| {
        // What the customer looks at from here on is what will be sent.
        panel.loader().freeze();
        panel.go(Screen::Preview);
    };
    let summary = summary::text(panel) + " ";
    let sender = panel.read(|model| with_email(panel, model, Text::SendingAs));
    let look = button("link", look).text(panel.t(Text::Look));
    el("p").attr("class", "hint").children([summary.into_any(), look, (" ".to_string() + &sender).into_any()])
}
