//! What a site hides beyond what is hidden anyway.

use serde::{Deserialize, Serialize};

use super::problem::unknown_field;
use wire::{Read, Source};

/// What is hidden beyond what is hidden anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Redact {
    /// Names whose values are hidden, wherever they stand: `national_id`. Default: none.
    pub names: Vec<String>,
    /// Whether IP addresses are hidden. Default: false.
    pub ip_addresses: bool,
    /// Whether numbers are hidden that look like those of the social security of the USA. Default: false.
    pub social_security: bool,
}

impl Redact {
    /// Sets what the page names; an error names what is wrong and what is allowed.
    pub fn set(&mut self, value: &impl Source) -> Result<(), String> {
        for (field, value) in value.entries() {
            match field.as_str() {
                "names" => self.names = Vec::read(&value),
                "ip_addresses" => self.ip_addresses = value.is_true(),
                "social_security" => self.social_security = value.is_true(),
                _ => return Err(unknown_field("redact.", &field, "names, ip_addresses, social_security")),
            }
        }
        Ok(())
    }
}
