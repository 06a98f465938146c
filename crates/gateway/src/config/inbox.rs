//! How the inbox is reached, and how agents log in to it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use url::Url;

use super::error::SettingsError;
use super::secrets::SecretSource;
use super::token::Token;
use deskbell_core::ids::{AgentId, SiteKey};
use deskbell_core::ports::{Agent, Grant, Role, SiteScope};
use deskbell_core::random::{self, NoRandomness};
use deskbell_core::rules::retention::Retention;
use domain::identifier;

/// What every personal token begins with, so that it is recognised, also by programs that look for leaked secrets.
pub const PERSONAL_TOKEN_PREFIX: &str = "deskbell_agent_";
/// The length of the random part of a personal token, in bytes.
const TOKEN_LENGTH: usize = 32;
/// How long the audit log is kept by default.
const AUDIT_KEEP: &str = "1 year";
/// The longest name of an agent, in characters.
const NAME_MAX: usize = 80;

/// How the inbox is reached and who uses it, as configured.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InboxTable {
    /// `ADDRESS:PORT` of a separate listener for the inbox, which is then not served anywhere else. Default: none.
    pub listen: Option<String>,
    /// Whether agents may log in over HTTP from other computers. Default: false.
    pub insecure_http: bool,
    /// The address of the inbox in the browsers of agents, `https://HOST/…/inbox`. Default: that of each request.
    pub url: Option<String>,
    /// How long the audit log is kept, such as `90 days`. Default: a year.
    pub audit_keep: Option<String>,
    /// The agents with personal tokens.
    pub agents: Vec<AgentTable>,
    /// The identity provider of the agents.
    pub oidc: Option<OidcTable>,
}

/// An agent with a personal token, as configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentTable {
    /// Their id, which stays the same when their name or token changes.
    pub id: String,
    /// The name that customers see.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The sites on which they have it. Default: all.
    pub sites: Option<BTreeSet<SiteKey>>,
    /// The SHA-256 of their token in hexadecimal; `deskbell agents token` makes both.
    pub token_sha256: String,
}

/// The identity provider of the agents, as configured.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcTable {
    /// Its issuer, an https address.
    pub issuer: String,
    /// The id of the gateway at the provider.
    pub client_id: String,
    /// The secret of the gateway at the provider. Default: none, for a public client.
    pub client_secret: Option<SecretSource>,
    /// A file that holds that secret.
    pub client_secret_file: Option<PathBuf>,
    /// The name of the provider on the login page. Default: the host of the issuer.
    pub name: Option<String>,
    /// The requested scopes besides `openid`. Default: `profile` and `email`.
    pub scopes: Option<Vec<String>>,
    /// The claim with the groups of an agent: its name or a JSON Pointer. Default: `groups`.
    pub claim: Option<String>,
    /// Whether the provider may be in a private network. Default: false.
    pub private: bool,
    /// The role that each group has.
    pub roles: Vec<GroupTable>,
}

/// The role of a group of the identity provider, as configured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupTable {
    /// The value of the claim.
    pub group: String,
    /// The role of its members.
    pub role: Role,
    /// The sites on which they have it. Default: all.
    pub sites: Option<BTreeSet<SiteKey>>,
}

impl fmt::Debug for OidcTable {
    /// Omits the secret, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OidcTable({:?}, {:?})", self.issuer, self.client_id)
    }
}

/// How agents log in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentLogins {
    /// The token that all agents share. The next version rejects it.
    pub shared_token: Option<Token>,
    /// The agents with personal tokens.
    pub agents: Vec<PersonalToken>,
    /// Their identity provider.
    pub oidc: Option<OidcTable>,
}

impl AgentLogins {
    /// Whether there is no way to log in.
    pub fn is_empty(&self) -> bool {
        self.shared_token.is_none() && self.agents.is_empty() && self.oidc.is_none()
    }
}

/// An agent with a personal token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalToken {
    /// The agent.
    pub agent: Agent,
    /// Their token.
    pub token: Token,
}

/// A new personal token and its SHA-256 in hexadecimal.
pub fn new_personal_token() -> Result<(String, String), NoRandomness> {
    let random = BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<TOKEN_LENGTH>()?);
    let token = format!("{PERSONAL_TOKEN_PREFIX}{random}");
    let digest = Token::new(&token).digest().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((token, digest))
}

