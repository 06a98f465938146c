//! What must hold after every step, and in the end.

use std::collections::BTreeSet;

use super::super::customer::Credential;
use super::super::effect::{Effect, HostEvent};
use super::super::ids::CustomerId;
use super::super::records::Record;
use super::gateway::{Stored, written};
use super::texts::{
    Text, Texts, drafts_shown, has_arrived, in_memory, on_device, plain_drafts, shown, text_of, to_be_deleted, waiting,
};
use super::world::{TABS, World};

/// What does not hold, in a sentence.
pub type Violation = String;

pub fn check(world: &mut World, texts: &mut Texts) -> Result<(), Violation> {
    let device = on_device(world);
    let drafts: BTreeSet<String> = world.tabs.iter().flat_map(drafts_shown).collect();
    let going: BTreeSet<String> = (0..TABS).flat_map(|tab| to_be_deleted(world, tab)).collect();
    let memory: BTreeSet<String> = world.tabs.iter().flat_map(in_memory).collect();
    for (text, known) in &mut texts.0 {
        known.was_stored |= device.contains(text);
        // As long as it is not deleted, another tab may find it on the device, where somebody goes on with it.
        known.is_over &= !(drafts.contains(text) && going.contains(text));
        let is_somewhere = device.contains(text) || memory.contains(text);
        if known.is_required && !is_somewhere && !has_arrived(world, text) {
            return Err(format!("{text} is nowhere"));
        }
    }
    // A tab where nobody is declared stores it as anonymous.
    for (number, tab) in world.tabs.iter().enumerate() {
        let drafts = waiting(tab).filter(|record| matches!(record, Record::Draft(draft) if draft.owner.is_empty()));
        for text in drafts.filter_map(text_of) {
            if let Some(known) = texts.0.get_mut(&text).filter(|known| !known.claimed_in.contains(&number)) {
                known.claimed_in.clear();
            }
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
            if world.gateway.stored.get(&known.key).is_none_or(|stored| written(&stored.message) != known.text) {
                return Err(format!("{} is shown as sent", known.text));
            }
        }
    }
    check_log(world, texts)?;
    check_gateway(world, texts)
}

fn check_log(world: &mut World, texts: &Texts) -> Result<(), Violation> {
    for (customer, effect) in std::mem::take(&mut world.log) {
        match effect {
            Effect::Emit(HostEvent::Sent { key, .. }) if !world.gateway.stored.contains_key(&key) => {
                return Err(format!("{key:?} is reported as sent"));
            }
            Effect::Post { body, credential, customer: owner, .. } if credential != Credential::Session => {
                let body: serde_json::Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
                let text = written(body["message"].as_str().unwrap_or_default());
                let is_theirs = texts.0.get(text).is_some_and(|known| known.owners.contains(&owner));
                if owner != customer || !is_theirs {
                    return Err(format!("{text} is sent as {owner:?} while {customer:?} is there"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether there are two of a text. An anonymous text that several tabs show belongs to whoever is declared in each of them. A tab where nobody
/// is declared takes what another has stored for its own, unless that has other attachments or was typed over.
fn are_apart(known: &Text, owner: &CustomerId, other: &CustomerId, has_other_attachments: bool) -> bool {
    let are_declared = !owner.is_empty() && !other.is_empty();
    known.was_anonymous && owner != other && (are_declared || known.is_replaced || has_other_attachments)
}

/// A text arrives once. A later arrival brings an attachment that the earlier one lacks: whether to send it after the text is for the customer
/// to say.
fn check_gateway(world: &World, texts: &Texts) -> Result<(), Violation> {
    for (text, known) in texts.0.iter().filter(|(_, known)| known.is_submitted) {
        let arrivals = world.gateway.arrivals_of(text);
        let is_another = |earlier: &Stored, later: &Stored| {
            later.adds_to(earlier) || are_apart(known, &earlier.owner, &later.owner, earlier.adds_to(later))
        };
        let is_twice = arrivals
            .iter()
            .enumerate()
            .any(|(number, later)| arrivals.iter().take(number).any(|earlier| !is_another(earlier, later)));
        if is_twice && !is_troubled(world, text) {
            return Err(format!("{text} has arrived twice, {known:?}"));
        }
    }
    match world.gateway.reused.iter().find(|key| !world.troubled.contains(key)) {
        Some(key) => Err(format!("{key:?} came with two bodies")),
        None => Ok(()),
    }
}

/// Whether storage failed for a text, so that two tabs may have sent it without knowing of each other, and that a crash may bring it back. With
/// reliable storage that is never so, which is checked in the end.
pub fn is_troubled(world: &World, text: &str) -> bool {
    world.texts.iter().any(|(key, texts)| texts.contains(text) && world.troubled.contains(key))
}

/// When everything was done: what is over does not come back.
pub fn check_drafts(world: &World, texts: &Texts) -> Result<(), Violation> {
    for tab in 0..TABS {
        for draft in plain_drafts(&world.tabs[tab]) {
            let text = draft.form.text.clone();
            let Some(known) = texts.0.get(&text) else { continue };
            let is_another = |stored: &Stored| are_apart(known, &stored.owner, &draft.owner, stored.has_attachments());
            let has_arrived = world.gateway.arrivals_of(&text).into_iter().any(|stored| !is_another(stored));
            if (known.is_over || has_arrived) && !known.may_come_back && !is_troubled(world, &text) {
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
        let arrivals = world.gateway.arrivals_of(text);
        // A submission that the device has not taken is a draft again after a crash.
        let is_excused = is_troubled(world, text) && drafts.contains(&text.as_str());
        if known.is_submitted && known.is_required && !text.starts_with("bad") && arrivals.is_empty() && !is_excused {
            return Err(format!("{text} has not arrived, {known:?}"));
        }
        if !arrivals.is_empty() && known.is_required {
            let is_kept = |name: &String| {
                world.device.records.values().any(|record| match record {
                    Record::Draft(draft) => draft.attachments.iter().any(|file| file.id.0 == *name),
                    _ => false,
                })
            };
            let is_there = |name: &String| arrivals.iter().any(|stored| stored.mentions(name)) || is_kept(name);
            if let Some(name) = known.attachments.iter().find(|name| !is_there(name)) {
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
