//! What is known of each text, and what must hold after every step.

use std::collections::{BTreeMap, BTreeSet};

use super::super::composer::State;
use super::super::customer::Credential;
use super::super::draft::Target;
use super::super::effect::{Effect, HostEvent};
use super::super::ids::{CustomerId, IdempotencyKey};
use super::super::records::Record;
use super::gateway::written;
use super::world::{TABS, Tab, World};

/// What has to become of a text.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// The customers who wrote it, or were declared while it was being written. Nobody while it is anonymous.
    pub owners: BTreeSet<CustomerId>,
    pub was_anonymous: bool,
    /// Whether it has to be somewhere.
    pub is_required: bool,
    /// Whether it was on the device, from where only the customer may take it.
    pub was_stored: bool,
    /// Whether it was typed over in one tab and is still shown in another.
    pub is_replaced: bool,
    /// Whether a reset deletes its draft.
    pub is_forgettable: bool,
    /// Whether it must not be shown as a draft again.
    pub is_over: bool,
    /// Whether a crash or a fault may bring it back, or make it arrive twice.
    pub is_exempt: bool,
    /// Whether Send was pressed, and it became a submission.
    pub is_submitted: bool,
    /// The tabs in which it belonged to somebody declared.
    pub claimed_in: BTreeSet<usize>,
    /// The names of its attachments when it was sent off.
    pub attachments: Vec<String>,
}

/// The texts that were written.
#[derive(Default)]
pub struct Texts(pub BTreeMap<String, Text>);

/// The texts of drafts that a tab shows.
pub fn drafts_shown(tab: &Tab) -> Vec<String> {
    let composed = tab.desk.composers.iter().map(|composer| &composer.draft);
    let texts = composed.chain(&tab.desk.aside).map(|draft| draft.form.text.clone());
    texts.filter(|text| !text.is_empty()).collect()
}

/// Those without attachments, which may come too late for a text that another tab has sent.
fn plain_drafts(tab: &Tab) -> Vec<String> {
    let composed = tab.desk.composers.iter().map(|composer| &composer.draft);
    let plain = composed.chain(&tab.desk.aside).filter(|draft| draft.attachments.is_empty());
    plain.map(|draft| draft.form.text.clone()).collect()
}

/// All texts that a tab shows.
fn shown(tab: &Tab) -> Vec<String> {
    let mut texts = drafts_shown(tab);
    texts.extend(tab.desk.waiting().map(|submission| submission.text().to_string()));
    texts.extend(tab.desk.acknowledged().map(|known| known.text.clone()));
    texts
}

/// All texts that a tab has in memory.
pub fn in_memory(tab: &Tab) -> Vec<String> {
    let mut texts = drafts_shown(tab);
    texts.extend(tab.desk.unsaved.iter().map(|(draft, _)| draft.form.text.clone()));
    texts.extend(tab.desk.outbox.iter().map(|outgoing| outgoing.submission.text().to_string()));
    // What is being written cannot be lost unless the tab crashes.
    texts.extend(tab.storage.iter().flat_map(|job| match job {
        super::world::Job::Write(transaction) => puts(transaction),
        _ => Vec::new(),
    }));
    texts
}

fn puts(transaction: &super::super::records::Transaction) -> Vec<String> {
    let puts = transaction.writes.iter().filter_map(|write| match write {
        super::super::records::Write::Put(record) => text_of(record),
        _ => None,
    });
    puts.collect()
}

pub fn text_of(record: &Record) -> Option<String> {
    match record {
        Record::Draft(draft) => Some(draft.form.text.clone()),
        Record::Submission(submission) => Some(submission.form.text.clone()),
        Record::Acknowledgement(known) => Some(known.text.clone()),
        Record::Attachment(_) => None,
    }
}

pub fn on_device(world: &World) -> BTreeSet<String> {
    world.device.records.values().filter_map(text_of).collect()
}

/// Whether a text is in the gateway.
pub fn has_arrived(world: &World, text: &str) -> bool {
    world.gateway.stored.values().any(|stored| written(&stored.message) == text)
}

/// What does not hold, in a sentence.
pub type Violation = String;

