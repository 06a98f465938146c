//! Writing: drafts, identity, resets, and what was refused.

use super::super::super::effect::{Effect, HostEvent, Note};
use super::super::super::event::Happening;
use super::super::super::ids::CustomerId;
use super::super::super::records::Record;
use super::super::texts::drafts_shown;
use super::super::world::{Fate, Job, World};
use super::{
    FORM, attach, drafts_on_device, identify, messages, opened, press_send, refuse, reply, step_jobs, step_storage,
    submissions_on_device, text, until_post, waiting, wants, write,
};

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
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
    assert!(wants(&world, &Effect::Announce(Note::OtherDraft)));
    world.settle();
    assert_eq!(sorted(drafts_on_device(&world)), ["bad first", "second"]);
    assert_eq!(waiting(&world, 0), [""; 0]);
    let key = world.tabs[0].desk.other_drafts(&FORM).next().unwrap().key.clone();
    world.tell(0, Happening::DraftChosen(key));
    assert_eq!(text(&world, 0, &FORM), "second");
    world.settle();
    assert_eq!(sorted(drafts_on_device(&world)), ["bad first", "second"]);
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
    assert!(world.log.iter().any(|(_, effect)| matches!(effect, Effect::Emit(HostEvent::Sent { .. }))));
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
fn what_is_done_with_is_not_stored_again_when_storing_it_has_failed() {
    let mut world = opened();
    write(&mut world, 0, FORM, "how do I export");
    world.tell(0, Happening::Leaving);
    world.tell(0, Happening::Finished(FORM));
    world.step_storage(0, Fate::Fails);
    world.settle();
    assert_eq!((drafts_on_device(&world), text(&world, 0, &FORM)), (vec![], String::new()));
}

fn prefill(world: &mut World, text: &str) {
    world.tell(0, Happening::Prefilled(FORM, text.into()));
}

#[test]
fn a_prefilled_text_never_replaces_what_somebody_has_written() {
    let mut world = opened();
    prefill(&mut world, "About order 12");
    assert_eq!(text(&world, 0, &FORM), "About order 12");
    prefill(&mut world, "About order 13");
    assert_eq!(text(&world, 0, &FORM), "About order 13", "nobody has written the first");
    write(&mut world, 0, FORM, "About order 13: it is broken");
    prefill(&mut world, "About order 14");
    assert_eq!(text(&world, 0, &FORM), "About order 13: it is broken");
    attach(&mut world, 0, reply(), "a.log");
    world.tell(0, Happening::Prefilled(reply(), "Hello".into()));
    assert_eq!(text(&world, 0, &reply()), "", "an attachment would get a text that nobody wrote");
    press_send(&mut world, 0, FORM);
    prefill(&mut world, "About order 15");
    assert_eq!(text(&world, 0, &FORM), "About order 13: it is broken", "it is being sent");
}

#[test]
fn a_prefilled_text_is_no_draft_before_somebody_has_changed_it() {
    let mut world = opened();
    prefill(&mut world, "About order 12");
    world.tell(0, Happening::Leaving);
    identify(&mut world, 0, "ada");
    world.settle();
    assert_eq!((drafts_on_device(&world), text(&world, 0, &FORM)), (vec![], "About order 12".to_string()));
    press_send(&mut world, 0, FORM);
    world.settle();
    assert_eq!(messages(&world), ["About order 12"]);
}

#[test]
fn a_draft_is_offered_beside_a_prefilled_text() {
    let mut world = opened();
    write(&mut world, 0, FORM, "half a sent");
    world.tell(0, Happening::Leaving);
    world.settle();
    world.crash(0);
    prefill(&mut world, "About order 12");
    world.start(0);
    world.settle();
    assert_eq!(text(&world, 0, &FORM), "About order 12");
    let key = world.tabs[0].desk.other_drafts(&FORM).next().unwrap().key.clone();
    world.tell(0, Happening::DraftChosen(key));
    assert_eq!(text(&world, 0, &FORM), "half a sent");
    assert_eq!(world.tabs[0].desk.other_drafts(&FORM).count(), 0, "nobody has written the other");
}
