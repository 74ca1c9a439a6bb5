//! Events that can't be: each is rejected by itself, with the field and the reason, and its neighbours are stored.

use prost_reflect::prost_types::{Duration, Timestamp};
use scoreline_proto::{
    events::v1::{
        ActivityLogged, Attribute, CostIncurred, CurrencyRateSet, Event, EventAmended, EventVoided, LeadCreated,
        OpportunityOpened, OrderLine, OrderPlaced, RepJoined, Score, Split, SurveyAnswered, TargetSet, TimeSpent,
        WebTrafficRecorded, event::Payload, target_set,
    },
    ingestion::v1::{EventOutcome, EventResult},
    types::v1::{Date, DateRange, Money},
};

use super::Target;

fn text(text: &str) -> String {
    text.to_owned()
}

fn of(payload: impl Into<Option<Payload>>) -> Event {
    let occurred_at = Some(Timestamp {
        seconds: 1_704_067_200,
        nanos: 0,
    });
    Event {
        event_id: text("e"),
        source: text("hostile"),
        occurred_at,
        payload: payload.into(),
    }
}

fn lead(lead_id: &str) -> Payload {
    Payload::LeadCreated(LeadCreated {
        lead_id: text(lead_id),
        ..LeadCreated::default()
    })
}

fn at(seconds: i64, nanos: i32) -> Event {
    Event {
        occurred_at: Some(Timestamp { seconds, nanos }),
        ..of(lead("l"))
    }
}

fn order(lines: Vec<OrderLine>) -> Event {
    let (order_id, account_id) = (text("o"), text("a"));
    of(Payload::OrderPlaced(OrderPlaced {
        order_id,
        account_id,
        lines,
        ..OrderPlaced::default()
    }))
}

fn line(quantity: &str, currency: &str, units: i64, nanos: i32) -> OrderLine {
    let amount = Some(Money {
        currency_code: text(currency),
        units,
        nanos,
    });
    OrderLine {
        product_id: text("p"),
        quantity: text(quantity),
        amount,
        ..OrderLine::default()
    }
}

fn paid(currency: &str, units: i64, nanos: i32) -> Event {
    order(vec![line("1", currency, units, nanos)])
}

fn spent(seconds: i64, nanos: i32) -> Event {
    let duration = Some(Duration { seconds, nanos });
    of(Payload::TimeSpent(TimeSpent {
        rep_id: text("r"),
        kind: text("k"),
        duration,
        ..TimeSpent::default()
    }))
}

fn joined(year: i32, month: i32, day: i32) -> Event {
    let effective_date = Some(Date { year, month, day });
    of(Payload::RepJoined(RepJoined {
        rep_id: text("r"),
        effective_date,
        ..RepJoined::default()
    }))
}

fn opened(splits: &[(&str, &str)], kind: i32) -> Event {
    let splits = splits
        .iter()
        .map(|(rep, share)| Split {
            rep_id: text(rep),
            share: text(share),
        })
        .collect();
    let (opportunity_id, owner_id) = (text("o"), text("r"));
    of(Payload::OpportunityOpened(OpportunityOpened {
        opportunity_id,
        owner_id,
        splits,
        r#type: kind,
        ..OpportunityOpened::default()
    }))
}

fn answered(kind: i32, scores: &[&str]) -> Event {
    let scores = scores
        .iter()
        .map(|score| Score {
            criterion: String::new(),
            score: text(score),
        })
        .collect();
    let (account_id, rep_id) = (text("a"), text("r"));
    of(Payload::SurveyAnswered(SurveyAnswered {
        kind,
        account_id,
        rep_id,
        scores,
        ..SurveyAnswered::default()
    }))
}

fn rate(rate: &str) -> Event {
    of(Payload::CurrencyRateSet(CurrencyRateSet {
        from_currency_code: text("EUR"),
        to_currency_code: text("USD"),
        rate: text(rate),
        effective_date: Some(Date {
            year: 2024,
            month: 1,
            day: 1,
        }),
    }))
}

fn target(start: (i32, i32, i32), end: (i32, i32, i32)) -> Event {
    let day = |(year, month, day)| Some(Date { year, month, day });
    of(Payload::TargetSet(TargetSet {
        target_id: text("t"),
        scope: Some(target_set::Scope::RepId(text("r"))),
        metric_id: text("revenue"),
        period: Some(DateRange {
            start: day(start),
            end: day(end),
        }),
        amount: Some(target_set::Amount::Number(text("1"))),
        ..TargetSet::default()
    }))
}

fn amended(of_event: &str, replacement: Option<Event>) -> Event {
    let replacement = replacement.map(Box::new);
    of(Payload::EventAmended(Box::new(EventAmended {
        event_id: text(of_event),
        replacement,
    })))
}