pub fn check(world: &mut World, texts: &mut Texts) -> Result<(), Violation> {
    let device = on_device(world);
    let memory: BTreeSet<String> = world.tabs.iter().flat_map(in_memory).collect();
    for (text, known) in &mut texts.0 {
        known.was_stored |= device.contains(text);
        let is_somewhere = device.contains(text) || memory.contains(text);
        if known.is_required && !is_somewhere && !has_arrived(world, text) {
            return Err(format!("{text} is nowhere"));
        }
    }
    for (number, tab) in world.tabs.iter().enumerate() {
        let customer = &tab.desk.customer.id;
        for text in shown(tab) {
            let Some(known) = texts.0.get(&text) else { return Err(format!("nobody wrote {text}")) };
            let is_theirs = match customer.is_empty() {
                true => known.was_anonymous && !known.claimed_in.contains(&number),
                false => known.owners.contains(customer),
            };
            if !is_theirs {
                return Err(format!("tab {number} shows {text} of {:?} to {customer:?}", known.owners));
            }
        }
        for known in &tab.desk.acknowledged {
            if !world.gateway.stored.contains_key(&known.key) {
                return Err(format!("{} is shown as sent", known.text));
            }
        }
    }
    check_log(world, texts)?;
    check_gateway(world, texts)
}

fn check_log(world: &mut World, texts: &Texts) -> Result<(), Violation> {
    for (tab, effect) in std::mem::take(&mut world.log) {
        match effect {
            Effect::Emit(HostEvent::Sent(key, _)) if !world.gateway.stored.contains_key(&key) => {
                return Err(format!("{key:?} is reported as sent"));
            }
            Effect::Post { key, credential, customer, .. } if credential != Credential::Session => {
                let current = &world.tabs[tab].desk.customer.id;
                let text = world.texts.get(&key).cloned().unwrap_or_default();
                let is_theirs = texts.0.get(&text).is_some_and(|known| known.owners.contains(&customer));
                if customer != *current || !is_theirs {
                    return Err(format!("{text} is sent as {customer:?} while {current:?} is there"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_gateway(world: &World, texts: &Texts) -> Result<(), Violation> {
    for (text, known) in texts.0.iter().filter(|(_, known)| known.is_submitted && !known.is_exempt) {
        if world.gateway.keys_of(text).len() > 1 && !is_troubled(world, text) {
            return Err(format!("{text} has arrived twice, {known:?}"));
        }
    }
    match world.gateway.reused.iter().find(|key| !world.troubled.contains(key)) {
        Some(key) => Err(format!("{key:?} came with two bodies")),
        None => Ok(()),
    }
}

/// Whether storage failed for a text, so that a crash may make it arrive twice.
pub fn is_troubled(world: &World, text: &str) -> bool {
    world.texts.iter().any(|(key, other)| other == text && world.troubled.contains(key))
}

/// The form of a tab, unless it is being sent: nothing but the customer may change it.
pub fn composed(tab: &Tab) -> Vec<(Target, IdempotencyKey, String)> {
    let writing = tab.desk.composers.iter().filter(|composer| composer.state != State::Sending);
    let texts = writing
        .map(|composer| (composer.draft.target.clone(), composer.draft.key.clone(), composer.draft.form.text.clone()));
    texts.filter(|(_, _, text)| !text.is_empty()).collect()
}

/// When everything was done: what is over does not come back.
pub fn check_drafts(world: &World, texts: &Texts) -> Result<(), Violation> {
    for tab in 0..TABS {
        for text in plain_drafts(&world.tabs[tab]) {
            let Some(known) = texts.0.get(&text) else { continue };
            if (known.is_over || has_arrived(world, &text)) && !known.is_exempt && !is_troubled(world, &text) {
                return Err(format!("{text} comes back in tab {tab}, {known:?}"));
            }
        }
    }
    Ok(())
}

/// When everything was done and everybody was there: what was sent off has arrived, whole.
pub fn check_arrivals(world: &World, texts: &Texts) -> Result<(), Violation> {
    let drafts: Vec<&str> = world.device.records.values().filter_map(draft_text).collect();
    for (text, known) in &texts.0 {
        let keys = world.gateway.keys_of(text);
        let is_excused = (known.is_exempt || is_troubled(world, text)) && drafts.contains(&text.as_str());
        if known.is_submitted && known.is_required && !text.starts_with("bad") && keys.is_empty() && !is_excused {
            return Err(format!("{text} has not arrived, {known:?}"));
        }
        for key in keys {
            let stored = &world.gateway.stored[key];
            let is_kept = |name: &String| {
                world.device.records.values().any(|record| match record {
                    Record::Draft(draft) => draft.attachments.iter().any(|file| file.id.0 == *name),
                    _ => false,
                })
            };
            let is_there = |name: &&String| {
                stored.attachments.contains(name) || stored.message.contains(name.as_str()) || is_kept(name)
            };
            if known.is_required
                && let Some(name) = known.attachments.iter().find(|name| !is_there(name))
            {
                return Err(format!("{text} came without {name}, and does not say so"));
            }
        }
    }
    Ok(())
}

fn draft_text(record: &Record) -> Option<&str> {
    match record {
        Record::Draft(draft) => Some(&draft.form.text),
        _ => None,
    }
}
