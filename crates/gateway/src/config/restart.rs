//! What a reload cannot change.

use super::Settings;

impl Settings {
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
