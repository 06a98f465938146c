//! The settings for redaction.

use serde::{Deserialize, Serialize};

use super::problem::unknown_field;
use wire::{Read, Source};

/// What is redacted in addition to the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Redact {
    /// Names whose values are redacted wherever they occur: `national_id`. Default: none.
    pub names: Vec<String>,
    /// Whether IP addresses are redacted. Default: false.
    pub ip_addresses: bool,
    /// Whether numbers are redacted that look like US social security numbers. Default: false.
    pub social_security: bool,
}

impl Redact {
    /// Sets the fields in a page's configuration. An error names what is wrong and what is allowed.
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
