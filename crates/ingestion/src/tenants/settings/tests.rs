use jiff::civil::date;
use scoreline_core::{
    calendar::{BusinessHours, RetailAnchor},
    policy::{CurrencyMode, Lifecycle},
};
use scoreline_proto::types::v1::{Date, DayOfWeek, TimeOfDay};

use super::*;

fn time(hour: i32, minute: i32) -> Option<TimeOfDay> {
    Some(TimeOfDay { hour, minute })
}

fn stage(name: &str, probability: &str) -> wire::Stage {
    wire::Stage {
        name: name.to_owned(),
        probability: probability.to_owned(),
        ..wire::Stage::default()
    }
}

fn pipeline(name: &str, default: bool, stages: Vec<wire::Stage>) -> wire::Pipeline {
    wire::Pipeline {
        name: name.to_owned(),
        default,
        stages,
    }
}

fn hours(day: DayOfWeek, opens: (i32, i32), closes: (i32, i32)) -> wire::WorkingHours {
    wire::WorkingHours {
        day_of_week: day.into(),
        opens: time(opens.0, opens.1),
        closes: time(closes.0, closes.1),
    }
}

/// Settings that differ from the defaults everywhere.
fn full() -> wire::Settings {
    wire::Settings {
        time_zone: "Europe/Berlin".to_owned(),
        reporting_currency_code: "EUR".to_owned(),
        fiscal_calendar: Some(wire::FiscalCalendar {
            year_start_month: 2,
            week_start: DayOfWeek::Sunday.into(),
            retail_pattern: wire::RetailPattern::RetailPattern454.into(),
            retail_anchor: wire::RetailAnchor::LastBefore.into(),
        }),
        business_hours: Some(wire::BusinessHours {
            working_hours: vec![
                hours(DayOfWeek::Monday, (13, 0), (24, 0)),
                hours(DayOfWeek::Monday, (8, 30), (12, 0)),
            ],
            holidays: vec![Date {
                year: 1970,
                month: 1,
                day: 5,
            }],
        }),
        customer_lifecycle: Some(wire::CustomerLifecycle {
            policy: Some(wire::customer_lifecycle::Policy::Subscription(
                wire::SubscriptionLifecycle {},
            )),
        }),
        revenue_source: wire::RevenueSource::WonOpportunities.into(),
        currency_mode: wire::CurrencyMode::FixedDate.into(),
        currency_fixed_date: Some(Date {
            year: 2026,
            month: 1,
            day: 2,
        }),
        crediting: wire::Crediting::Owner.into(),
        pipelines: vec![
            pipeline("partners", false, vec![stage("talk", "0")]),
            pipeline("direct", true, vec![stage("first", ""), stage("last", "0.125")]),
        ],
        attributes: vec!["language".to_owned(), "age_band".to_owned()],
        measures: vec![wire::DeclaredMeasure {
            name: "visits".to_owned(),
            unit: wire::MeasureUnit::Duration.into(),
        }],
        etag: String::new(),
    }
}

#[test]
fn what_is_not_stated_has_its_default() {
    let policies = defaults();
    let core = Policies::default();
    assert_eq!(
        Policies {
            business_hours: core.business_hours.clone(),
            ..policies.clone()
        },
        core
    );
    assert_eq!(policies.business_hours.on(date(2026, 3, 2)), [(540, 1020)], "a Monday");
    assert_eq!(policies.business_hours.on(date(2026, 3, 1)), [], "a Sunday");
}

#[test]
fn settings_are_read_as_they_are_meant() {
    let policies = read(&full()).expect("they are fine");
    let names: Vec<_> = policies
        .pipelines
        .iter()
        .map(|pipeline| pipeline.name.as_str())
        .collect();
    assert_eq!(names, ["direct", "partners"], "the default one first");
    assert_eq!(policies.pipelines[0].stages[0].probability_ppm, None);
    assert_eq!(policies.pipelines[0].stages[1].probability_ppm, Some(125_000));
    assert_eq!(
        policies.pipelines[1].stages[0].probability_ppm,
        Some(0),
        "0 is a probability"
    );
    assert_eq!(policies.lifecycle, Lifecycle::Subscription);
    assert_eq!(policies.currency_mode, CurrencyMode::Fixed(date(2026, 1, 2)));
    assert_eq!(
        policies.calendar.retail().expect("retail").anchor,
        RetailAnchor::LastBefore
    );
    assert_eq!(policies.business_hours.on(date(2026, 3, 2)), [(510, 720), (780, 1440)]);
}

