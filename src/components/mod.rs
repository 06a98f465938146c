//! What several screens are built of.

pub mod el;
