//! The login of agents at an identity provider, created from its table in the configuration.

use crate::config::{self, OidcTable};
use deskbell_core::ports::Grant;
use identity::oidc::{OidcClient, OidcOptions};

/// The scopes that are requested by default.
const SCOPES: [&str; 2] = ["profile", "email"];
/// The claim with the groups by default.
const CLAIM: &str = "groups";

/// The provider at which agents log in.
pub struct Provider {
    /// The client of the provider.
    pub client: OidcClient,
    /// Its name on the login page.
    pub name: String,
    /// What the members of a group may do.
    pub grants: Vec<(String, Grant)>,
}

/// The provider of a table, with the secret from the environment if there is one; or the invalid field and the reason.
pub fn provider(table: &OidcTable, secret: Option<&str>) -> Result<Provider, (String, String)> {
    let wrong = |field: &str, message: &str| Err((field.to_string(), message.to_string()));
    if table.client_id.trim().is_empty() {
        return wrong("client_id", "is missing; use the id of the gateway at the identity provider");
    }
    if table.roles.is_empty() {
        return wrong("roles", "is missing, so nobody would have a role; add [[inbox.oidc.roles]] with group and role");
    }
    if let Some(index) = table.roles.iter().position(|group| group.group.trim().is_empty()) {
        return wrong(&format!("roles[{index}].group"), "must not be empty");
    }
    let claim = table.claim.clone().unwrap_or_else(|| CLAIM.into());
    if claim.trim().is_empty() {
        return wrong("claim", "must not be empty; use the name of the claim, or its JSON Pointer (\"/a/b\")");
    }
    let inline = ("client_secret", table.client_secret.as_ref());
    let client_secret = config::secret(inline, table.client_secret_file.as_ref(), secret)?;
    let scopes = table.scopes.clone().unwrap_or_else(|| SCOPES.map(String::from).to_vec());
    let options = OidcOptions {
        issuer: table.issuer.clone(),
        client_id: table.client_id.clone(),
        client_secret,
        scopes: scopes.into_iter().filter(|scope| scope != "openid").collect(),
        groups_claim: claim,
        private: table.private,
    };
    let client = OidcClient::new(options).map_err(|_| {
        let message =
            format!("{:?} is not an issuer; use https://HOST/PATH (http for this computer only)", table.issuer);
        ("issuer".to_string(), message)
    })?;
    let grants = table.roles.iter().map(|group| {
        let grant = Grant { role: group.role, sites: config::site_scope(&group.sites) };
        (group.group.clone(), grant)
    });
    let name = table.name.clone().unwrap_or_else(|| client.host().to_string());
    Ok(Provider { client, name, grants: grants.collect() })
}