#[test]
fn what_is_written_is_read_back() {
    let never = Policies {
        business_hours: BusinessHours::default(),
        ..defaults()
    };
    for policies in [defaults(), never, read(&full()).expect("they are fine")] {
        let written = write(&policies, "etag");
        assert_eq!(written.etag, "etag");
        assert_eq!(read(&written).expect("they are fine"), policies);
        assert_eq!(write(&read(&written).expect("they are fine"), "etag"), written);
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = wire::Settings {
        time_zone: "Mars/Olympus".to_owned(),
        reporting_currency_code: "EURO".to_owned(),
        fiscal_calendar: Some(wire::FiscalCalendar {
            year_start_month: 13,
            week_start: 9,
            retail_anchor: wire::RetailAnchor::Nearest.into(),
            ..wire::FiscalCalendar::default()
        }),
        business_hours: Some(wire::BusinessHours {
            working_hours: vec![
                hours(DayOfWeek::Monday, (9, 0), (9, 0)),
                hours(DayOfWeek::Unspecified, (9, 0), (24, 1)),
            ],
            holidays: vec![Date {
                year: 2026,
                month: 2,
                day: 30,
            }],
        }),
        customer_lifecycle: Some(wire::CustomerLifecycle {
            policy: Some(wire::customer_lifecycle::Policy::Transactional(
                wire::TransactionalLifecycle { window_days: -1 },
            )),
        }),
        revenue_source: 77,
        currency_mode: wire::CurrencyMode::FixedDate.into(),
        crediting: -1,
        pipelines: vec![
            pipeline("a", true, vec![]),
            pipeline("a", true, vec![stage("x", "1.1"), stage("x", "much")]),
        ],
        attributes: vec!["a".to_owned(), "a".to_owned(), String::new()],
        measures: vec![wire::DeclaredMeasure {
            name: String::new(),
            unit: 0,
        }],
        ..wire::Settings::default()
    };
    let problem = read(&wrong).expect_err("they are wrong");
    let Kind::InvalidArgument(violations) = problem.kind else {
        panic!("{problem:?}")
    };
    let fields: Vec<_> = violations
        .iter()
        .map(|one| one.field.trim_start_matches("settings."))
        .collect();
    let expected = [
        "time_zone",
        "fiscal_calendar.week_start",
        "fiscal_calendar.retail_anchor",
        "fiscal_calendar.year_start_month",
        "reporting_currency_code",
        "customer_lifecycle.transactional.window_days",
        "revenue_source",
        "currency_fixed_date",
        "crediting",
        "pipelines[0].stages",
        "pipelines[1].name",
        "pipelines[1].stages[0].probability",
        "pipelines[1].stages[1].name",
        "pipelines[1].stages[1].probability",
        "pipelines[1].default",
        "attributes[1]",
        "attributes[2]",
        "measures[0].name",
        "measures[0].unit",
        "business_hours.working_hours[0].closes",
        "business_hours.working_hours[1].day_of_week",
        "business_hours.working_hours[1].closes",
        "business_hours.holidays[0]",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn working_hours_of_a_day_do_not_overlap() {
    let settings = wire::Settings {
        business_hours: Some(wire::BusinessHours {
            working_hours: vec![
                hours(DayOfWeek::Friday, (9, 0), (12, 0)),
                hours(DayOfWeek::Friday, (11, 0), (13, 0)),
            ],
            holidays: Vec::new(),
        }),
        ..wire::Settings::default()
    };
    assert!(read(&settings).is_err());
}
