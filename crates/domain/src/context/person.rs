//! Who uses the product, and which build of it.

use serde::{Deserialize, Serialize};

use wire::Pairs;

/// The person, as the host declared them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct User {
    /// The host's id of them; empty where they are not known.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The plan they are on.
    pub plan: String,
    /// Their role in the organization.
    pub role: String,
    /// The organization they belong to.
    pub organization: Organization,
    /// Whatever else the host declared about them.
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub attributes: Pairs<String>,
    /// Whether a signature proves all this. Only the gateway sets it.
    pub verified: bool,
}

/// The organization of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Organization {
    /// The host's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The build of the product, as the host declared it: with `set`, by `<meta name="deskbell:…">`, or in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Application {
    /// The release, such as a version or a commit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub release: String,
    /// The environment, such as `production`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// The build's number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub build: String,
    /// The tenant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    /// The region.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// The feature flags, each with its variant.
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub flags: Pairs<String>,
}
