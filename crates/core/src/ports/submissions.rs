//! Daily quotas for submissions of unverified senders.

use super::attachments::Usage;

/// The quotas that an unsigned ticket or reply counts against. They are spent in the transaction that stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionQuota {
    /// The day in UTC, `2026-11-28`.
    pub day: String,
    /// The keyed digests of the networks that it came from, each with its daily quota; empty if the network is unknown.
    pub networks: Vec<([u8; 32], Usage)>,
    /// The size of its body in bytes.
    pub bytes: u64,
    /// The daily quota of the site.
    pub per_site: Usage,
}

/// Whose quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionScope {
    /// The network's.
    Network,
    /// The site's.
    Site,
}

impl SubmissionScope {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            SubmissionScope::Network => "network",
            SubmissionScope::Site => "site",
        }
    }
}

/// A quota that does not admit a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmissionExceeded {
    /// Whose quota it is.
    pub scope: SubmissionScope,
    /// The quota.
    pub limit: Usage,
}

impl SubmissionQuota {
    /// Checks the submission against the quotas, given the day's usage of its networks, in the order of `networks`, and of the site.
    pub fn check(&self, of_networks: &[Usage], of_site: Usage) -> Result<(), SubmissionExceeded> {
        let fits = |used: Usage, limit: Usage| {
            used.bytes.saturating_add(self.bytes) <= limit.bytes && used.files.saturating_add(1) <= limit.files
        };
        let exceeded = |scope, limit| Err(SubmissionExceeded { scope, limit });
        for ((_, limit), used) in self.networks.iter().zip(of_networks) {
            if !fits(*used, *limit) {
                return exceeded(SubmissionScope::Network, *limit);
            }
        }
        if fits(of_site, self.per_site) { Ok(()) } else { exceeded(SubmissionScope::Site, self.per_site) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submissions_and_bytes_per_day_are_limited_by_network_and_site() {
        let usage = |bytes, files| Usage { bytes, files };
        let quota = SubmissionQuota {
            day: "2026-11-28".into(),
            networks: vec![([1; 32], usage(100, 5)), ([2; 32], usage(400, 20))],
            bytes: 10,
            per_site: usage(1000, 50),
        };
        let scope =
            |of_network, of_site| quota.check(&[of_network, usage(0, 0)], of_site).err().map(|exceeded| exceeded.scope);
        assert_eq!(scope(usage(90, 4), usage(990, 49)), None);
        assert_eq!(scope(usage(91, 1), usage(0, 0)), Some(SubmissionScope::Network));
        assert_eq!(scope(usage(0, 5), usage(0, 0)), Some(SubmissionScope::Network));
        assert_eq!(scope(usage(0, 0), usage(991, 1)), Some(SubmissionScope::Site));
        assert_eq!(scope(usage(0, 0), usage(0, 50)), Some(SubmissionScope::Site));
        let around = quota.check(&[usage(0, 0), usage(391, 1)], usage(0, 0)).map_err(|exceeded| exceeded.limit);
        assert_eq!(around, Err(usage(400, 20)), "and so has the network around it");
        let unknown = SubmissionQuota { networks: Vec::new(), ..quota };
        assert_eq!(unknown.check(&[], usage(0, 0)), Ok(()));
    }
}
