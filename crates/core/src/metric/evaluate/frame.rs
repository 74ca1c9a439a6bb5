//! Frames: the stretches of time of a question, and those that they are compared with, one for one.

use std::ops::Range;

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{Error, Question};
use crate::{
    calendar::{Calendar, Grain, Period, TimeZone, day_number, hour_buckets},
    policy::Policies,
    rational::Rational,
};

/// The stretches of a question, or their counterparts in another time; `None` where time has no such period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) stretches: Vec<Option<Stretch>>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stretch {
    pub(super) label: String,
    /// As asked: what targets are set for.
    pub(super) whole: Period,
    /// Up to and including today.
    pub(super) so_far: Period,
    /// Exact instants, for hours and for another zone than the tenant's.
    pub(super) instants: Option<Range<Timestamp>>,
    pub(super) partial: bool,
}

/// Another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Previous,
    LastYear,
    Months(i32),
}

/// What a question's days are cut by.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    calendar: Calendar,
    zone: TimeZone,
    foreign: bool,
    grain: Grain,
    /// The business date of now, in the question's zone.
    pub(super) today: Date,
}

impl Clock {
    pub(super) fn new(question: &Question, policies: &Policies) -> Self {
        let zone = question.time_zone.clone().unwrap_or_else(|| policies.time_zone.clone());
        let foreign = zone != policies.time_zone;
        let today = zone.date_of(question.now);
        Self {
            calendar: policies.calendar,
            zone,
            foreign,
            grain: question.grain,
            today,
        }
    }

    pub(super) fn zone_name(&self) -> &str {
        self.zone.name()
    }

    /// The stretches of a range.
    pub(super) fn frame(&self, range: Period) -> Result<Frame, Error> {
        if self.grain == Grain::Hour {
            let hours = hour_buckets(range, &self.zone)?.into_iter().map(|hour| {
                let day = self.zone.date_of(hour.start);
                let whole = Period::inclusive(day, day).ok()?;
                let instants = Some(hour.start..hour.end);
                Some(Stretch {
                    label: hour.label,
                    whole,
                    so_far: whole,
                    instants,
                    partial: hour.partial,
                })
            });
            return Ok(Frame {
                stretches: hours.collect(),
            });
        }
        let buckets = self.calendar.buckets(range, self.grain)?.into_iter();
        let stretches = buckets.map(|bucket| Some(self.stretch(bucket.label, bucket.period, bucket.partial)));
        Ok(Frame {
            stretches: stretches.collect(),
        })
    }

    fn stretch(&self, label: String, whole: Period, cut: bool) -> Stretch {
        let today = Period::inclusive(whole.start(), self.today.max(whole.start())).unwrap_or(whole);
        let begun = whole.start() <= self.today;
        let so_far = if begun {
            whole.intersection(today).unwrap_or(whole)
        } else {
            whole
        };
        let partial = cut || so_far != whole || !begun;
        Stretch {
            label,
            whole,
            so_far,
            instants: self.instants(so_far),
            partial,
        }
    }

    fn instants(&self, period: Period) -> Option<Range<Timestamp>> {
        self.foreign
            .then(|| self.zone.start_of_day(period.start())..self.zone.start_of_day(period.end()))
    }

    /// The counterparts of a frame's stretches. To-date has its counterpart in to-date.
    pub(super) fn shifted(&self, frame: &Frame, step: Step) -> Result<Frame, Error> {
        if step == Step::Months(0) {
            return Ok(frame.clone());
        }
        let stretches = frame.stretches.iter().map(|stretch| match stretch {
            Some(stretch) if self.grain == Grain::Hour => hour_before(stretch, step).map(Some),
            Some(stretch) => Ok(self.counterpart(stretch, step)),
            None => Ok(None),
        });
        Ok(Frame {
            stretches: stretches.collect::<Result<_, Error>>()?,
        })
    }

    fn counterpart(&self, stretch: &Stretch, step: Step) -> Option<Stretch> {
        let period = match step {
            Step::Previous => self.calendar.previous_by(stretch.so_far, self.grain_of(stretch.whole)),
            Step::LastYear => self.calendar.same_period_last_year(stretch.so_far),
            Step::Months(months) => months_earlier(stretch.so_far, months),
        };
        let period = period.ok()?;
        Some(Stretch {
            label: stretch.label.clone(),
            whole: period,
            so_far: period,
            instants: self.instants(period),
            partial: false,
        })
    }

    /// The grain of a stretch: the question's, or for the whole range the one that the range shows by itself.
    pub(super) fn grain_of(&self, whole: Period) -> Grain {
        if self.grain == Grain::Total {
            self.calendar.natural_grain(whole)
        } else {
            self.grain
        }
    }

    /// The grain of which a stretch is one unit; [`Grain::Total`] when a whole range is several.
    pub(super) fn unit_of(&self, whole: Period) -> Grain {
        let grain = self.grain_of(whole);
        let unit = |date| self.calendar.unit_of(date, grain);
        if unit(whole.start()) == unit(whole.last_day()) {
            grain
        } else {
            Grain::Total
        }
    }
}

fn hour_before(stretch: &Stretch, step: Step) -> Result<Stretch, Error> {
    match (&stretch.instants, step) {
        (Some(instants), Step::Previous) => {
            let start = instants
                .start
                .saturating_sub(instants.start.duration_until(instants.end));
            let start = start.map_err(|_| Error::invalid("grain", "reaches before the beginning of time"))?;
            Ok(Stretch {
                instants: Some(start..instants.start),
                ..stretch.clone()
            })
        }
        _ => Err(Error::invalid(
            "grain",
            "is hour: hours are compared with the hour before only",
        )),
    }
}

fn months_earlier(period: Period, months: i32) -> Result<Period, crate::calendar::Error> {
    let back = |date: Date| date.saturating_sub(months.months());
    let start = back(period.start());
    if period.end().day() == 1 {
        return Period::new(start, back(period.end()));
    }
    Period::inclusive(start, back(period.last_day()))
}

/// The length of a period in calendar months: whole months count 1, others by their days.
pub(super) fn months(period: Period) -> Rational {
    let mut start = period.start();
    let mut sum = Rational::ZERO;
    while start < period.end() {
        let first = start.first_of_month();
        let next = first.saturating_add(1.month());
        let days = i128::from(day_number(next.min(period.end())) - day_number(start));
        let part = Rational::new(days, i128::from(first.days_in_month())).unwrap_or(Rational::ZERO);
        sum = sum.checked_add(part).unwrap_or(sum);
        start = next;
    }
    sum
}
