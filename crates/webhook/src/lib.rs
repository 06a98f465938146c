//! Destinations that receive POST requests: a service of the host that gets signed events ([`Webhook`]), and a channel that gets a line for
//! each new ticket ([`Slack`]).

mod slack;
mod target;
mod webhook;

pub use slack::Slack;
pub use target::Target;
pub use webhook::Webhook;
