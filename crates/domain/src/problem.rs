//! Errors on the wire: problem documents of RFC 9457 with a stable code.

wire::types! {
    /// One thing that is wrong with a body.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FieldError {
        /// Where, as a JSON pointer (RFC 6901).
        pub pointer: String,
        /// What is wrong and what is allowed, in English.
        pub detail: String,
    }

    /// A problem document (`application/problem+json`).
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Problem {
        /// The HTTP status.
        pub status: u16,
        /// What a program acts on; never changes.
        pub code: String,
        /// What happened, for a developer, in English.
        pub title: String,
        /// What is wrong with the body, where that is the reason.
        pub errors: Vec<FieldError> = sparse,
    }
}
