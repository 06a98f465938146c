//! Agents: their sessions, and the audit log of what they do.

mod audit;
mod sessions;

pub use audit::{Audit, Audited};
pub use sessions::{HandleSessions, Login, SessionError, is_opened_with, session_hash};
