//! How long solved tickets are kept: `keep` of a site. Whatever is open is never erased by itself.

use std::convert::Infallible;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use crate::app::App;
use crate::attachments::sweep;
use crate::clock;
use crate::store::{ErasureCounts, StoreError, TicketHead};
use domain::ticket::Status;

const EVERY: Duration = Duration::from_secs(3600);
/// How many tickets are erased in one transaction: whoever else writes waits no longer than for these.
const CHUNK: u32 = 20;
/// And how long others may write in between.
const PAUSE: Duration = Duration::from_millis(50);
/// How long it is remembered that a submission was erased. A device asks its owner before it sends what is older than a day.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(180 * 24);
/// The shortest time that a site may keep tickets, in days.
const DAYS_MIN: i64 = 7;

/// How long solved tickets are kept after their last update.
#[derive(Clone, Copy, Debug)]
pub struct Retention(Span);

impl Retention {
    /// Reads `18 months`, `2 years`, `90 days` or `1 year 6 months`; or what is wrong with it.
    pub fn parse(text: &str) -> Result<Retention, String> {
        let wrong = || {
            format!("{text:?} is no time of {DAYS_MIN} days or more, such as \"18 months\", \"2 years\" or \"90 days\"")
        };
        let span: Span = text.parse().map_err(|_| wrong())?;
        let whole_days = span.get_hours() == 0
            && span.get_minutes() == 0
            && span.get_seconds() == 0
            && span.get_milliseconds() == 0
            && span.get_microseconds() == 0
            && span.get_nanoseconds() == 0;
        let retention = Retention(span);
        let now = clock::timestamp();
        let is_long = retention
            .cutoff(now)
            .is_some_and(|cutoff| now.duration_since(cutoff) >= SignedDuration::from_hours(24 * DAYS_MIN));
        if whole_days && is_long { Ok(retention) } else { Err(wrong()) }
    }

    /// What was updated last before this is not kept at a time; none where that is before all time.
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        Some(now.to_zoned(TimeZone::UTC).checked_sub(self.0).ok()?.timestamp())
    }
}

/// Erases what is not kept, once an hour, for as long as it runs.
pub async fn run(app: &App) -> Infallible {
    loop {
        if let Err(error) = enforce(app, clock::timestamp()).await {
            tracing::warn!(%error, "retention failed");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Erases what is not kept at a time.
pub async fn enforce(app: &App, now: Timestamp) -> Result<ErasureCounts, StoreError> {
    app.store.forget_erased_submissions(&clock::written(now - REMEMBERED)).await?;
    let mut all = ErasureCounts::default();
    for (site, keep) in app.sites.iter().filter_map(|(name, site)| Some((name, site.keep?))) {
        let Some(cutoff) = keep.cutoff(now) else { continue };
        let before = clock::written(cutoff);
        let mut erased = ErasureCounts::default();
        let is_over = |head: &TicketHead| is_over(head, site, &before);
        loop {
            let tickets = app.store.solved_before(site, &before, CHUNK).await?;
            let counts = app.store.erase_tickets(&tickets, &clock::written(now), &is_over).await?;
            erased = erased.plus(counts);
            // What was opened again meanwhile is not among the next; nothing is found for ever.
            if counts.tickets == 0 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if erased.tickets > 0 {
            tracing::info!(site, tickets = erased.tickets, files = erased.files, before, "retention erased tickets");
        }
        all = all.plus(erased);
    }
    if all.tickets > 0 {
        sweep::remove_deleted(app.store.as_ref(), &app.folder.folder).await?;
        super::erase::empty_log(app.store.as_ref()).await?;
    }
    Ok(all)
}

/// Whether a ticket of a site is solved and was updated last before a time.
fn is_over(head: &TicketHead, site: &str, before: &str) -> bool {
    head.site == site && head.status == Some(Status::Solved) && head.updated_at.as_str() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_keep_is_counted_back_by_the_calendar() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (text, cutoff) in [
            ("18 months", "2025-05-28T12:00:00Z"),
            ("2 years", "2024-11-28T12:00:00Z"),
            ("1 year 6 months", "2025-05-28T12:00:00Z"),
            ("90 days", "2026-08-30T12:00:00Z"),
            ("8 weeks", "2026-10-03T12:00:00Z"),
        ] {
            assert_eq!(Retention::parse(text).unwrap().cutoff(now).unwrap().to_string(), cutoff, "{text}");
        }
        for bad in ["", "for ever", "6 days", "0 months", "-2 years", "200 hours", "18", "2 years 3 hours"] {
            assert!(Retention::parse(bad).unwrap_err().contains("18 months"), "{bad}");
        }
    }
}
