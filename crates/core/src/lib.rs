//! Rules and ports of the gateway, independent of HTTP and of any database. `ports` are the traits that a store implements and the plain
//! records that pass through them; `rules` are the decisions that all stores and routes share.

pub mod clock;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
pub mod ports;
pub mod random;
pub mod rules;
pub mod site;
