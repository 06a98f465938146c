//! Customers affected by incidents.

use crate::support::TestClock;
use deskbell_core::ports::{PersonTrace, Store, Traces};

pub async fn affected_customers_are_counted_once_and_forgotten(store: &dyn Store, _clock: &TestClock) {
    for who in [1, 1, 2] {
        store.affect("acme", "one", &[who; 32]).await.unwrap();
    }
    store.affect("acme", "other", &[1; 32]).await.unwrap();
    store.affect("elsewhere", "one", &[1; 32]).await.unwrap();
    assert_eq!(store.affected("acme", "one").await.unwrap(), 2);
    // The count identifies nobody and stays. The hash is deleted, in this site only.
    let erase = async |site: &str| {
        let person = PersonTrace { site: site.into(), person: "u-7".into(), pseudonym: [1; 32] };
        store.erase_traces(&Traces { people: vec![person], sessions: vec![] }).await.unwrap()
    };
    assert_eq!((erase("acme").await, erase("acme").await, erase("elsewhere").await), (2, 0, 1));
    assert_eq!(store.affected("acme", "one").await.unwrap(), 2);
}
