//! What decides and what is needed for it, apart from who asks and from where things are kept: `ports` are the traits that a store implements, with
//! the plain records that go through them, `rules` the decisions that every store and every route shares.

pub mod clock;
pub mod ports;
pub mod rules;
