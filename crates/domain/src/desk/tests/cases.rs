//! Named cases, each a story of one or two tabs.

use super::super::attachment::{AttachmentState, LeftBehindReason, UploadOutcome};
use super::super::customer::{Credential, Customer};
use super::super::draft::{Form, FormGap, Target};
use super::super::effect::{Effect, HostEvent, Note, Timer};
use super::super::event::{Answer, Happening};
use super::super::ids::{AttachmentId, CustomerId, IdempotencyKey};
use super::super::outbox::{CONFIRM_AFTER_MS, OUTBOX_MAX};
use super::super::records::Record;
use super::super::rules::FormRules;
use super::super::submission::Cause;
use super::check::drafts_shown;
use super::world::{Fate, Job, World};
use crate::fields::{Field, FieldType};
use crate::ticket::{Contact, Gap, Kind};

const FORM: Target = Target::NewTicket;

fn reply() -> Target {
    Target::Reply("t1".into())
}

fn form(text: &str) -> Form {
    let contact = Contact { name: "Ada".into(), email: "ada@host.example".into() };
    Form { text: text.into(), contact, ..Form::default() }
}

/// A world in which help was opened in every tab, and every tab has the configuration.
fn opened() -> World {
    let mut world = World::new(1);
    for tab in 0..3 {
        world.start(tab);
        configure(&mut world, tab, FormRules { attachments_max: 5, attachment_bytes_max: 100, ..FormRules::default() });
    }
    world.settle();
    world
}

fn configure(world: &mut World, tab: usize, rules: FormRules) {
    world.tell(tab, Happening::Configured(Box::new(rules)));
}

fn write(world: &mut World, tab: usize, target: Target, text: &str) {
    world.tell(tab, Happening::Typed(target, Box::new(form(text))));
}

fn press_send(world: &mut World, tab: usize, target: Target) {
    let more = r#"{"locale":"en"}"#.to_string();
    world.tell(tab, Happening::SendPressed { written_in: target.clone(), target, more });
}

fn identify(world: &mut World, tab: usize, id: &str) {
    let session = world.tabs[tab].desk.customer().session.clone();
    world.tell(tab, Happening::Identified(Customer { id: id.into(), is_signed: true, is_known: true, session }));
}

fn attach(world: &mut World, tab: usize, target: Target, id: &str) {
    let id = AttachmentId::from(id);
    world.tell(tab, Happening::AttachmentAdded { target, id: id.clone(), name: id.0.clone(), size: 10 });
    step_jobs(world, tab, |job| matches!(job, Job::Read(_)), Fate::Good);
}

fn text(world: &World, tab: usize, target: &Target) -> String {
    world.tabs[tab].desk.draft(target).map(|draft| draft.form.text.clone()).unwrap_or_default()
}

fn waiting(world: &World, tab: usize) -> Vec<String> {
    world.tabs[tab].desk.waiting().map(|submission| submission.text().to_string()).collect()
}

fn messages(world: &World) -> Vec<String> {
    world.gateway.stored.values().map(|stored| stored.message.clone()).collect()
}

fn drafts_on_device(world: &World) -> Vec<String> {
    let drafts = world.device.records.values().filter_map(|record| match record {
        Record::Draft(draft) => Some(draft.form.text.clone()),
        _ => None,
    });
    drafts.collect()
}

fn submissions_on_device(world: &World) -> Vec<String> {
    let submissions = world.device.records.values().filter_map(|record| match record {
        Record::Submission(submission) => Some(submission.form.text.clone()),
        _ => None,
    });
    submissions.collect()
}

/// Carries out what waits for the device.
fn step_storage(world: &mut World, tab: usize) {
    while !world.tabs[tab].storage.is_empty() {
        world.step_storage(tab, Fate::Good);
    }
}

/// Carries out jobs of a kind.
fn step_jobs(world: &mut World, tab: usize, is_wanted: fn(&Job) -> bool, fate: Fate) {
    step_storage(world, tab);
    while let Some(index) = world.tabs[tab].jobs.iter().position(is_wanted) {
        world.step_job(tab, index, fate);
        step_storage(world, tab);
    }
}

