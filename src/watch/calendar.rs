use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::WatchError;
use crate::model::Moment;
use crate::spec;

/// When a schedule in a time zone falls due. Its times are those on the wall: on the day
/// that clocks are set forward, a time that there is not is taken an hour later; on the
/// day that they are set back, one that there is twice is taken the first time.
pub struct Calendar {
    schedule: croner::Cron,
    zone: TimeZone,
}

impl Calendar {
    /// That of a scheduler.
    ///
    /// # Errors
    /// When the schedule or the zone is none; reading the file has refused such.
    pub fn new(cron: &spec::Cron) -> Result<Self, WatchError> {
        let refuse = |what: &str, why: String| WatchError::Refused(format!("{what}: {why}"));
        Ok(Self {
            schedule: croner::Cron::from_str(&cron.schedule)
                .map_err(|error| refuse(&cron.schedule, error.to_string()))?,
            zone: TimeZone::get(&cron.zone)
                .map_err(|error| refuse(&cron.zone, error.to_string()))?,
        })
    }

    /// The last time that was due at a moment, or before it.
    pub fn last_by(&self, now: Moment) -> Option<(DateTime, Moment)> {
        // Where clocks are set back, the hour before may be the later one.
        let mut wall = self
            .wall(now)?
            .checked_add(jiff::Span::new().hours(3))
            .ok()?;
        loop {
            wall = self.schedule.find_previous_occurrence(&wall, false).ok()?;
            let at = self.moment(wall)?;
            if at <= now {
                return Some((wall, at));
            }
        }
    }

    /// The next time that falls due after a moment.
    pub fn next_after(&self, now: Moment) -> Option<(DateTime, Moment)> {
        let mut wall = self
            .wall(now)?
            .checked_sub(jiff::Span::new().hours(3))
            .ok()?;
        loop {
            wall = self.schedule.find_next_occurrence(&wall, false).ok()?;
            let at = self.moment(wall)?;
            if at > now {
                return Some((wall, at));
            }
        }
    }

    fn wall(&self, at: Moment) -> Option<DateTime> {
        let at = Timestamp::from_millisecond(at.0).ok()?;
        Some(self.zone.to_datetime(at))
    }

    fn moment(&self, wall: DateTime) -> Option<Moment> {
        let at = self.zone.to_timestamp(wall).ok()?;
        Some(Moment(at.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(schedule: &str) -> Calendar {
        Calendar::new(&spec::Cron {
            schedule: schedule.to_owned(),
            zone: "Europe/Berlin".to_owned(),
            only_if_changed: false,
            force_every: None,
            catch_up: true,
        })
        .expect("a schedule")
    }

    fn at(time: &str) -> Moment {
        let time: Timestamp = time.parse().expect("a time");
        Moment(time.as_millisecond())
    }

    fn count(calendar: &Calendar, from: &str, to: &str) -> usize {
        let (mut now, end, mut count) = (at(from), at(to), 0);
        while let Some((_, next)) = calendar.next_after(now).filter(|(_, next)| *next <= end) {
            (now, count) = (next, count + 1);
        }
        count
    }

    #[test]
    fn a_nightly_run_is_due_once_on_days_with_a_gap_and_with_an_hour_twice() {
        let calendar = berlin("30 2 * * *");
        // Clocks go forward on 29 March 2026 and back on 25 October 2026.
        for (from, to) in [
            ("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
            ("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        ] {
            assert_eq!(count(&calendar, from, to), 1, "{from}");
        }
        let gap = calendar.next_after(at("2026-03-28T12:00:00Z"));
        assert_eq!(gap.map(|(_, at)| at), Some(at("2026-03-29T01:30:00Z")));
        let twice = calendar.next_after(at("2026-10-24T12:00:00Z"));
        assert_eq!(twice.map(|(_, at)| at), Some(at("2026-10-25T00:30:00Z")));
        let between = calendar.last_by(at("2026-10-25T01:10:00Z"));
        assert_eq!(between.map(|(_, at)| at), Some(at("2026-10-25T00:30:00Z")));
    }

    #[test]
    fn a_year_has_as_many_nights_as_days() {
        let calendar = berlin("30 2 * * *");
        let nights = count(&calendar, "2026-01-01T12:00:00Z", "2027-01-01T12:00:00Z");
        assert_eq!(nights, 365);
    }

    #[test]
    fn the_last_and_the_next_time_have_nothing_between_them() {
        let calendar = berlin("*/20 * * * *");
        let mut now = at("2026-10-24T22:00:00Z");
        while now < at("2026-10-25T04:00:00Z") {
            let (_, last) = calendar.last_by(now).expect("one");
            let (_, next) = calendar.next_after(now).expect("one");
            assert!(last <= now && now < next, "{now:?}");
            let after = calendar.next_after(last).map(|(_, at)| at);
            assert_eq!(after, Some(next), "{now:?}");
            now = now.plus(std::time::Duration::from_secs(420));
        }
    }
}