/// The agents with personal tokens. Also checks the sites of the identity provider's groups.
pub fn agents(table: &InboxTable, location: &impl Fn(&str) -> String) -> Result<Vec<PersonalToken>, SettingsError> {
    let invalid = |field: String, message: String| SettingsError::Value { location: location(&field), message };
    let names_none = |sites: &Option<BTreeSet<SiteKey>>| sites.as_ref().is_some_and(BTreeSet::is_empty);
    let no_site = || "must name at least one site; remove it to mean all sites".to_string();
    let mut agents: Vec<PersonalToken> = Vec::new();
    for (index, table) in table.agents.iter().enumerate() {
        let wrong = |field: &str, message: String| invalid(format!("inbox.agents[{index}].{field}"), message);
        if identifier::parse_identifier(&table.id).is_none() {
            return Err(wrong("id", "not an id; use 1 to 64 letters, digits or -_.".into()));
        }
        let name = table.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            return Err(wrong("name", format!("must have 1 to {NAME_MAX} characters; customers see it")));
        }
        if names_none(&table.sites) {
            return Err(wrong("sites", no_site()));
        }
        let Some(token) = Token::from_hex(&table.token_sha256) else {
            let message = "not a SHA-256 in hexadecimal; make a token and its digest with `deskbell agents token`";
            return Err(wrong("token_sha256", message.into()));
        };
        let id = AgentId::new(format!("token:{}", table.id));
        if agents.iter().any(|other| other.agent.id == id) {
            return Err(wrong("id", "must be unique; another agent has it".into()));
        }
        if agents.iter().any(|other| other.token == token) {
            return Err(wrong("token_sha256", "must be unique; another agent has this token".into()));
        }
        let grants = vec![Grant { role: table.role, sites: scope(&table.sites) }];
        agents.push(PersonalToken { agent: Agent { id, name: name.into(), grants }, token });
    }
    for (index, group) in table.oidc.iter().flat_map(|oidc| &oidc.roles).enumerate() {
        if names_none(&group.sites) {
            return Err(invalid(format!("inbox.oidc.roles[{index}].sites"), no_site()));
        }
    }
    Ok(agents)
}

/// The sites that agents and groups name, each with its field.
pub fn named_sites(table: &InboxTable) -> Vec<(String, SiteKey)> {
    let agents = table.agents.iter().enumerate();
    let agents = agents.map(|(index, agent)| (format!("inbox.agents[{index}].sites"), &agent.sites));
    let groups = table.oidc.iter().flat_map(|oidc| &oidc.roles).enumerate();
    let groups = groups.map(|(index, group)| (format!("inbox.oidc.roles[{index}].sites"), &group.sites));
    let all = agents.chain(groups).flat_map(|(field, sites)| {
        let sites = sites.iter().flatten().cloned();
        sites.map(move |site| (field.clone(), site)).collect::<Vec<_>>()
    });
    all.collect()
}

/// The sites of a table: all of them if it names none.
pub fn scope(sites: &Option<BTreeSet<SiteKey>>) -> SiteScope {
    sites.clone().map_or(SiteScope::All, SiteScope::Only)
}

/// How long the audit log is kept.
pub fn audit_keep(table: &InboxTable, location: &impl Fn(&str) -> String) -> Result<Retention, SettingsError> {
    Retention::parse(table.audit_keep.as_deref().unwrap_or(AUDIT_KEEP))
        .map_err(|message| SettingsError::Value { location: location("inbox.audit_keep"), message })
}

