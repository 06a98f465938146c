//! Who is on call: the engineers of a team are support hero for a week each, in turn.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const WEEK: i64 = 7;

/// The rotas of all teams.
#[derive(Clone, Debug, PartialEq)]
pub struct OnCallRotas {
    /// The time zone in which days begin and end.
    pub zone: TimeZone,
    /// The turns by team name.
    pub teams: BTreeMap<String, Rotation>,
}

/// The rota of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The first day of the first engineer's first week.
    pub from: Date,
    /// The engineers in order.
    pub people: Vec<String>,
}

impl OnCallRotas {
    /// The support hero of a team; none if it has no rota.
    pub fn hero(&self, team: &str, now: Timestamp) -> Option<&str> {
        let turns = self.teams.get(team)?;
        let today = now.to_zoned(self.zone.clone()).date();
        let days = i64::from(today.since(turns.from).ok()?.get_days());
        let turn = days.div_euclid(WEEK).rem_euclid(i64::try_from(turns.people.len()).ok().filter(|count| *count > 0)?);
        turns.people.get(usize::try_from(turn).ok()?).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rota(zone: &str, people: &[&str]) -> OnCallRotas {
        let people = people.iter().map(|name| name.to_string()).collect();
        let turns = Rotation { from: "2026-11-23".parse().unwrap(), people };
        OnCallRotas { zone: TimeZone::get(zone).unwrap(), teams: [("growth".to_string(), turns)].into() }
    }

    #[test]
    fn on_call_changes_weekly_in_the_time_zone_of_the_team() {
        let berlin = rota("Europe/Berlin", &["Ana", "Ben", "Cho"]);
        for (now, hero) in [
            ("2026-11-23T00:00:00+01:00", "Ana"),
            ("2026-11-29T23:59:59+01:00", "Ana"),
            ("2026-11-30T00:00:00+01:00", "Ben"),
            ("2026-12-07T12:00:00+01:00", "Cho"),
            ("2026-12-14T12:00:00+01:00", "Ana"),
            // Across the change to summer time.
            ("2027-03-28T23:59:59+02:00", "Cho"),
            ("2027-03-29T00:00:00+02:00", "Ana"),
            // Before the first day, the order continues backwards.
            ("2026-11-22T23:59:59+01:00", "Cho"),
            ("2026-11-15T12:00:00+01:00", "Ben"),
        ] {
            assert_eq!(berlin.hero("growth", now.parse().unwrap()), Some(hero), "{now}");
        }
        assert_eq!(
            rota("Asia/Tokyo", &["Ana", "Ben"]).hero("growth", "2026-11-29T15:00:00Z".parse().unwrap()),
            Some("Ben")
        );
    }

    #[test]
    fn teams_without_a_rotation_have_nobody_on_call() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        assert_eq!(rota("UTC", &["Ana"]).hero("money", now), None);
        assert_eq!(rota("UTC", &[]).hero("growth", now), None);
    }
}
