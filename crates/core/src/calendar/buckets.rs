//! Cutting a range into the units of a calendar.

use super::{Calendar, Error, Grain, Period};

/// How many buckets an answer may have.
pub const MAX_BUCKETS: u64 = 10_000;

/// One unit of a report, as far as the range reaches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bucket {
    /// The unit's name on the calendar; `total` for the whole range.
    pub label: String,
    /// The days of the unit that lie in the range.
    pub period: Period,
    /// Whether the range cuts the unit short.
    pub partial: bool,
}

impl Calendar {
    /// The units that tile `range`, in order, the first and last cut to it. The total is one bucket and never partial.
    ///
    /// # Errors
    /// [`Error::TooManyBuckets`] beyond [`MAX_BUCKETS`]; [`Error::HoursNeedAZone`] for hours (see
    /// [`hour_buckets`](super::hour_buckets)).
    pub fn buckets(&self, range: Period, grain: Grain) -> Result<Vec<Bucket>, Error> {
        match grain {
            Grain::Hour => return Err(Error::HoursNeedAZone),
            Grain::Total => {
                let label = self.name_of(range.start(), grain);
                return Ok(vec![Bucket {
                    label,
                    period: range,
                    partial: false,
                }]);
            }
            _ => {}
        }
        let (first, last) = (
            self.unit_of(range.start(), grain),
            self.unit_of(range.last_day(), grain),
        );
        let count = u64::from(last.abs_diff(first)) + 1;
        if count > MAX_BUCKETS {
            return Err(Error::TooManyBuckets {
                grain,
                count,
                limit: MAX_BUCKETS,
            });
        }
        (first..=last).map(|unit| self.bucket(unit, grain, range)).collect()
    }

    fn bucket(&self, unit: i32, grain: Grain, range: Period) -> Result<Bucket, Error> {
        let (start, end) = (self.unit_start(unit, grain), self.unit_start(unit + 1, grain));
        let period = Period::new(start.max(range.start()), end.min(range.end()))?;
        let partial = start < range.start() || end > range.end();
        Ok(Bucket {
            label: self.unit_name(unit, grain),
            period,
            partial,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_ends_of_a_range_are_cut_and_say_so() -> Result<(), Error> {
        let range = Period::new(date(2026, 1, 15), date(2026, 4, 1))?;
        let months: Vec<_> = Calendar::default()
            .buckets(range, Grain::Month)?
            .into_iter()
            .map(|bucket| (bucket.label, bucket.period.days(), bucket.partial))
            .collect();
        assert_eq!(
            months,
            [
                ("2026-01".into(), 17, true),
                ("2026-02".into(), 28, false),
                ("2026-03".into(), 31, false)
            ]
        );
        Ok(())
    }

    #[test]
    fn a_bucket_cut_on_both_sides_is_still_one() -> Result<(), Error> {
        let range = Period::new(date(2026, 2, 3), date(2026, 2, 5))?;
        let buckets = Calendar::default().buckets(range, Grain::Year)?;
        assert_eq!(
            buckets,
            [Bucket {
                label: "2026".into(),
                period: range,
                partial: true
            }]
        );
        let total = Calendar::default().buckets(range, Grain::Total)?;
        assert_eq!(
            total,
            [Bucket {
                label: "total".into(),
                period: range,
                partial: false
            }]
        );
        Ok(())
    }

    #[test]
    fn buckets_tile_their_range_at_every_grain() -> Result<(), Error> {
        let range = Period::new(date(2019, 12, 17), date(2024, 3, 2))?;
        for grain in [
            Grain::Day,
            Grain::Week,
            Grain::Month,
            Grain::Quarter,
            Grain::Year,
            Grain::Total,
        ] {
            let buckets = Calendar::default().buckets(range, grain)?;
            assert_eq!(buckets.first().map(|bucket| bucket.period.start()), Some(range.start()));
            assert_eq!(buckets.last().map(|bucket| bucket.period.end()), Some(range.end()));
            assert!(
                buckets
                    .windows(2)
                    .all(|pair| pair[0].period.end() == pair[1].period.start())
            );
            assert!(buckets.iter().skip(1).rev().skip(1).all(|bucket| !bucket.partial));
        }
        Ok(())
    }

    #[test]
    fn too_many_buckets_are_refused_before_they_are_made() -> Result<(), Error> {
        let ever = Period::new(Period::EARLIEST, Period::LATEST)?;
        let refused = Calendar::default().buckets(ever, Grain::Day).expect_err("too many");
        assert_eq!(
            refused,
            Error::TooManyBuckets {
                grain: Grain::Day,
                count: 3_648_407,
                limit: MAX_BUCKETS
            }
        );
        assert_eq!(Calendar::default().buckets(ever, Grain::Year)?.len(), 9_989);
        assert_eq!(
            Calendar::default().buckets(ever, Grain::Hour),
            Err(Error::HoursNeedAZone)
        );
        Ok(())
    }
}
