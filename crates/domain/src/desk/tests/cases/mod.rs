//! Named cases, each a story of one or two tabs.

mod attachments;
mod sending;
mod tabs;
mod writing;

use super::super::customer::Customer;
use super::super::draft::{Form, Target};
use super::super::effect::Effect;
use super::super::event::Happening;
use super::super::ids::{AttachmentId, IdempotencyKey};
use super::super::records::Record;
use super::super::rules::FormRules;
use super::world::{Fate, Job, World};
use crate::ticket::Contact;

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
    world.tell(tab, Happening::SendPressed { written_in: target.clone(), target, more, visit: "v1".into() });
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

fn wants(world: &World, effect: &Effect) -> bool {
    world.log.iter().any(|(_, wanted)| wanted == effect)
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