/// Brings a submission to where it is sent.
fn until_post(world: &mut World, tab: usize) {
    step_jobs(world, tab, |job| matches!(job, Job::Lock(_)), Fate::Good);
    step_jobs(world, tab, |job| matches!(job, Job::Upload(_)), Fate::Good);
}

fn posts(world: &World, tab: usize) -> Vec<IdempotencyKey> {
    let posts = world.tabs[tab].jobs.iter().filter_map(|job| match job {
        Job::Post(Effect::Post { key, .. }) => Some(key.clone()),
        _ => None,
    });
    posts.collect()
}

/// A submission that was refused and waits in the outbox.
fn refuse(world: &mut World, tab: usize, target: Target, text: &str) -> IdempotencyKey {
    write(world, tab, target.clone(), text);
    press_send(world, tab, target);
    until_post(world, tab);
    step_jobs(world, tab, |job| matches!(job, Job::Post(_)), Fate::Fails);
    world.settle();
    world.tabs[tab].desk.waiting().find(|submission| submission.refusal.is_some()).unwrap().key.clone()
}

#[test]
fn editing_a_refused_submission_sets_the_current_draft_aside_and_offers_it() {
    let mut world = opened();
    let key = refuse(&mut world, 0, FORM, "bad first");
    write(&mut world, 0, FORM, "second");
    world.tell(0, Happening::EditPressed(key));
    assert_eq!(text(&world, 0, &FORM), "bad first");
    let offered: Vec<_> = world.tabs[0].desk.other_drafts(&FORM).map(|draft| draft.form.text.as_str()).collect();
    assert_eq!(offered, ["second"]);
    assert!(world.log.contains(&(0, Effect::Announce(Note::OtherDraft))));
    world.settle();
    assert_eq!(sorted(drafts_on_device(&world)), ["bad first", "second"]);
    assert_eq!(waiting(&world, 0), [""; 0]);
    let key = world.tabs[0].desk.other_drafts(&FORM).next().unwrap().key.clone();
    world.tell(0, Happening::DraftChosen(key));
    assert_eq!(text(&world, 0, &FORM), "second");
    world.settle();
    assert_eq!(sorted(drafts_on_device(&world)), ["bad first", "second"]);
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
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
fn another_token_of_the_same_customer_changes_nothing() {
    let mut world = opened();
    identify(&mut world, 0, "ada");
    world.settle();
    write(&mut world, 0, FORM, "half a sent");
    let before = world.tabs[0].desk.draft(&FORM).cloned();
    world.log.clear();
    identify(&mut world, 0, "ada");
    assert_eq!(world.tabs[0].desk.draft(&FORM).cloned(), before);
    assert_eq!(world.log, [], "nothing is done");

    // Somebody who waits for an outcome still gets it.
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    identify(&mut world, 0, "ada");
    assert!(world.tabs[0].desk.is_sending(&FORM));
    world.settle();
    assert!(world.log.iter().any(|(_, effect)| matches!(effect, Effect::Emit(HostEvent::Sent(..)))));
    assert_eq!(world.tabs[0].desk.acknowledged().count(), 1);
}

#[test]
fn a_customer_who_is_declared_while_they_write_goes_on_writing() {
    let mut world = opened();
    write(&mut world, 0, FORM, "half a sent");
    identify(&mut world, 0, "ada");
    assert_eq!(text(&world, 0, &FORM), "half a sent");
    world.settle();
    assert_eq!(text(&world, 0, &FORM), "half a sent");
    identify(&mut world, 0, "ben");
    assert_eq!(text(&world, 0, &FORM), "");
    world.settle();
    assert_eq!(drafts_shown(&world.tabs[0]), [""; 0]);
    identify(&mut world, 0, "ada");
    world.settle();
    assert_eq!(text(&world, 0, &FORM), "half a sent");
}

#[test]
fn a_reset_where_help_was_never_opened_forgets_the_same() {
    let mut world = opened();
    identify(&mut world, 0, "ada");
    write(&mut world, 0, FORM, "private");
    attach(&mut world, 0, FORM, "private.log");
    refuse(&mut world, 0, reply(), "bad but sent");
    assert_eq!(drafts_on_device(&world), ["private"]);
    for discards in [false, true] {
        world.crash(0);
        identify(&mut world, 0, "ada");
        world.tell(0, Happening::Reset { discards, fallback: CustomerId::default(), session: "another".into() });
        assert_eq!(world.device.marks.len(), 1, "before anything else, and without waiting");
        // The page is closed before anything is deleted. Whoever opens the device next carries it out.
        world.crash(0);
        world.start(0);
        identify(&mut world, 0, "ada");
        step_storage(&mut world, 0);
        assert_eq!(drafts_shown(&world.tabs[0]), [""; 0]);
        world.settle();
        let left: Vec<&Record> = world.device.records.values().collect();
        assert_eq!(left.len(), if discards { 0 } else { 1 }, "{left:?}");
        assert_eq!(world.device.marks, []);
    }
}

#[test]
fn an_attachment_that_the_gateway_has_lost_is_uploaded_again_after_a_reload() {
    let mut world = opened();
    write(&mut world, 0, FORM, "with a file");
    attach(&mut world, 0, FORM, "a.log");
    step_jobs(&mut world, 0, |job| matches!(job, Job::Upload(_)), Fate::Good);
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    world.gateway.uploads.clear();
    world.crash(0);
    world.start(0);
    world.settle();
    let stored = world.gateway.stored.values().next().unwrap();
    assert_eq!(
        (stored.message.as_str(), stored.attachments.as_slice()),
        ("with a file", ["a.log".to_string()].as_slice())
    );
}

#[test]
fn a_text_goes_without_an_attachment_that_is_nowhere_any_more_and_names_it() {
    let mut world = opened();
    write(&mut world, 0, FORM, "with a file");
    attach(&mut world, 0, FORM, "a.log");
    step_jobs(&mut world, 0, |job| matches!(job, Job::Upload(_)), Fate::Good);
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    world.gateway.uploads.clear();
    world.device.records.retain(|_, record| !matches!(record, Record::Attachment(_)));
    world.crash(0);
    world.start(0);
    world.settle();
    assert_eq!(messages(&world), ["with a file\n\na.log"]);
    let known = world.tabs[0].desk.acknowledged().next().unwrap();
    assert_eq!(known.left_behind[0].reason, LeftBehindReason::Missing);
}

#[test]
fn editing_a_refused_submission_after_a_reload_keeps_its_attachments() {
    let mut world = opened();
    attach(&mut world, 0, FORM, "a.log");
    let key = refuse(&mut world, 0, FORM, "bad with a file");
    world.crash(0);
    world.start(0);
    world.settle();
    world.tell(0, Happening::EditPressed(key));
    assert_eq!(world.tabs[0].desk.draft(&FORM).unwrap().attachments[0].name, "a.log");
    write(&mut world, 0, FORM, "mended");
    press_send(&mut world, 0, FORM);
    world.settle();
    let stored = world.gateway.stored.values().next().unwrap();
    assert_eq!((stored.message.as_str(), stored.attachments.len()), ("mended", 1));
}

#[test]
fn an_attachment_that_is_blocked_on_its_way_is_left_behind() {
    let mut world = opened();
    write(&mut world, 0, FORM, "with a file");
    attach(&mut world, 0, FORM, "large.png");
    press_send(&mut world, 0, FORM);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Lock(_)), Fate::Good);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Upload(_)), Fate::Other(0));
    world.settle();
    assert_eq!(messages(&world), ["with a file\n\nlarge.png"]);
}

