//! Sessions of agents.

use crate::support::{LEASE, TestClock, UNTIL};
use deskbell_core::ports::Store;

pub async fn agent_sessions_last_until_they_expire_or_are_ended(store: &dyn Store, clock: &TestClock) {
    let (first, second) = ([1; 32], [2; 32]);
    store.log_in(&first, "ana", LEASE).await.unwrap();
    store.log_in(&second, "ben", 2 * LEASE).await.unwrap();
    let agent = async |session: &[u8; 32]| store.agent(session).await.unwrap();
    assert_eq!(agent(&first).await.as_deref(), Some("ana"));
    assert_eq!(agent(&[3; 32]).await, None);
    clock.set(UNTIL);
    assert_eq!(agent(&first).await, None, "its time is over");
    assert_eq!(agent(&second).await.as_deref(), Some("ben"));
    store.log_out(&second).await.unwrap();
    assert_eq!(agent(&second).await, None);
}
