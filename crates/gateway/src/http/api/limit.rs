//! The parameter `limit` of lists.

use crate::http::problem::Refusal;

/// How many entries a list may have, from 1 to `maximum`.
pub fn check_limit(limit: Option<u32>, default: u32, maximum: u32) -> Result<u32, Refusal> {
    let limit = limit.unwrap_or(default);
    if (1..=maximum).contains(&limit) {
        return Ok(limit);
    }
    Err(Refusal::InvalidQuery(format!("limit is {limit}; use 1 to {maximum}")))
}
