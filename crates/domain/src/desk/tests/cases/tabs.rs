//! Several tabs that show the same draft.

use super::super::super::customer::Credential;
use super::super::super::effect::Effect;
use super::super::super::event::Happening;
use super::super::super::rules::FormRules;
use super::super::super::stored::Stored;
use super::super::world::{Fate, Job, World};
use super::{
    FORM, attach, configure, drafts_on_device, identify, messages, opened, press_send, step_jobs, step_storage,
    submissions_on_device, text, until_post, waiting, write,
};

#[test]
fn pressed_twice_or_in_two_tabs_it_is_sent_once() {
    let mut world = begun_in_every_tab("in both tabs");
    assert_eq!(text(&world, 1, &FORM), "in both tabs");
    for tab in [0, 1, 0] {
        press_send(&mut world, tab, FORM);
    }
    world.settle();
    assert_eq!(messages(&world), ["in both tabs"]);
    assert_eq!((text(&world, 0, &FORM), text(&world, 1, &FORM)), (String::new(), String::new()));
}

#[test]
fn discarding_a_submission_leaves_what_another_tab_has_submitted_of_the_same_draft() {
    let mut world = begun_in_every_tab("begun");
    write(&mut world, 0, FORM, "changed");
    press_send(&mut world, 0, FORM);
    press_send(&mut world, 1, FORM);
    let key = world.tabs[1].desk.waiting().next().unwrap().key.clone();
    world.tell(1, Happening::DiscardPressed(key));
    step_storage(&mut world, 0);
    step_storage(&mut world, 1);
    world.settle();
    assert_eq!(messages(&world), ["changed"]);
}

/// A draft that every tab shows.
fn begun_in_every_tab(text: &str) -> World {
    let mut world = opened();
    write(&mut world, 0, FORM, text);
    world.tell(0, Happening::Leaving);
    world.settle();
    for tab in 1..3 {
        world.crash(tab);
        world.start(tab);
        configure(&mut world, tab, FormRules::default());
    }
    world.settle();
    world
}

#[test]
fn a_discard_that_is_tried_again_leaves_what_another_tab_has_submitted_of_the_same_draft() {
    let mut world = begun_in_every_tab("begun");
    write(&mut world, 0, FORM, "changed");
    press_send(&mut world, 0, FORM);
    press_send(&mut world, 1, FORM);
    let key = world.tabs[1].desk.waiting().next().unwrap().key.clone();
    world.tell(1, Happening::DiscardPressed(key));
    while !world.tabs[1].storage.is_empty() {
        world.step_storage(1, Fate::Fails);
    }
    step_storage(&mut world, 0);
    world.settle();
    assert_eq!(messages(&world), ["changed"]);
}

#[test]
fn what_is_discarded_is_not_sent_although_another_tab_has_tried_it_meanwhile() {
    let mut world = opened();
    write(&mut world, 0, FORM, "never mind");
    press_send(&mut world, 0, FORM);
    step_storage(&mut world, 0);
    step_jobs(&mut world, 1, |job| matches!(job, Job::Hear), Fate::Good);
    until_post(&mut world, 1);
    step_jobs(&mut world, 1, |job| matches!(job, Job::Post(_)), Fate::Fails);
    let key = world.tabs[0].desk.waiting().next().unwrap().key.clone();
    world.tell(0, Happening::DiscardPressed(key));
    world.settle();
    assert_eq!((messages(&world), submissions_on_device(&world)), (vec![], vec![]));
}

#[test]
fn what_another_tab_has_written_under_a_key_stays_when_the_key_has_arrived() {
    let mut world = begun_in_every_tab("begun");
    write(&mut world, 0, FORM, "sent");
    press_send(&mut world, 0, FORM);
    world.step_storage(0, Fate::Fails);
    write(&mut world, 1, FORM, "written");
    world.tell(1, Happening::Leaving);
    step_storage(&mut world, 1);
    world.settle();
    let mut drafts = drafts_on_device(&world);
    drafts.sort();
    // The third tab still shows what it was.
    assert_eq!(
        (messages(&world), drafts),
        (vec!["sent".to_string()], vec!["begun".to_string(), "written".to_string()])
    );
}

#[test]
fn what_two_tabs_submit_under_a_key_arrives_from_both() {
    let mut world = begun_in_every_tab("begun");
    write(&mut world, 0, FORM, "first");
    press_send(&mut world, 0, FORM);
    world.step_storage(0, Fate::Fails);
    write(&mut world, 1, FORM, "second");
    press_send(&mut world, 1, FORM);
    step_storage(&mut world, 1);
    world.settle();
    let mut arrived = messages(&world);
    arrived.sort();
    assert_eq!((arrived, submissions_on_device(&world)), (vec!["first".to_string(), "second".to_string()], vec![]));
}

#[test]
fn what_two_tabs_show_of_a_draft_is_sent_once_although_a_third_has_changed_it() {
    let mut world = begun_in_every_tab("begun");
    write(&mut world, 0, FORM, "changed");
    world.tell(0, Happening::Leaving);
    step_storage(&mut world, 0);
    for tab in [1, 2] {
        press_send(&mut world, tab, FORM);
        step_storage(&mut world, tab);
    }
    world.settle();
    assert_eq!(messages(&world), ["begun"]);
    assert_eq!(text(&world, 0, &FORM), "changed");
}

