//! What several screens are built of.

pub mod el;
pub mod link;
pub mod prose;
pub mod shared;
