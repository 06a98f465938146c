//! Attachments: none is lost without a word, and none holds a text back.

use super::super::super::attachment::{AttachmentState, LeftBehindReason, STOPPED, UploadOutcome};
use super::super::super::effect::{Effect, Note};
use super::super::super::event::Happening;
use super::super::super::ids::AttachmentId;
use super::super::super::records::Record;
use super::super::super::submission::Cause;
use super::super::world::{Fate, Job, World};
use super::{FORM, attach, messages, opened, posts, press_send, refuse, step_jobs, step_storage, until_post, write};

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
    assert_eq!(reasons(&world), [LeftBehindReason::Blocked]);
}

#[test]
fn an_attachment_that_the_gateway_refuses_is_told_from_one_that_is_blocked() {
    for (code, reason) in [("unsupported_type", LeftBehindReason::Refused), (STOPPED, LeftBehindReason::Blocked)] {
        let mut world = opened();
        write(&mut world, 0, FORM, "with a file");
        attach(&mut world, 0, FORM, "a.exe");
        world.tabs[0].jobs.clear();
        world.tell(0, Happening::AttachmentUploaded("a.exe".into(), UploadOutcome::Refused(code.into())));
        press_send(&mut world, 0, FORM);
        world.settle();
        assert_eq!(messages(&world), ["with a file\n\na.exe"]);
        assert_eq!(reasons(&world), [reason]);
    }
}

fn reasons(world: &World) -> Vec<LeftBehindReason> {
    let known = world.tabs[0].desk.acknowledged().next().unwrap();
    known.left_behind.iter().map(|left| left.reason).collect()
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
