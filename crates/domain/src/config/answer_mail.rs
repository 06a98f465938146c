//! Whether answers of support are mailed as well.

use wire::words;

words! {
    /// Where an answer goes besides the panel, for the customer who asks.
    #[derive(Default)]
    AnswerMail else Never {
        /// Nowhere for sure.
        #[default]
        Never = "never",
        /// The gateway mails it to the customer's address, if they do not read it in the panel soon.
        Unread = "unread",
        /// The same, once the customer has confirmed the address.
        Confirmed = "confirmed",
        /// A destination mails it to the customer's address.
        Always = "always",
    }
}
