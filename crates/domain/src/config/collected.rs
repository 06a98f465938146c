//! The settings for the context of tickets.

use serde::{Deserialize, Serialize};

use super::super::join::join_nonempty;
use super::super::vocabulary::Group;
use super::link::{self, Link};
use super::problem::unknown_field;
use wire::{Pairs, Read, Source};

/// What is collected for a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Collected {
    /// Groups that are never collected. Default: none.
    pub off: Vec<Group>,
    /// Groups that are sent only if the customer switches them on. Default: none.
    pub ask: Vec<Group>,
    /// Headers of requests and responses that are recorded besides `x-request-id` and `traceparent`, because they identify a request or its
    /// trace. Recording begins when the page's own `configure` names them. Default: none.
    pub headers: Vec<String>,
    /// Links to the site's other tools, in which `{organization.id}` is replaced by that value of the context. Default: none.
    pub links: Vec<Link>,
    /// The tools on the page that are asked for links: `posthog`, `sentry`. Default: both.
    pub tools: Vec<String>,
    /// Values that the page does not declare itself: release, environment, build, tenant, region. Default: none.
    pub application: Pairs<String>,
}

/// The keys of [`Collected::application`].
const APPLICATION: [&str; 5] = ["release", "environment", "build", "tenant", "region"];
/// The values of [`Collected::tools`].
const TOOLS: [&str; 2] = ["posthog", "sentry"];

impl Default for Collected {
    fn default() -> Collected {
        Collected {
            off: Vec::new(),
            ask: Vec::new(),
            headers: Vec::new(),
            links: Vec::new(),
            tools: TOOLS.map(str::to_string).to_vec(),
            application: Pairs::default(),
        }
    }
}

impl Collected {
    /// Sets the fields in a page's configuration. A bad value changes nothing and is an error that names what is allowed.
    pub fn set(&mut self, value: &impl Source) -> Result<(), String> {
        let mut collected = self.clone();
        for (field, value) in value.entries() {
            match field.as_str() {
                "off" => collected.off = groups("context.off", &value)?,
                "ask" => collected.ask = groups("context.ask", &value)?,
                "headers" => collected.headers = Vec::read(&value),
                "links" => collected.links = Vec::read(&value),
                "tools" => collected.tools = Vec::read(&value),
                "application" => collected.application = Pairs::read(&value),
                _ => return Err(unknown_field("context.", &field, "off, ask, headers, links, tools, application")),
            }
        }
        match check(&collected) {
            Some(problem) => Err(problem),
            None => {
                *self = collected;
                Ok(())
            }
        }
    }
}

fn groups(field: &str, value: &impl Source) -> Result<Vec<Group>, String> {
    let groups: Option<Vec<Group>> = value.items().iter().map(|word| Group::from_word(&word.text())).collect();
    groups.ok_or_else(|| {
        let words: Vec<&str> = Group::ALL.iter().map(|group| group.word()).collect();
        [field, ": must be a list of ", &join_nonempty(&words, ", ")].concat()
    })
}

/// What is wrong with the settings beyond their types, and what is allowed.
pub fn check(collected: &Collected) -> Option<String> {
    let Collected { links, tools, application, .. } = collected;
    if let Some(tool) = tools.iter().find(|tool| !TOOLS.contains(&tool.as_str())) {
        return Some(unknown_field("context.tools: ", tool, &join_nonempty(&TOOLS, ", ")));
    }
    if let Some((name, _)) = application.0.iter().find(|(name, _)| !APPLICATION.contains(&name.as_str())) {
        return Some(unknown_field("context.application.", name, &join_nonempty(&APPLICATION, ", ")));
    }
    link::check(links).map(|problem| ["context.", &problem].concat())
}
