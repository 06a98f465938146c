//! Sessions of agents.

use crate::support::{LATER, NOW};
use deskbell_core::ports::Store;

pub async fn an_agent_is_known_until_a_session_ends_or_is_ended(store: &dyn Store) {
    let (first, second) = ([1; 32], [2; 32]);
    store.log_in(&first, "ana", NOW, LATER).await.unwrap();
    store.log_in(&second, "ben", NOW, LATER).await.unwrap();
    assert_eq!(store.operator(&first, NOW).await.unwrap().as_deref(), Some("ana"));
    assert_eq!(store.operator(&first, LATER).await.unwrap(), None, "its time is over");
    assert_eq!(store.operator(&[3; 32], NOW).await.unwrap(), None);
    store.log_out(&first).await.unwrap();
    assert_eq!(store.operator(&first, NOW).await.unwrap(), None);
    assert_eq!(store.operator(&second, NOW).await.unwrap().as_deref(), Some("ben"));
}
