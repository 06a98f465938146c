//! Rules and use cases of the gateway, independent of HTTP, of any database and of any other server. `ports` are the traits through which they
//! reach the world, and the plain records that pass through them; `rules` are the decisions that all stores and use cases share; `use_cases`
//! carry them out over the ports.

pub mod attempt;
pub mod attempt_counts;
pub mod clock;
pub mod destinations;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
pub mod gateway_count;
pub mod ids;
pub mod json;
pub mod panics;
pub mod ports;
pub mod pseudonym;
pub mod random;
pub mod rules;
pub mod shared_answers;
pub mod site;
pub mod timestamp;
pub mod use_cases;
