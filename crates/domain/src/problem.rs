//! Errors on the wire: problem documents of RFC 9457 with a stable code.

wire::types! {
    /// One error in a request body.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FieldError {
        /// The place in the body, as a JSON pointer (RFC 6901).
        pub pointer: String,
        /// What is wrong and what is allowed, in English.
        pub detail: String,
    }

    /// A problem document (`application/problem+json`).
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Problem {
        /// The HTTP status.
        pub status: u16,
        /// A code for programs. It never changes.
        pub code: String,
        /// What happened, for developers, in English.
        pub title: String,
        /// The errors in the body, if that is the reason.
        pub errors: Vec<FieldError> = sparse,
    }
}