#[test]
fn an_attachment_without_room_waits_and_the_customer_can_leave_it_behind() {
    let mut world = opened();
    write(&mut world, 0, FORM, "with a file");
    attach(&mut world, 0, FORM, "large.png");
    press_send(&mut world, 0, FORM);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Lock(_)), Fate::Good);
    let id = AttachmentId::from("large.png");
    let outcome = UploadOutcome::NoRoom { retry_after_ms: 600_000 };
    world.tabs[0].jobs.clear();
    world.tell(0, Happening::AttachmentUploaded(id.clone(), outcome));
    step_storage(&mut world, 0);
    let submission = world.tabs[0].desk.waiting().next().unwrap().clone();
    assert_eq!(submission.cause, Some(Cause::NoRoom));
    assert!(submission.due_at.since(world.now) > 500_000);
    world.tell(0, Happening::LeaveBehindPressed(submission.key, id));
    until_post(&mut world, 0);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_) | Job::Answer(..)), Fate::Good);
    assert_eq!(messages(&world), ["with a file\n\nlarge.png"]);
}

#[test]
fn a_file_that_cannot_be_read_holds_nothing_back() {
    let mut world = opened();
    write(&mut world, 0, FORM, "with a file");
    let id = AttachmentId::from("growing.log");
    world.tell(0, Happening::AttachmentAdded { target: FORM, id: id.clone(), name: id.0.clone(), size: 10 });
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    assert_eq!(posts(&world, 0).len(), 0, "its bytes are being read");
    step_jobs(&mut world, 0, |job| matches!(job, Job::Read(_)), Fate::Fails);
    world.settle();
    assert_eq!(messages(&world), ["with a file\n\ngrowing.log"]);
}

