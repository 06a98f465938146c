//! Random interleavings of what people, tabs, storage, network and host do. `DESK_INTERLEAVINGS` is their number, `DESK_SEED` the first seed.

use super::super::draft::Target;
use super::super::event::Happening;
use super::Seeded;
use super::check::{Violation, check};
use super::play::{Play, Step, Storage};

const STEPS: usize = 70;
const INTERLEAVINGS: u64 = 5_000;

#[test]
fn desk_holds_what_it_promises_with_reliable_storage() {
    play_many(Storage::Reliable);
}

#[test]
fn desk_holds_what_it_promises_with_storage_that_fails_hangs_or_is_full() {
    play_many(Storage::Faulty);
}

fn play_many(storage: Storage) {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let count = number("DESK_INTERLEAVINGS").unwrap_or(INTERLEAVINGS) / 2;
    let first = number("DESK_SEED").unwrap_or(1);
    for seed in first..first + count {
        let steps = plan(seed);
        if let Err(violation) = play(seed, &steps, storage, false) {
            let (fewest, violation) = shrink(seed, steps, storage, violation);
            drop(play(seed, &fewest, storage, true));
            panic!("DESK_SEED={seed} {storage:?}: {violation}\n{} steps: {fewest:?}", fewest.len());
        }
    }
}

fn plan(seed: u64) -> Vec<Step> {
    let mut random = Seeded(seed.wrapping_mul(7919));
    (0..STEPS).map(|_| ((random.next() % 100) as u8, random.next())).collect()
}

/// Leaves out whatever is not needed for a violation.
fn shrink(seed: u64, mut steps: Vec<Step>, storage: Storage, mut violation: Violation) -> (Vec<Step>, Violation) {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut start = 0;
        while start < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(start..(start + size).min(fewer.len()));
            match play(seed, &fewer, storage, false) {
                Err(other) => (steps, violation) = (fewer, other),
                Ok(()) => start += size,
            }
        }
        size /= 2;
    }
    (steps, violation)
}

fn play(seed: u64, steps: &[Step], storage: Storage, is_traced: bool) -> Result<(), Violation> {
    let mut play = Play::new(seed, storage);
    play.world.is_traced = is_traced;
    for step in steps {
        play.step(*step)?;
        check(&mut play.world, &mut play.texts)?;
    }
    play.end()
}

#[test]
fn a_text_that_was_typed_over_goes_with_the_tab_that_wrote_it_although_others_offer_it() {
    let (mut play, form) = (Play::new(1, Storage::Reliable), Target::NewTicket);
    let mut random = Seeded(1);
    play.type_text(1, form.clone(), &mut random).unwrap();
    play.type_text(2, form.clone(), &mut random).unwrap();
    play.world.tell(2, Happening::Leaving);
    play.world.settle();
    // It is shown in one tab, and offered in the other.
    play.world.start(0);
    play.world.settle();
    play.world.tell(1, Happening::OtherTabSpoke);
    play.world.settle();
    play.type_text(0, form, &mut random).unwrap();
    play.crash(2).unwrap();
    play.world.settle();
    check(&mut play.world, &mut play.texts).unwrap();
}
