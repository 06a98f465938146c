//! Storage quotas, and how much of the disk stays free.

use serde::Deserialize;

/// Storage quotas, `[quotas]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Bytes of unsent uploads of one session or customer. Default: twice the limit of a message.
    pub unsent_bytes: Option<u64>,
    /// Files of the same. Default: ten times the limit of a message.
    pub unsent_files: Option<u64>,
    /// Bytes that anonymous sessions of one network address may upload in a day (UTC), sent or not.
    pub address_bytes_per_day: u64,
    /// Files of the same.
    pub address_files_per_day: u64,
    /// Bytes that a site accepts in a day (UTC). Anonymous sessions leave a fifth of it to verified customers.
    pub site_bytes_per_day: u64,
    /// Files of the same.
    pub site_files_per_day: u64,
    /// Bytes of the disk that attachments leave free; below that, attachments are refused, but not tickets.
    pub disk_reserve_bytes: u64,
    /// Unsigned tickets and replies of one network address in a day (UTC).
    pub address_tickets_per_day: u64,
    /// Bytes of the same.
    pub address_ticket_bytes_per_day: u64,
    /// Unsigned tickets and replies of a site in a day (UTC).
    pub site_tickets_per_day: u64,
    /// Bytes of the same.
    pub site_ticket_bytes_per_day: u64,
    /// Bytes of the database's disk that unsigned tickets and replies leave free.
    pub disk_floor_bytes: u64,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            unsent_bytes: None,
            unsent_files: None,
            address_bytes_per_day: 1_000_000_000,
            address_files_per_day: 1_000,
            site_bytes_per_day: 10_000_000_000,
            site_files_per_day: 20_000,
            disk_reserve_bytes: 1_000_000_000,
            address_tickets_per_day: 2_000,
            address_ticket_bytes_per_day: 100_000_000,
            site_tickets_per_day: 20_000,
            site_ticket_bytes_per_day: 2_000_000_000,
            disk_floor_bytes: 100_000_000,
        }
    }
}