#[test]
fn an_older_version_of_what_was_refused_goes_without_the_token_of_who_was_declared_for_the_newer_one() {
    let mut world = begun_in_every_tab("older");
    write(&mut world, 0, FORM, "bad newer");
    press_send(&mut world, 0, FORM);
    step_storage(&mut world, 0);
    identify(&mut world, 0, "ben");
    until_post(&mut world, 0);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Post(_) | Job::Answer(..)), Fate::Good);
    assert_eq!(text(&world, 0, &FORM), "bad newer");
    // Its key is free again.
    press_send(&mut world, 1, FORM);
    step_storage(&mut world, 1);
    step_jobs(&mut world, 0, |job| matches!(job, Job::Hear), Fate::Good);
    world.settle();
    assert_eq!(messages(&world), ["older"]);
    let credentials = world.log.iter().filter_map(|(_, effect)| match effect {
        Effect::Post { body, credential, .. } => Some((body.contains("older"), *credential)),
        _ => None,
    });
    let all: Vec<_> = credentials.collect();
    assert!(all.contains(&(true, Credential::Session)) && !all.contains(&(true, Credential::Token)), "{all:?}");
    assert_eq!(waiting(&world, 0), [""; 0]);
}

#[test]
fn an_attachment_stays_a_draft_if_another_tab_sends_the_text_without_it() {
    let mut world = begun_in_every_tab("begun");
    world.tell(0, Happening::AttachmentAdded { target: FORM, id: "a.log".into(), name: "a.log".into(), size: 10 });
    press_send(&mut world, 0, FORM);
    // The other tab is faster.
    press_send(&mut world, 1, FORM);
    step_storage(&mut world, 1);
    world.settle();
    assert_eq!((messages(&world), text(&world, 0, &FORM)), (vec!["begun".to_string()], "begun".to_string()));
    assert!(!world.tabs[0].desk.is_sending(&FORM));
    assert_eq!(world.tabs[0].desk.draft(&FORM).unwrap().attachments[0].name, "a.log");
    assert_eq!(drafts_on_device(&world), ["begun"]);
}

#[test]
fn an_attachment_joins_a_text_that_another_tab_has_only_stored_again() {
    let mut world = begun_in_every_tab("begun");
    identify(&mut world, 0, "ada");
    identify(&mut world, 1, "ada");
    world.settle();
    attach(&mut world, 1, FORM, "a.log");
    identify(&mut world, 2, "ada");
    step_storage(&mut world, 2);
    world.settle();
    press_send(&mut world, 1, FORM);
    world.settle();
    assert_eq!((messages(&world), drafts_on_device(&world)), (vec!["begun".to_string()], vec![]));
}

#[test]
fn what_a_customer_who_left_has_added_stays_theirs_when_another_tab_sends_what_was_before() {
    let mut world = begun_in_every_tab("begun");
    press_send(&mut world, 2, FORM);
    identify(&mut world, 0, "ada");
    write(&mut world, 0, FORM, "added");
    step_storage(&mut world, 2);
    identify(&mut world, 0, "ben");
    step_jobs(&mut world, 0, |job| matches!(job, Job::Hear), Fate::Good);
    world.settle();
    assert!(drafts_on_device(&world).contains(&"added".to_string()), "{:?}", drafts_on_device(&world));
    assert_eq!(text(&world, 0, &FORM), "");
}

/// Puts a submission of a draft on the device as an earlier version of the widget makes it: under another key.
fn submit_in_an_earlier_version(world: &mut World, text: &str) {
    let draft = world.tabs[0].desk.draft(&FORM).unwrap().key.0.clone();
    let now = world.now.0;
    let item = serde_json::json!({
        "key": "earlier", "site": "acme", "user": "", "signed": false, "session": world.session, "path": "/tickets",
        "body": serde_json::json!({ "kind": "question", "message": text }).to_string(), "files": [], "names": [],
        "draft": draft, "text": text, "at": now, "said": now, "tries": 0, "wait": 0, "next": 0, "cause": "",
    });
    let entries = [vec![], vec![("earlier".to_string(), item)], vec![], vec![]];
    for record in Stored::read("acme", &entries).records {
        world.device.records.insert(record.key(), record);
    }
}

#[test]
fn what_an_earlier_version_has_submitted_of_a_draft_is_not_sent_again() {
    let mut world = opened();
    write(&mut world, 0, FORM, "It broke");
    world.tell(0, Happening::Leaving);
    step_storage(&mut world, 0);
    submit_in_an_earlier_version(&mut world, "It broke");
    // This tab has not heard of it.
    press_send(&mut world, 0, FORM);
    world.settle();
    assert_eq!((messages(&world), text(&world, 0, &FORM)), (vec!["It broke".to_string()], String::new()));
    assert!(!world.tabs[0].desk.is_sending(&FORM));
}

#[test]
fn a_draft_that_an_earlier_version_has_submitted_disappears_and_another_text_stays() {
    for (submitted, left) in [("It broke", ""), ("It", "It broke")] {
        let mut world = opened();
        write(&mut world, 0, FORM, "It broke");
        world.tell(0, Happening::Leaving);
        step_storage(&mut world, 0);
        submit_in_an_earlier_version(&mut world, submitted);
        world.tell(0, Happening::OtherTabSpoke);
        world.start(1);
        world.settle();
        assert_eq!((messages(&world), text(&world, 0, &FORM)), (vec![submitted.to_string()], left.to_string()));
        let drafts = drafts_on_device(&world);
        assert_eq!(drafts, if left.is_empty() { vec![] } else { vec![left.to_string()] });
    }
}
