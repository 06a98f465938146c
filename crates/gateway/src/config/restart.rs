//! What a reload changes outside of sites, and what it cannot change.

use super::Settings;

impl Settings {
    /// The tables and fields of the file, outside of sites, that differ from those before a reload and take effect with it.
    pub fn changed_fields(&self, before: &Settings) -> Vec<&'static str> {
        let differing = [
            ("inbox_token", self.logins.shared_token != before.logins.shared_token),
            ("inbox.agents", self.logins.agents != before.logins.agents),
            ("inbox.oidc", self.logins.oidc != before.logins.oidc),
            ("inbox.url", self.inbox_url != before.inbox_url),
            ("inbox.insecure_http", self.inbox_insecure_http != before.inbox_insecure_http),
        ];
        differing.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
    }

    /// Keeps what cannot change while the gateway runs as it was when it started. Returns the tables and fields of the file in which this
    /// differs, which take effect at the next start.
    pub fn keep_started(&mut self, started: &Settings) -> Vec<&'static str> {
        let mut differing = Vec::new();
        macro_rules! keep {
            ($($field:ident: $name:literal),* $(,)?) => {$(
                if self.$field != started.$field {
                    self.$field = started.$field.clone();
                    differing.push($name);
                }
            )*};
        }
        keep! {
            listen: "listen",
            database: "database",
            database_readers: "database_readers",
            attachments: "attachments",
            attachments_url: "attachments_url",
            assets: "assets",
            inbox_listen: "inbox.listen",
            metrics_listen: "metrics.listen",
            limits: "limits",
            proxies: "proxy",
            quotas: "quotas",
            search: "search",
        }
        differing
    }
}
