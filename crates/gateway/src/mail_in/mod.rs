//! Mail that comes in, as what it is: pure rules without IO that the reply address of a desk and the bounces of the gateway's own mail share.

pub mod automatic;
pub mod bounce;
pub mod encoded_words;
pub mod headers;
pub mod message;
pub mod reply_text;
pub mod returned;
pub mod sender;

pub use automatic::{AutomaticSign, Origin, origin};
pub use bounce::{Bounce, EnhancedStatus, FailedRecipient, RecipientAction};
pub use headers::Headers;
pub use returned::{Outcome, outcome};
