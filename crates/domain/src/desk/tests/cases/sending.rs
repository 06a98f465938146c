//! Sending: once, whatever tabs, storage and network do.

use super::super::super::customer::Credential;
use super::super::super::draft::{Form, FormGap, Target};
use super::super::super::effect::{Effect, HostEvent, Note, Timer};
use super::super::super::event::{Answer, Happening};
use super::super::super::ids::AttachmentId;
use super::super::super::outbox::{CONFIRM_AFTER_MS, OUTBOX_MAX};
use super::super::super::rules::FormRules;
use super::super::super::submission::Cause;
use super::super::world::{Fate, Job, World};
use super::{
    FORM, configure, drafts_on_device, identify, messages, opened, posts, press_send, reply, step_jobs, step_storage,
    submissions_on_device, text, until_post, waiting, wants, write,
};
use crate::fields::{Field, FieldType};
use crate::ticket::{Gap, Kind};

fn asking() -> FormRules {
    let order = Field {
        id: "order".into(),
        label: "Order".into(),
        field_type: FieldType::Text,
        needed: true,
        kinds: Kind::ALL.to_vec(),
        choices: Vec::new(),
    };
    FormRules { fields: vec![order], asks_consent: true, ..FormRules::default() }
}

/// Sends, while the device does not answer.
fn step_posts(world: &mut World, tab: usize) {
    while let Some(index) = world.tabs[tab].jobs.iter().position(|job| matches!(job, Job::Post(_) | Job::Answer(..))) {
        world.step_job(tab, index, Fate::Good);
    }
}

#[test]
fn a_reply_becomes_a_submission_in_the_transaction_that_deletes_its_draft() {
    let mut world = opened();
    identify(&mut world, 0, "ada");
    write(&mut world, 0, reply(), "It is back");
    world.tell(0, Happening::Leaving);
    step_storage(&mut world, 0);
    assert_eq!(drafts_on_device(&world), ["It is back"]);
    press_send(&mut world, 0, reply());
    assert_eq!(world.tabs[0].storage.len(), 1, "one transaction");
    step_storage(&mut world, 0);
    assert_eq!((drafts_on_device(&world), submissions_on_device(&world)), (vec![], vec!["It is back".to_string()]));

    // The page is reloaded while it is being sent: the field is empty, and it goes once.
    world.crash(0);
    world.start(0);
    identify(&mut world, 0, "ada");
    step_storage(&mut world, 0);
    world.tell(0, Happening::ReplyOpened("t1".into()));
    assert_eq!(text(&world, 0, &reply()), "");
    press_send(&mut world, 0, reply());
    world.settle();
    assert_eq!(messages(&world), ["It is back"]);
}

#[test]
fn a_reply_that_is_being_sent_stays_so_when_its_conversation_is_opened_again() {
    let mut world = opened();
    identify(&mut world, 0, "ada");
    write(&mut world, 0, reply(), "Once");
    press_send(&mut world, 0, reply());
    world.tell(0, Happening::ReplyOpened("t1".into()));
    assert!(world.tabs[0].desk.is_sending(&reply()));
    press_send(&mut world, 0, reply());
    world.settle();
    assert_eq!(messages(&world), ["Once"]);
}

#[test]
fn an_addition_to_an_open_ticket_is_sent_once_and_its_draft_is_gone() {
    let mut world = opened();
    identify(&mut world, 0, "ada");
    write(&mut world, 0, FORM, "it happens again");
    world.tell(0, Happening::Leaving);
    step_storage(&mut world, 0);
    world.tell(
        0,
        Happening::SendPressed { written_in: FORM, target: reply(), more: String::new(), visit: String::new() },
    );
    step_storage(&mut world, 0);
    assert_eq!(drafts_on_device(&world), [""; 0]);
    world.settle();
    press_send(&mut world, 0, FORM);
    world.settle();
    assert_eq!(messages(&world), ["it happens again"]);
}

#[test]
fn what_the_site_requires_is_checked_by_the_configuration_that_is_in_force_when_it_is_sent() {
    let mut world = World::new(1);
    world.start(0);
    write(&mut world, 0, FORM, "too early");
    press_send(&mut world, 0, FORM);
    assert_eq!(world.tabs[0].desk.waiting().count(), 0, "the configuration has not arrived");
    assert!(world.tabs[0].desk.is_sending(&FORM));
    configure(&mut world, 0, asking());
    assert_eq!(world.tabs[0].desk.gaps(&FORM), [FormGap::Field("order".into()), FormGap::Consent]);
    assert!(!world.tabs[0].desk.is_sending(&FORM));
    world.settle();
    assert_eq!((messages(&world), text(&world, 0, &FORM)), (vec![], "too early".to_string()));
}