fn with_attributes(count: usize, value: &str) -> Event {
    let attribute = |number| Attribute {
        name: format!("a{number}"),
        value: text(value),
    };
    let attributes = (0..count).map(attribute).collect();
    of(Payload::LeadCreated(LeadCreated {
        lead_id: text("l"),
        attributes,
        ..LeadCreated::default()
    }))
}

/// What is wrong, the reason, and the field.
type Row = (&'static str, Event, &'static str, &'static str);

fn envelopes() -> Vec<Row> {
    let id = |id: &str| Event {
        event_id: text(id),
        ..of(lead("l"))
    };
    let source = |source: &str| Event {
        source: text(source),
        ..of(lead("l"))
    };
    vec![
        ("nothing at all", Event::default(), "REQUIRED", "event_id"),
        ("no id", id(""), "REQUIRED", "event_id"),
        ("an id of 129 bytes", id(&"x".repeat(129)), "TOO_LONG", "event_id"),
        (
            "an id of 65 times two bytes",
            id(&"é".repeat(65)),
            "TOO_LONG",
            "event_id",
        ),
        ("an id with a line break", id("a\nb"), "CONTROL_CHARACTER", "event_id"),
        ("an id with a NUL", id("a\0"), "CONTROL_CHARACTER", "event_id"),
        ("an id with U+0085", id("a\u{85}"), "CONTROL_CHARACTER", "event_id"),
        ("no source", source(""), "REQUIRED", "source"),
        ("a source of 1 MB", source(&"s".repeat(1_000_000)), "TOO_LONG", "source"),
        (
            "no time",
            Event {
                occurred_at: None,
                ..of(lead("l"))
            },
            "REQUIRED",
            "occurred_at",
        ),
        ("no payload", of(None), "REQUIRED", "payload"),
        (
            "an empty lead",
            of(lead("")),
            "REQUIRED",
            "payload.lead_created.lead_id",
        ),
        (
            "a lead with an escape",
            of(lead("\u{1b}[31m")),
            "CONTROL_CHARACTER",
            "payload.lead_created.lead_id",
        ),
        (
            "17 attributes",
            with_attributes(17, "v"),
            "TOO_MANY",
            "payload.lead_created.attributes",
        ),
        (
            "100 000 attributes",
            with_attributes(100_000, "v"),
            "TOO_MANY",
            "payload.lead_created.attributes",
        ),
        (
            "an undeclared attribute",
            with_attributes(1, "v"),
            "SETTINGS_MISMATCH",
            "payload.lead_created.attributes[0].name",
        ),
        (
            "an empty value",
            with_attributes(1, ""),
            "REQUIRED",
            "payload.lead_created.attributes[0].value",
        ),
    ]
}

fn times() -> Vec<Row> {
    let effective = "payload.rep_joined.effective_date";
    let duration = "payload.time_spent.duration";
    let period = "payload.target_set.period.end";
    vec![
        ("the last second of i64", at(i64::MAX, 0), "OUT_OF_RANGE", "occurred_at"),
        (
            "the first second of i64",
            at(i64::MIN, 0),
            "OUT_OF_RANGE",
            "occurred_at",
        ),
        ("before 1970", at(-1, 0), "OUT_OF_RANGE", "occurred_at"),
        ("the year 2201", at(7_289_654_400, 0), "OUT_OF_RANGE", "occurred_at"),
        ("negative nanoseconds", at(0, -1), "OUT_OF_RANGE", "occurred_at"),
        ("the least nanoseconds", at(0, i32::MIN), "OUT_OF_RANGE", "occurred_at"),
        (
            "a billion nanoseconds",
            at(0, 1_000_000_000),
            "OUT_OF_RANGE",
            "occurred_at",
        ),
        ("the longest duration", spent(i64::MAX, 0), "OUT_OF_RANGE", duration),
        (
            "the shortest duration",
            spent(i64::MIN, i32::MIN),
            "OUT_OF_RANGE",
            duration,
        ),
        ("a negative duration", spent(-1, 0), "OUT_OF_RANGE", duration),
        ("signs that disagree", spent(1, -1), "OUT_OF_RANGE", duration),
        ("30 February", joined(2024, 2, 30), "NOT_A_DATE", effective),
        (
            "29 February of no leap year",
            joined(2023, 2, 29),
            "NOT_A_DATE",
            effective,
        ),
        ("the year 0", joined(0, 0, 0), "NOT_A_DATE", effective),
        (
            "the greatest date",
            joined(i32::MAX, i32::MAX, i32::MAX),
            "NOT_A_DATE",
            effective,
        ),
        (
            "the least date",
            joined(i32::MIN, i32::MIN, i32::MIN),
            "NOT_A_DATE",
            effective,
        ),
        ("month 13", joined(2024, 13, 1), "NOT_A_DATE", effective),
        (
            "a period of no days",
            target((2024, 1, 1), (2024, 1, 1)),
            "EMPTY_RANGE",
            period,
        ),
        (
            "a period backwards",
            target((2024, 2, 1), (2024, 1, 1)),
            "EMPTY_RANGE",
            period,
        ),
    ]
}

fn numbers() -> Vec<Row> {
    let amount = "payload.order_placed.lines[0].amount";
    let currency = "payload.order_placed.lines[0].amount.currency_code";
    let quantity = "payload.order_placed.lines[0].quantity";
    let share = "payload.opportunity_opened.splits[0].share";
    let count = |visits| {
        of(Payload::WebTrafficRecorded(WebTrafficRecorded {
            visits,
            ..WebTrafficRecorded::default()
        }))
    };
    let cost = CostIncurred {
        category: text("ads"),
        ..CostIncurred::default()
    };
    let mut rows = vec![
        ("the greatest amount", paid("EUR", i64::MAX, 0), "OUT_OF_RANGE", amount),
        ("the least amount", paid("EUR", i64::MIN, 0), "OUT_OF_RANGE", amount),
        ("the greatest nanos", paid("EUR", 1, i32::MAX), "OUT_OF_RANGE", amount),
        ("signs that disagree", paid("EUR", 1, -1_000), "SIGNS_DISAGREE", amount),
        ("a billionth", paid("EUR", 1, 1), "TOO_MANY_PLACES", amount),
        ("no currency", paid("", 1, 0), "REQUIRED", currency),
        ("an unknown currency", paid("ZZZ", 1, 0), "UNKNOWN_CURRENCY", currency),
        ("small letters", paid("eur", 1, 0), "UNKNOWN_CURRENCY", currency),
        (
            "a currency of 1 MB",
            paid(&"E".repeat(1_000_000), 1, 0),
            "UNKNOWN_CURRENCY",
            currency,
        ),
        (
            "two currencies",
            order(vec![line("1", "EUR", 1, 0), line("1", "USD", 1, 0)]),
            "CURRENCY_MISMATCH",
            "payload.order_placed.lines[1].amount",
        ),
        ("no lines", order(Vec::new()), "TOO_FEW", "payload.order_placed.lines"),
        (
            "1 001 lines",
            order(vec![line("1", "EUR", 1, 0); 1_001]),
            "TOO_MANY",
            "payload.order_placed.lines",
        ),
        (
            "no cost",
            of(Payload::CostIncurred(cost)),
            "REQUIRED",
            "payload.cost_incurred.amount",
        ),
        (
            "a negative count",
            count(-1),
            "OUT_OF_RANGE",
            "payload.web_traffic_recorded.visits",
        ),
        (
            "the greatest count",
            count(i64::MAX),
            "OUT_OF_RANGE",
            "payload.web_traffic_recorded.visits",
        ),
        (
            "a rate of zero",
            rate("0"),
            "OUT_OF_RANGE",
            "payload.currency_rate_set.rate",
        ),
        (
            "a negative rate",
            rate("-1"),
            "OUT_OF_RANGE",
            "payload.currency_rate_set.rate",
        ),
        ("no rate", rate(""), "REQUIRED", "payload.currency_rate_set.rate"),
        (
            "shares of 90 %",
            opened(&[("r", "0.5"), ("q", "0.4")], 1),
            "SHARES_DO_NOT_SUM",
            "payload.opportunity_opened.splits",
        ),
        ("a share above 1", opened(&[("r", "1.1")], 1), "OUT_OF_RANGE", share),
        (
            "a share of 7 places",
            opened(&[("r", "0.1234567")], 1),
            "TOO_MANY_PLACES",
            share,
        ),
        (
            "an overlong number",
            paid_quantity(&"9".repeat(100_000)),
            "OUT_OF_RANGE",
            quantity,
        ),
        (
            "overlong places",
            paid_quantity(&format!("0.{}", "1".repeat(100_000))),
            "TOO_MANY_PLACES",
            quantity,
        ),
    ];
    let no_decimals = [
        "NaN", "nan", "Infinity", "-inf", "1e5", "0x10", "1.2.3", "--1", "1_000", "1,5", " 1", "١", "１", "\0", "-",
        ".",
    ];
    rows.extend(no_decimals.map(|text| ("no decimal", paid_quantity(text), "NOT_A_DECIMAL", quantity)));
    rows
}

fn paid_quantity(quantity: &str) -> Event {
    order(vec![line(quantity, "EUR", 1, 0)])
}

fn choices_and_corrections() -> Vec<Row> {
    let activity = |kind| {
        of(Payload::ActivityLogged(ActivityLogged {
            kind,
            rep_id: text("r"),
            ..ActivityLogged::default()
        }))
    };
    let within = |payload: Payload| Event {
        payload: Some(payload),
        ..Event::default()
    };
    let again = EventAmended {
        event_id: text("y"),
        replacement: Some(Box::new(within(lead("l")))),
    };
    let voided = |event_id: &str| EventVoided {
        event_id: text(event_id),
        reason: String::new(),
    };
    let replacement = "payload.event_amended.replacement.payload";
    vec![
        (
            "an unknown kind",
            activity(99),
            "UNKNOWN_VALUE",
            "payload.activity_logged.kind",
        ),
        (
            "the least kind",
            activity(i32::MIN),
            "UNKNOWN_VALUE",
            "payload.activity_logged.kind",
        ),
        ("no kind", activity(0), "REQUIRED", "payload.activity_logged.kind"),
        (
            "an unknown type",
            opened(&[], i32::MAX),
            "UNKNOWN_VALUE",
            "payload.opportunity_opened.type",
        ),
        (
            "an unknown survey",
            answered(77, &["5"]),
            "UNKNOWN_VALUE",
            "payload.survey_answered.kind",
        ),
        (
            "a score of 11",
            answered(1, &["11"]),
            "OUT_OF_RANGE",
            "payload.survey_answered.scores[0].score",
        ),
        (
            "a score that is none",
            answered(2, &["NaN"]),
            "NOT_A_DECIMAL",
            "payload.survey_answered.scores[0].score",
        ),
        (
            "an amendment of nothing",
            amended("", Some(within(lead("l")))),
            "REQUIRED",
            "payload.event_amended.event_id",
        ),
        (
            "an amendment of itself",
            amended("e", Some(within(lead("l")))),
            "NOT_ALLOWED",
            "payload.event_amended.event_id",
        ),
        (
            "no replacement",
            amended("x", None),
            "REQUIRED",
            "payload.event_amended.replacement",
        ),
        (
            "an empty replacement",
            amended("x", Some(Event::default())),
            "REQUIRED",
            replacement,
        ),
        (
            "an amended amendment",
            amended("x", Some(within(Payload::EventAmended(Box::new(again))))),
            "NOT_ALLOWED",
            replacement,
        ),
        (
            "an amended voiding",
            amended("x", Some(within(Payload::EventVoided(voided("y"))))),
            "NOT_ALLOWED",
            replacement,
        ),
        (
            "a voiding of itself",
            of(Payload::EventVoided(voided("e"))),
            "NOT_ALLOWED",
            "payload.event_voided.event_id",
        ),
        (
            "a voiding of nothing",
            of(Payload::EventVoided(voided(""))),
            "REQUIRED",
            "payload.event_voided.event_id",
        ),
    ]
}

/// What is wrong with an answer to one of the rows.
fn complaint(row: &Row, result: &EventResult) -> Option<String> {
    let (what, _, reason, field) = row;
    let told = result.violations.first();
    let is_right = result.outcome() == EventOutcome::Rejected
        && told.is_some_and(|told| told.reason == *reason && told.field == *field && !told.description.is_empty())
        && told.is_some_and(|told| told.description.len() < 1_000);
    (!is_right).then(|| format!("{what}: expected {reason} at {field}, answered {:.400?}", result))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_impossible_event_is_rejected_with_its_field() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let rows: Vec<_> = [envelopes(), times(), numbers(), choices_and_corrections()]
        .into_iter()
        .flatten()
        .collect();
    let mut complaints = Vec::new();
    for (number, row) in (0..).zip(&rows) {
        // A good neighbour on either side: one bad event sinks nobody.
        let good = |side: &str| Event {
            event_id: format!("good-{number}-{side}"),
            ..of(lead("l"))
        };
        let answer = target
            .clients
            .ingest(vec![good("left"), row.1.clone(), good("right")])
            .await;
        match answer {
            Err(status) => complaints.push(format!("{}: the call fails with {status}", row.0)),
            Ok(answer) if (answer.accepted_count, answer.rejected_count) != (2, 1) => {
                complaints.push(format!(
                    "{}: accepted {}, {:.400?}",
                    row.0,
                    answer.accepted_count,
                    answer.results.get(1)
                ));
            }
            Ok(answer) => complaints.extend(complaint(row, &answer.results[1])),
        }
    }
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        rows.len(),
        complaints.join("\n")
    );
    assert!(rows.len() >= 85, "only {} rows", rows.len());
    target.still_serves().await
}