#[test]
fn what_is_done_with_is_deleted_from_the_device() {
    let mut world = opened();
    write(&mut world, 0, FORM, "how do I export");
    world.tell(0, Happening::Leaving);
    step_storage(&mut world, 0);
    assert_eq!(drafts_on_device(&world), ["how do I export"]);
    world.tell(0, Happening::Finished(FORM));
    assert_eq!(text(&world, 0, &FORM), "");
    step_storage(&mut world, 0);
    assert_eq!(drafts_on_device(&world), [""; 0]);
}

#[test]
fn what_is_done_with_is_deleted_from_the_device_once_that_works_again() {
    let mut world = opened();
    write(&mut world, 0, FORM, "how do I export");
    world.tell(0, Happening::Leaving);
    step_storage(&mut world, 0);
    world.tell(0, Happening::Finished(FORM));
    world.step_storage(0, Fate::Fails);
    world.settle();
    assert_eq!(drafts_on_device(&world), [""; 0]);
}

#[test]
fn an_addition_to_an_open_ticket_is_sent_once_and_its_draft_is_gone() {
    let mut world = opened();
    identify(&mut world, 0, "ada");
    write(&mut world, 0, FORM, "it happens again");
    world.tell(0, Happening::Leaving);
    step_storage(&mut world, 0);
    world.tell(0, Happening::SendPressed { written_in: FORM, target: reply(), more: String::new() });
    step_storage(&mut world, 0);
    assert_eq!(drafts_on_device(&world), [""; 0]);
    world.settle();
    press_send(&mut world, 0, FORM);
    world.settle();
    assert_eq!(messages(&world), ["it happens again"]);
}

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
fn a_refused_submission_is_given_back_in_one_transaction() {
    let mut world = opened();
    write(&mut world, 0, FORM, "bad");
    press_send(&mut world, 0, FORM);
    until_post(&mut world, 0);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_)), Fate::Good);
    let index = world.tabs[0].jobs.iter().position(|job| matches!(job, Job::Answer(..))).unwrap();
    world.step_job(0, index, Fate::Good);
    assert_eq!(world.tabs[0].storage.len(), 1);
    assert_eq!((submissions_on_device(&world).len(), drafts_on_device(&world).len()), (1, 0));
    world.step_storage(0, Fate::Good);
    assert_eq!((submissions_on_device(&world).len(), drafts_on_device(&world).len()), (0, 1));
    assert_eq!(text(&world, 0, &FORM), "bad");
    assert_eq!(world.tabs[0].desk.refusal(&FORM).unwrap().code, "invalid");
}

#[test]
fn who_waits_gets_a_submission_back_that_another_tab_was_told_is_refused() {
    let mut world = opened();
    write(&mut world, 0, FORM, "bad");
    press_send(&mut world, 0, FORM);
    step_storage(&mut world, 0);
    // The other tab is faster.
    step_jobs(&mut world, 1, |job| matches!(job, Job::Hear), Fate::Good);
    until_post(&mut world, 1);
    step_jobs(&mut world, 1, |job| matches!(job, Job::Post(_) | Job::Answer(..)), Fate::Good);
    assert!(world.tabs[0].desk.is_sending(&FORM));
    world.settle();
    assert_eq!(text(&world, 0, &FORM), "bad");
    assert!(world.tabs[0].desk.refusal(&FORM).is_some());
    assert_eq!(submissions_on_device(&world), [""; 0]);
    assert_eq!(waiting(&world, 1), [""; 0]);
}

