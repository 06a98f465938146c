//! The customer: who the host declares, or an anonymous session.

use super::ids::CustomerId;

/// Who uses the page. A customer is their id: a new token of the same one is the same customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Their id; empty if nobody is declared.
    pub id: CustomerId,
    /// Whether the host signs who they are.
    pub is_signed: bool,
    /// Whether the form need not ask who they are.
    pub is_known: bool,
    /// The anonymous session of this browser.
    pub session: String,
}

/// What a request carries to say who it comes from. The session is always sent as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The customer's token.
    Token,
    /// Another token, because the gateway refused the first.
    FreshToken,
    /// The session alone.
    Session,
}