#[test]
fn a_configuration_that_does_not_arrive_keeps_nobody_from_sending() {
    let mut world = World::new(1);
    world.start(0);
    write(&mut world, 0, FORM, "anyway");
    press_send(&mut world, 0, FORM);
    world.tell(0, Happening::TimerFired(Timer::Configuration));
    world.settle();
    assert_eq!(messages(&world), ["anyway"]);
}

#[test]
fn what_is_missing_is_named_and_nothing_is_sent() {
    let mut world = opened();
    world.tell(0, Happening::Typed(FORM, Box::new(Form { text: "hello".into(), ..Form::default() })));
    press_send(&mut world, 0, FORM);
    let missing = [Gap::NameMissing, Gap::EmailMissing].map(FormGap::Contact);
    assert_eq!(world.tabs[0].desk.gaps(&FORM), missing);
    identify(&mut world, 0, "ada");
    press_send(&mut world, 0, FORM);
    world.settle();
    assert_eq!(messages(&world), ["hello"]);
}

#[test]
fn a_new_ticket_does_not_wait_behind_old_ones() {
    let mut world = opened();
    for number in 0..10 {
        write(&mut world, 0, FORM, &format!("old {number}"));
        press_send(&mut world, 0, FORM);
        until_post(&mut world, 0);
        step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_)), Fate::Fails);
    }
    world.tell(0, Happening::Online);
    until_post(&mut world, 0);
    let old = posts(&world, 0);
    assert!(!old.is_empty() && old.len() < 10, "some are on their way, not all at once: {}", old.len());
    write(&mut world, 0, FORM, "new");
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    assert_eq!(posts(&world, 0).len(), old.len() + 1, "while none of them was answered");
    world.settle();
    assert_eq!(messages(&world).len(), 11);
}

#[test]
fn a_device_that_hangs_does_not_keep_anybody_from_sending() {
    let mut world = opened();
    write(&mut world, 0, FORM, "anyway");
    press_send(&mut world, 0, FORM);
    world.step_storage(0, Fate::Late);
    assert!(wants(&world, &Effect::Announce(Note::SubmissionUnkept)));
    assert!(world.tabs[0].desk.has_unkept());
    assert_eq!(posts(&world, 0).len(), 1, "it goes from memory");
    step_posts(&mut world, 0);
    assert_eq!(messages(&world), ["anyway"]);
    // It answers after all.
    world.settle();
    assert_eq!((submissions_on_device(&world), messages(&world).len()), (vec![], 1));
}

#[test]
fn after_a_day_the_customer_has_to_confirm_it() {
    let mut world = opened();
    write(&mut world, 0, FORM, "long ago");
    press_send(&mut world, 0, FORM);
    step_storage(&mut world, 0);
    world.crash(0);
    world.now = world.now.plus(CONFIRM_AFTER_MS);
    for tab in 1..3 {
        world.crash(tab);
    }
    world.start(0);
    world.settle();
    assert_eq!((messages(&world).len(), waiting(&world, 0).len()), (0, 1));
    let key = world.tabs[0].desk.waiting().next().unwrap().key.clone();
    world.tell(0, Happening::SendAgainPressed { key, saw_unsure: false });
    world.settle();
    assert_eq!(messages(&world), ["long ago"]);
}

#[test]
fn a_ticket_goes_without_a_token_that_is_refused_and_a_reply_waits() {
    let mut world = opened();
    world.gateway.rejects_tokens = true;
    identify(&mut world, 0, "ada");
    for target in [FORM, reply()] {
        write(&mut world, 0, target.clone(), "hello");
        press_send(&mut world, 0, target);
    }
    for _ in 0..3 {
        until_post(&mut world, 0);
        step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_) | Job::Answer(..)), Fate::Good);
    }
    let credentials = world.log.iter().filter_map(|(_, effect)| match effect {
        Effect::Post { target: Target::NewTicket, credential, .. } => Some(*credential),
        _ => None,
    });
    assert_eq!(credentials.collect::<Vec<_>>(), [Credential::Token, Credential::FreshToken, Credential::Session]);
    let reply = world.tabs[0].desk.waiting().next().unwrap();
    assert_eq!(reply.cause, Some(Cause::Unauthorised));
    world.gateway.rejects_tokens = false;
    identify(&mut world, 0, "ada");
    world.settle();
    assert_eq!(messages(&world), ["hello", "hello"]);
}

#[test]
fn a_reply_waits_for_its_customer() {
    let mut world = opened();
    identify(&mut world, 0, "ada");
    write(&mut world, 0, reply(), "from Ada");
    press_send(&mut world, 0, reply());
    step_storage(&mut world, 0);
    identify(&mut world, 0, "ben");
    world.settle();
    assert_eq!((messages(&world).len(), waiting(&world, 0).len()), (0, 0));
    identify(&mut world, 0, "ada");
    world.settle();
    assert_eq!(messages(&world), ["from Ada"]);
}

