//! Dates and times as files write them.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    fmt::strtime::{self, BrokenDownTime},
    tz::TimeZone,
};

/// What is tried when a mapping names no format.
const USUAL: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
];

/// The instant of a text. A date alone has the time `at`; a time without an offset is on the clocks of `zone`.
pub(super) fn instant(text: &str, formats: &[String], at: Time, zone: &TimeZone) -> Result<Timestamp, String> {
    first(text, formats, |read, format| {
        if let Ok(instant) = read.to_timestamp() {
            return Ok(instant);
        }
        if format.ends_with('Z') {
            return read
                .to_datetime()?
                .to_zoned(TimeZone::UTC)
                .map(|zoned| zoned.timestamp());
        }
        let local = if read.hour().is_some() {
            read.to_datetime()?
        } else {
            read.to_date()?.to_datetime(at)
        };
        local.to_zoned(zone.clone()).map(|zoned| zoned.timestamp())
    })
}

/// The date of a text.
pub(super) fn date(text: &str, formats: &[String]) -> Result<Date, String> {
    first(text, formats, |read, _| read.to_date())
}

fn first<T>(
    text: &str,
    formats: &[String],
    convert: impl Fn(&BrokenDownTime, &str) -> Result<T, jiff::Error>,
) -> Result<T, String> {
    let usual = USUAL.iter().copied();
    let formats: Vec<&str> = if formats.is_empty() {
        usual.collect()
    } else {
        formats.iter().map(String::as_str).collect()
    };
    for format in &formats {
        if let Ok(read) = strtime::parse(format, text)
            && let Ok(converted) = convert(&read, format)
        {
            return Ok(converted);
        }
    }
    Err(format!(
        "{text:?} is no date or time of the form {}",
        formats.join(" or ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, format: &[&str], zone: &str) -> Result<String, String> {
        let formats: Vec<String> = format.iter().map(|format| (*format).to_owned()).collect();
        let zone = TimeZone::get(zone).expect("a zone");
        instant(text, &formats, Time::constant(12, 0, 0, 0), &zone).map(|instant| instant.to_string())
    }

    #[test]
    fn usual_forms_need_no_format() {
        assert_eq!(read("2016-10-20", &[], "UTC").as_deref(), Ok("2016-10-20T12:00:00Z"));
        assert_eq!(
            read("2018-02-26 19:58:00", &[], "UTC").as_deref(),
            Ok("2018-02-26T19:58:00Z")
        );
        assert_eq!(
            read("2018-02-26T19:58:00.25Z", &[], "Europe/Berlin").as_deref(),
            Ok("2018-02-26T19:58:00.25Z")
        );
        assert_eq!(
            read("2018-02-26T19:58:00+01:00", &[], "UTC").as_deref(),
            Ok("2018-02-26T18:58:00Z")
        );
    }

    #[test]
    fn a_zone_decides_what_no_offset_decides() {
        assert_eq!(
            read("2018-07-01 10:00", &[], "Europe/Berlin").as_deref(),
            Ok("2018-07-01T08:00:00Z")
        );
        // Midnight did not happen in São Paulo that day: clocks went from 24:00 to 01:00.
        let berlin = read("2018-11-04 00:00", &[], "America/Sao_Paulo");
        assert_eq!(berlin.as_deref(), Ok("2018-11-04T03:00:00Z"));
    }

    #[test]
    fn other_forms_are_named() {
        assert_eq!(
            read("5 may 2008", &["%d %b %Y"], "UTC").as_deref(),
            Ok("2008-05-05T12:00:00Z")
        );
        assert_eq!(
            read("31.12.2017", &["%m/%d/%Y", "%d.%m.%Y"], "UTC").as_deref(),
            Ok("2017-12-31T12:00:00Z")
        );
        assert_eq!(
            read("1500000000", &["%s"], "UTC").as_deref(),
            Ok("2017-07-14T02:40:00Z")
        );
        let error = read("2017-02-30", &[], "UTC").expect_err("no such day");
        assert!(error.contains("2017-02-30"), "{error}");
    }
}