#[test]
fn a_device_that_hangs_does_not_keep_anybody_from_sending() {
    let mut world = opened();
    write(&mut world, 0, FORM, "anyway");
    press_send(&mut world, 0, FORM);
    world.step_storage(0, Fate::Late);
    assert!(world.log.contains(&(0, Effect::Announce(Note::SubmissionUnkept))));
    assert!(world.tabs[0].desk.has_unkept());
    assert_eq!(posts(&world, 0).len(), 1, "it goes from memory");
    step_posts(&mut world, 0);
    assert_eq!(messages(&world), ["anyway"]);
    // It answers after all.
    world.settle();
    assert_eq!((submissions_on_device(&world), messages(&world).len()), (vec![], 1));
}

/// Sends, while the device does not answer.
fn step_posts(world: &mut World, tab: usize) {
    while let Some(index) = world.tabs[tab].jobs.iter().position(|job| matches!(job, Job::Post(_) | Job::Answer(..))) {
        world.step_job(tab, index, Fate::Good);
    }
}

#[test]
fn pressed_twice_or_in_two_tabs_it_is_sent_once() {
    let mut world = opened();
    write(&mut world, 0, FORM, "in both tabs");
    world.tell(0, Happening::Leaving);
    world.settle();
    world.crash(1);
    world.start(1);
    configure(&mut world, 1, FormRules::default());
    world.settle();
    assert_eq!(text(&world, 1, &FORM), "in both tabs");
    for tab in [0, 1, 0] {
        press_send(&mut world, tab, FORM);
    }
    world.settle();
    assert_eq!(messages(&world), ["in both tabs"]);
    assert_eq!((text(&world, 0, &FORM), text(&world, 1, &FORM)), (String::new(), String::new()));
}

#[test]
fn of_two_tabs_that_continue_a_draft_both_texts_stay() {
    let mut world = opened();
    write(&mut world, 0, FORM, "begun");
    world.tell(0, Happening::Leaving);
    world.settle();
    world.crash(1);
    world.start(1);
    world.settle();
    write(&mut world, 1, FORM, "in the second");
    world.settle();
    write(&mut world, 0, FORM, "in the first");
    world.settle();
    assert_eq!(sorted(drafts_on_device(&world)), ["in the first", "in the second"]);
    assert_eq!(text(&world, 0, &FORM), "in the first");
    assert_eq!(world.tabs[0].desk.other_drafts(&FORM).count(), 1);
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
    world.tell(0, Happening::SendAgainPressed(key));
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
    world.tell(0, Happening::SendAgainPressed(key));
    world.settle();
    assert_eq!(waiting(&world, 0), [""; 0]);
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
        world.tell(0, Happening::Answered(key, Answer::Unknown(Cause::Offline)));
        world.tabs[0].desk.start_over();
    }
    assert_eq!(world.tabs[0].desk.waiting().count(), OUTBOX_MAX);
    assert!(world.log.contains(&(0, Effect::Announce(Note::OutboxFull))));
}

#[test]
fn too_many_or_too_large_attachments_are_named_and_not_taken() {
    let mut world = opened();
    let add = |world: &mut World, id: &str, size: u64| {
        world.tell(0, Happening::AttachmentAdded { target: FORM, id: id.into(), name: id.into(), size });
        world.log.last().cloned().unwrap().1
    };
    assert_eq!(add(&mut world, "large", 101), Effect::Announce(Note::AttachmentTooLarge));
    assert_eq!(add(&mut world, "empty", 0), Effect::Announce(Note::AttachmentUnreadable));
    for number in 0..5 {
        add(&mut world, &format!("file {number}"), 100);
    }
    assert_eq!(add(&mut world, "one more", 1), Effect::Announce(Note::AttachmentsTooMany));
    let state = |id: &str| world.tabs[0].desk.attachment(&id.into()).map(|known| known.state);
    assert_eq!((state("file 4"), state("one more")), (Some(AttachmentState::Reading), None));
}