#[test]
fn a_destination_without_keys_is_not_tried_again_unless_the_customer_says_so() {
    let mut world = World::new(1);
    world.tabs[0].desk.settings.is_keyless = true;
    world.start(0);
    configure(&mut world, 0, FormRules::default());
    write(&mut world, 0, FORM, "once");
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_)), Fate::Other(0));
    world.settle();
    let submission = world.tabs[0].desk.waiting().next().unwrap();
    assert_eq!((submission.cause, submission.attempts), (Some(Cause::Unsure), 1));
    let key = submission.key.clone();
    // A tab that crashes while the answer is on its way does not know either.
    world.crash(0);
    world.tabs[0].desk.settings.is_keyless = true;
    world.start(0);
    world.settle();
    assert_eq!(world.tabs[0].desk.waiting().next().unwrap().attempts, 1);
    // The button was drawn before the outcome was unknown.
    world.tell(0, Happening::SendAgainPressed { key: key.clone(), saw_unsure: false });
    world.settle();
    let submission = world.tabs[0].desk.waiting().next().unwrap();
    assert_eq!((submission.cause, submission.attempts), (Some(Cause::Unsure), 1));
    world.tell(0, Happening::SendAgainPressed { key, saw_unsure: true });
    world.settle();
    assert_eq!(waiting(&world, 0), [""; 0]);
}

#[test]
fn a_ticket_that_has_arrived_is_counted_to_the_visit_in_which_it_was_written() {
    let mut world = opened();
    write(&mut world, 0, FORM, "count me");
    press_send(&mut world, 0, FORM);
    step_storage(&mut world, 0);
    world.crash(0);
    world.start(0);
    world.settle();
    let sent: Vec<(&str, bool)> = world
        .log
        .iter()
        .filter_map(|(_, effect)| match effect {
            Effect::Emit(HostEvent::Sent { visit, body, .. }) => Some((visit.as_str(), body.contains("count me"))),
            _ => None,
        })
        .collect();
    assert_eq!(sent, [("v1", true)]);
}

#[test]
fn a_text_that_names_a_file_speaks_the_language_of_the_page() {
    let mut world = opened();
    world.tell(0, Happening::LanguageChosen { left_behind_line: "Ohne {name}".into() });
    write(&mut world, 0, FORM, "with a file");
    let (id, size) = (AttachmentId::from("a.log"), 10);
    world.tell(0, Happening::AttachmentAdded { target: FORM, id, name: "a.log".into(), size });
    step_jobs(&mut world, 0, |job| matches!(job, Job::Read(_)), Fate::Fails);
    press_send(&mut world, 0, FORM);
    world.settle();
    assert_eq!(messages(&world), ["with a file\n\nOhne a.log"]);
}

#[test]
fn what_may_have_arrived_from_another_tab_is_not_sent_again_by_a_press_on_an_old_button() {
    let mut world = opened();
    for tab in 0..2 {
        world.tabs[tab].desk.settings.is_keyless = true;
    }
    write(&mut world, 0, FORM, "once");
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_)), Fate::Other(1));
    step_jobs(&mut world, 1, |job| matches!(job, Job::Hear), Fate::Good);
    let shown = world.tabs[1].desk.waiting().next().unwrap();
    let key = shown.key.clone();
    assert_eq!(shown.cause, Some(Cause::Busy));
    // The other tab tries it, and this one has not noticed yet.
    while posts(&world, 0).is_empty() {
        world.fire(0);
        until_post(&mut world, 0);
    }
    step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_)), Fate::Fails);
    world.tell(1, Happening::SendAgainPressed { key: key.clone(), saw_unsure: false });
    world.settle();
    assert_eq!(world.tabs[1].desk.waiting().next().unwrap().cause, Some(Cause::Unsure));
    assert_eq!(messages(&world), [""; 0]);
    world.tell(1, Happening::SendAgainPressed { key, saw_unsure: true });
    world.settle();
    assert_eq!(messages(&world), ["once"]);
}

#[test]
fn the_outbox_is_bounded_and_what_does_not_fit_stays_a_draft() {
    let mut world = opened();
    for number in 0..=OUTBOX_MAX {
        write(&mut world, 0, FORM, &format!("text {number}"));
        press_send(&mut world, 0, FORM);
        step_storage(&mut world, 0);
        let key = world.tabs[0].desk.waiting().last().unwrap().key.clone();
        world.tabs[0].jobs.clear();
        world.tell(0, Happening::Answered(key, Answer::Unknown { cause: Cause::Offline, retry_after_ms: 0 }));
        world.tabs[0].desk.start_over();
    }
    assert_eq!(world.tabs[0].desk.waiting().count(), OUTBOX_MAX);
    assert!(wants(&world, &Effect::Announce(Note::OutboxFull)));
}
