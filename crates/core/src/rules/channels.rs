//! Which other support channels a site shows to whom.

use crate::ports::Person;
use domain::config::Link;

/// The channels that a verified customer sees. Where their token has the claim `channels`, that names them by kind, whatever the plan;
/// otherwise their signed plan decides. Their plans are empty, so that nobody compares them with what the page says.
pub fn channels_for(channels: &[Link], person: &Person) -> Vec<Link> {
    let is_shown = |channel: &Link| match &person.channels {
        Some(kinds) => kinds.contains(&channel.kind),
        None => channel.is_for(&person.user.plan),
    };
    let shown = channels.iter().filter(|channel| is_shown(channel));
    shown.map(|channel| Link { plans: Vec::new(), ..channel.clone() }).collect()
}

/// The channels that everybody may see, verified or not. A site that trusts its page shows all, and the panel selects by the plan that the page
/// names. Otherwise a page alone cannot claim a plan, and where customers are signed (`has_signers`) no channel either.
pub fn public_channels(channels: &[Link], has_signers: bool, trusts_page: bool) -> Vec<Link> {
    if trusts_page {
        return channels.to_vec();
    }
    channels.iter().filter(|channel| !has_signers && channel.plans.is_empty()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;
    use domain::context::User;

    fn channels() -> Vec<Link> {
        let channel = |kind: &str, plans: &[&str]| Link {
            label: kind.into(),
            url: format!("https://{kind}.example/"),
            kind: kind.into(),
            plans: plans.iter().map(|plan| (*plan).into()).collect(),
        };
        vec![channel("slack", &["enterprise"]), channel("phone", &["team", "enterprise"]), channel("discord", &[])]
    }

    fn kinds(channels: &[Link]) -> Vec<&str> {
        channels.iter().map(|channel| channel.kind.as_str()).collect()
    }

    #[test]
    fn the_signed_claim_decides_or_else_the_signed_plan() {
        for (plan, claim, expected) in [
            ("free", Some(vec!["slack"]), vec!["slack"]),
            ("enterprise", Some(vec!["phone", "fax"]), vec!["phone"]),
            ("enterprise", Some(vec![]), vec![]),
            ("enterprise", None, vec!["slack", "phone", "discord"]),
            ("team", None, vec!["phone", "discord"]),
            ("", None, vec!["discord"]),
        ] {
            let person = Person {
                id: "u-7".into(),
                user: User { plan: plan.into(), ..User::default() },
                email_verified: None,
                priority: None,
                channels: claim.as_ref().map(|kinds| kinds.iter().map(ToString::to_string).collect()),
                until: Timestamp::EPOCH,
            };
            let shown = channels_for(&channels(), &person);
            assert_eq!(kinds(&shown), expected, "{plan} {claim:?}");
            assert!(shown.iter().all(|channel| channel.plans.is_empty()));
        }
    }

    #[test]
    fn a_page_alone_claims_no_channel_unless_the_site_trusts_it() {
        let shown = |has_signers, trusts_page| public_channels(&channels(), has_signers, trusts_page);
        assert_eq!(kinds(&shown(true, false)), [""; 0]);
        assert_eq!(kinds(&shown(false, false)), ["discord"]);
        for has_signers in [false, true] {
            assert_eq!(shown(has_signers, true), channels());
        }
    }
}
