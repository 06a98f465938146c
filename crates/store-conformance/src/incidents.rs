//! Customers affected by incidents.

use crate::support::{ACME, TestClock};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{PersonTrace, Store, Traces};

pub async fn affected_customers_are_counted_once_and_forgotten(store: &dyn Store, _clock: &TestClock) {
    for customer in [1, 1, 2] {
        store.affect(&ACME, "one", &[customer; 32]).await.unwrap();
    }
    store.affect(&ACME, "other", &[1; 32]).await.unwrap();
    store.affect(&"elsewhere".into(), "one", &[1; 32]).await.unwrap();
    assert_eq!(store.affected(&ACME, "one").await.unwrap(), 2);
    // The count identifies nobody and stays. The hash is deleted, in this site only.
    let erase = async |site: &SiteKey| {
        let person = PersonTrace { site: site.clone(), person: "u-7".into(), pseudonym: [1; 32] };
        store.erase_traces(&Traces { people: vec![person], sessions: vec![] }).await.unwrap()
    };
    assert_eq!((erase(&ACME).await, erase(&ACME).await, erase(&"elsewhere".into()).await), (2, 0, 1));
    assert_eq!(store.affected(&ACME, "one").await.unwrap(), 2);
}
