//! Destinations that are posted to: a service of the host that takes signed events ([`Webhook`]), and a channel that takes a line for each new
//! ticket ([`Slack`]).

mod slack;
mod target;
mod webhook;

pub use slack::Slack;
pub use target::Target;
pub use webhook::Webhook;
