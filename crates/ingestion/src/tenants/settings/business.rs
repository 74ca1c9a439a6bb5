//! Business hours between the wire and the core.

use std::collections::BTreeSet;

use jiff::{
    ToSpan as _,
    civil::{Date, Weekday, date},
};
use scoreline_core::calendar::BusinessHours;
use scoreline_proto::{
    Reason, encode,
    reader::Reader,
    tenants::v1 as wire,
    types::v1::{DayOfWeek, TimeOfDay},
};

/// One for every hour of the week.
const MAX_WORKING_HOURS: usize = 168;
const MAX_HOLIDAYS: usize = 2_000;
const WEEK: [(DayOfWeek, Weekday); 7] = [
    (DayOfWeek::Monday, Weekday::Monday),
    (DayOfWeek::Tuesday, Weekday::Tuesday),
    (DayOfWeek::Wednesday, Weekday::Wednesday),
    (DayOfWeek::Thursday, Weekday::Thursday),
    (DayOfWeek::Friday, Weekday::Friday),
    (DayOfWeek::Saturday, Weekday::Saturday),
    (DayOfWeek::Sunday, Weekday::Sunday),
];

/// The core's day of the week; `None` when none is stated.
pub(super) fn weekday(day: DayOfWeek) -> Option<Weekday> {
    WEEK.iter().find(|(wire, _)| *wire == day).map(|(_, weekday)| *weekday)
}

/// The wire's day of the week.
pub(super) fn wire_weekday(weekday: Weekday) -> DayOfWeek {
    WEEK.iter()
        .find(|(_, core)| *core == weekday)
        .map_or(DayOfWeek::Unspecified, |(day, _)| *day)
}

/// Reads business hours; absent: Monday to Friday, 9 to 17 o'clock.
pub(super) fn read(reader: &mut Reader, wire: Option<&wire::BusinessHours>) -> Option<BusinessHours> {
    let Some(wire) = wire else { return office_hours() };
    reader.within("business_hours", |reader| {
        if !reader.at_most("working_hours", wire.working_hours.len(), MAX_WORKING_HOURS)
            || !reader.at_most("holidays", wire.holidays.len(), MAX_HOLIDAYS)
        {
            return None;
        }
        let mut hours = reader.each("working_hours", &wire.working_hours, working_hours);
        let holidays = reader.each("holidays", &wire.holidays, |reader, date| reader.date("", Some(date)));
        hours.sort_by_key(|(_, span)| *span);
        let of_day = |weekday| {
            hours
                .iter()
                .filter(|(day, _)| *day == weekday)
                .map(|(_, span)| *span)
                .collect::<Vec<_>>()
        };
        let week = WEEK.map(|(_, weekday)| (weekday, of_day(weekday)));
        BusinessHours::new(week, holidays.into_iter().collect())
            .map_err(|error| reader.fault("working_hours", Reason::Mismatch, error.to_string()))
            .ok()
    })
}

fn office_hours() -> Option<BusinessHours> {
    let week = WEEK
        .into_iter()
        .take(5)
        .map(|(_, weekday)| (weekday, vec![(9 * 60, 17 * 60)]));
    BusinessHours::new(week, BTreeSet::new()).ok()
}

fn working_hours(reader: &mut Reader, wire: &wire::WorkingHours) -> Option<(Weekday, (u16, u16))> {
    let day = reader.required_choice("day_of_week", wire.day_of_week, weekday);
    let opens = minute(reader, "opens", wire.opens.as_ref());
    let closes = minute(reader, "closes", wire.closes.as_ref());
    let (day, opens, closes) = (day?, opens?, closes?);
    if opens >= closes {
        reader.fault("closes", Reason::EmptyRange, "must lie after they begin");
        return None;
    }
    Some((day, (opens, closes)))
}

/// Minutes after midnight.
fn minute(reader: &mut Reader, field: &'static str, time: Option<&TimeOfDay>) -> Option<u16> {
    let TimeOfDay { hour, minute } = *reader.present(field, time)?;
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) || (hour, minute) == (24, 0);
    if !valid {
        reader.fault(
            field,
            Reason::OutOfRange,
            format!("{hour}:{minute} is outside 0:00 to 24:00"),
        );
        return None;
    }
    u16::try_from(hour * 60 + minute).ok()
}

/// Writes business hours.
pub(super) fn write(hours: &BusinessHours) -> wire::BusinessHours {
    let of_day = |(day, weekday): (DayOfWeek, Weekday)| {
        let spans = hours.on(working_day(hours, weekday)).iter();
        spans.map(move |(opens, closes)| wire::WorkingHours {
            day_of_week: day.into(),
            opens: Some(time_of_day(*opens)),
            closes: Some(time_of_day(*closes)),
        })
    };
    wire::BusinessHours {
        working_hours: WEEK.into_iter().flat_map(of_day).collect(),
        holidays: hours.holidays().iter().map(|holiday| encode::date(*holiday)).collect(),
    }
}

/// A date of a weekday that is no holiday.
fn working_day(hours: &BusinessHours, weekday: Weekday) -> Date {
    let monday = date(1970, 1, 5);
    let mut days = monday.series(1.day()).filter(|day| day.weekday() == weekday);
    days.find(|day| !hours.holidays().contains(day)).unwrap_or(monday)
}

fn time_of_day(minutes: u16) -> TimeOfDay {
    TimeOfDay {
        hour: (minutes / 60).into(),
        minute: (minutes % 60).into(),
    }
}
