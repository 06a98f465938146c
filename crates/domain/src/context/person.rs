//! The customer, and the build of the product that they use.

use super::shape::Shape::Texts;
use super::shape::{LINE, part};
use wire::Pairs;

part! {
    /// The customer, as the host declared them.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct User {
        /// The host's id of the customer; empty if they are not known.
        pub id: String = LINE => "ID",
        pub name: String = LINE => "Name",
        pub email: String = LINE => "E-mail",
        /// Their plan.
        pub plan: String = LINE => "Plan",
        /// Their role in the organization.
        pub role: String = LINE => "Role",
        pub organization: Organization = Organization::SHAPE => "Organization",
        /// Other attributes that the host declared.
        pub attributes?: Pairs<String> = Texts => "Other details",
        /// Whether a signature proves all this. Only the gateway sets it.
        pub verified: bool => "Verified",
    }
}

part! {
    /// The organization of a customer.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Organization {
        /// The host's id of the organization.
        pub id: String = LINE,
        pub name: String = LINE,
    }
}

part! {
    /// The build of the product, as the host declared it: with `set`, with `<meta name="deskbell:…">`, or in the configuration.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[serde(default)]
    pub struct Application {
        /// The release, such as a version or a commit.
        pub release?: String = LINE => "Release",
        /// The environment, such as `production`.
        pub environment?: String = LINE => "Environment",
        /// The build number.
        pub build?: String = LINE => "Build",
        pub tenant?: String = LINE => "Tenant",
        pub region?: String = LINE => "Region",
        /// The feature flags with their variants.
        pub flags?: Pairs<String> = Texts => "Flags",
    }
}