/// The address of the inbox.
pub fn url(table: &InboxTable, location: &impl Fn(&str) -> String) -> Result<Option<String>, SettingsError> {
    let Some(text) = &table.url else { return Ok(None) };
    let url = Url::parse(text).ok().filter(|url| {
        let is_web = matches!(url.scheme(), "https" | "http") && url.host_str().is_some();
        is_web && url.path().ends_with("/inbox") && url.query().is_none() && url.fragment().is_none()
    });
    let message = || format!("{text:?} is not the address of the inbox, such as https://support.example.com/inbox");
    let url = url.ok_or_else(|| SettingsError::Value { location: location("inbox.url"), message: message() })?;
    Ok(Some(url.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, load};

    fn load_text(inbox: &str) -> Result<super::super::Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskbell.toml");
        std::fs::write(&file, format!("{inbox}\n[sites.acme]\norigins = [\"*\"]\n")).unwrap();
        load(&Overrides { config: Some(file), ..Overrides::default() }).map_err(|error| error.to_string())
    }

    fn agent(lines: &str) -> String {
        let (_, digest) = new_personal_token().unwrap();
        let unless_set = |field: &str, line: String| if lines.contains(field) { String::new() } else { line };
        let id = unless_set("id =", "id = \"ana\"\n".into());
        let name = unless_set("name =", "name = \"Ana Lima\"\n".into());
        let role = unless_set("role =", "role = \"lead\"\n".into());
        let token = unless_set("token_sha256 =", format!("token_sha256 = \"{digest}\"\n"));
        format!("[[inbox.agents]]\n{id}{name}{role}{token}{lines}\n")
    }

    #[test]
    fn a_new_token_is_the_one_of_its_digest() {
        let (token, digest) = new_personal_token().unwrap();
        assert!(token.starts_with(PERSONAL_TOKEN_PREFIX) && token.len() > 50, "{token}");
        assert!(Token::from_hex(&digest).unwrap().equals(&token));
        assert_ne!(new_personal_token().unwrap().0, token);
    }

    #[test]
    fn agents_have_a_role_on_some_sites_or_on_all() {
        let logins = load_text(&(agent("sites = [\"acme\"]") + &agent("id = \"ben\""))).unwrap().logins;
        let [ana, ben] = logins.agents.as_slice() else { panic!("{logins:?}") };
        let acme = SiteScope::Only(["acme".into()].into());
        assert_eq!((ana.agent.id.as_str(), ana.agent.name.as_str()), ("token:ana", "Ana Lima"));
        assert_eq!(ana.agent.grants, [Grant { role: Role::Lead, sites: acme }]);
        assert_eq!(ben.agent.grants, [Grant { role: Role::Lead, sites: SiteScope::All }]);
    }

    #[test]
    fn unknown_sites_of_agents_and_groups_are_warnings_because_the_database_may_have_them() {
        let group = "[[inbox.oidc.roles]]\ngroup = \"a\"\nrole = \"lead\"\nsites = [\"acme\", \"globex\"]\n";
        let warnings = load_text(&(agent("sites = [\"initech\"]") + group)).unwrap().warnings;
        let [of_agent, of_group] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(of_agent.contains("inbox.agents[0].sites: \"initech\" is not a site"), "{of_agent}");
        assert!(of_group.contains("inbox.oidc.roles[0].sites: \"globex\" is not a site"), "{of_group}");
    }

    #[test]
    fn invalid_agents_are_refused_with_the_field() {
        let same = "token_sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"";
        for (inbox, expected) in [
            (agent("id = \"a b\""), "inbox.agents[0].id: not an id"),
            (agent("name = \" \""), "inbox.agents[0].name: must have 1 to 80 characters"),
            (agent("role = \"boss\""), "unknown variant `boss`"),
            (agent("sites = []"), "inbox.agents[0].sites: must name at least one site"),
            (agent("token_sha256 = \"deskbell_agent_secret\""), "inbox.agents[0].token_sha256: not a SHA-256"),
            (agent("") + &agent(""), "inbox.agents[1].id: must be unique"),
            (agent(same) + &agent(&format!("{same}\nid = \"ben\"")), "inbox.agents[1].token_sha256: must be unique"),
            ("[inbox]\naudit_keep = \"1 day\"".into(), "inbox.audit_keep: \"1 day\" is not a duration"),
            ("[inbox]\nurl = \"https://a.example/\"".into(), "inbox.url: \"https://a.example/\" is not the address"),
            (
                "[[inbox.oidc.roles]]\ngroup = \"a\"\nrole = \"lead\"\nsites = []".into(),
                "inbox.oidc.roles[0].sites: must name at least one site",
            ),
        ] {
            let error = load_text(&inbox).unwrap_err();
            assert!(error.contains(expected), "{inbox}: {error}");
        }
    }
}
