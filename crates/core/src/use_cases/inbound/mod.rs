//! What comes in from destinations and by mail: each event goes to the use case that it concerns.

mod event;

pub use event::{HookError, InboundMails, TakeInboundEvent};
