use proptest::prelude::*;
use scoreline_core::event::{Event, Payload};

use super::{READ, event, path};
use crate::{Reason, Violation, drawn, encode, events::v1 as wire, json};

/// Decodes an event of system `crm` with this payload, in JSON.
fn decode(payload: &str) -> Result<Event, Vec<Violation>> {
    let text = format!(r#"{{"eventId":"e1","source":"crm","occurredAt":"2026-03-01T09:30:00Z",{payload}}}"#);
    event(&json::read(&text).expect(payload))
}

/// The places and reasons of what is wrong with a payload.
fn faults(payload: &str) -> Vec<(String, Reason)> {
    let found = decode(payload).expect_err(payload);
    found
        .into_iter()
        .map(|violation| (violation.field, violation.reason))
        .collect()
}

fn fault(field: &str, reason: Reason) -> (String, Reason) {
    (field.to_owned(), reason)
}

#[test]
fn every_payload_of_the_core_is_read() {
    assert_eq!(READ, Payload::NAMES);
    let event = json::message("scoreline.events.v1.Event").expect("a message");
    let payload = event.oneofs().next().expect("a payload");
    let mut fields: Vec<_> = payload.fields().collect();
    fields.sort_by_key(|field| field.number());
    assert_eq!(
        fields.iter().map(|field| field.name()).collect::<Vec<_>>(),
        Payload::NAMES
    );
}

#[test]
fn an_order_is_read_with_its_amounts_in_micro_units() {
    let order = decode(
        r#""orderPlaced":{"orderId":"o1","accountId":"acme","lines":[
            {"productId":"p1","quantity":"2.5","amount":{"currencyCode":"EUR","units":"10","nanos":500000000}},
            {"amount":{"currencyCode":"EUR","units":"-1"},"cost":{"currencyCode":"EUR","nanos":1000}}]}"#,
    )
    .expect("an order");
    let Payload::OrderPlaced(order) = order.payload else {
        panic!("another payload")
    };
    assert_eq!(order.currency.code(), "EUR");
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line.quantity_milli, line.amount_micros, line.cost_micros))
        .collect();
    assert_eq!(lines, [(2_500, 10_500_000, None), (1_000, -1_000_000, Some(1))]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let wrong = wire::Event {
        event_id: String::new(),
        source: "x".repeat(129),
        occurred_at: Some(prost_types::Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        }),
        payload: None,
    };
    let found = event(&wrong).expect_err("nothing is right");
    let found: Vec<_> = found
        .iter()
        .map(|violation| (violation.to_string(), violation.reason))
        .collect();
    assert_eq!(
        found,
        [
            ("event_id: must not be empty".to_owned(), Reason::Required),
            ("source: has 129 bytes, the limit is 128".to_owned(), Reason::TooLong),
            (
                "occurred_at: 9223372036854775807 seconds since 1970 lie outside the years 1970 to 2200".to_owned(),
                Reason::OutOfRange
            ),
            ("payload: must be given".to_owned(), Reason::Required),
        ]
    );
}

#[test]
fn the_lines_of_an_order_are_checked_one_by_one() {
    let found = faults(
        r#""orderPlaced":{"lines":[
            {"amount":{"currencyCode":"EUR","units":"1","nanos":-1000}},
            {"quantity":"NaN","amount":{"currencyCode":"EUR","units":"1"}},
            {"amount":{"currencyCode":"USD","units":"1"}},
            {"cost":{"currencyCode":"euro","nanos":1}}]}"#,
    );
    let place = |rest: &str| format!("payload.order_placed.{rest}");
    assert_eq!(
        found,
        [
            (place("order_id"), Reason::Required),
            (place("lines[0].amount"), Reason::SignsDisagree),
            (place("lines[1].quantity"), Reason::NotADecimal),
            (place("lines[2].amount"), Reason::CurrencyMismatch),
            (place("lines[3].amount"), Reason::Required),
            (place("lines[3].cost.currency_code"), Reason::UnknownCurrency),
            (place("lines[3].cost"), Reason::TooManyPlaces),
        ]
    );
}

#[test]
fn an_order_has_one_to_a_thousand_lines_whose_sum_fits() {
    let lines = |line: &str, count: usize| {
        format!(
            r#""orderPlaced":{{"orderId":"o","lines":[{}]}}"#,
            vec![line; count].join(",")
        )
    };
    let one = r#"{"amount":{"currencyCode":"EUR","units":"1"}}"#;
    let huge = r#"{"amount":{"currencyCode":"EUR","units":"9223372036854"}}"#;
    let place = "payload.order_placed.lines";
    assert!(decode(&lines(one, 1_000)).is_ok());
    assert_eq!(faults(&lines(one, 0)), [fault(place, Reason::TooFew)]);
    assert_eq!(faults(&lines(one, 1_001)), [fault(place, Reason::TooMany)]);
    assert!(decode(&lines(huge, 1)).is_ok());
    assert_eq!(faults(&lines(huge, 2)), [fault(place, Reason::OutOfRange)]);
}

#[test]
fn what_is_refunded_is_positive() {
    let refund = |units: &str| {
        format!(
            r#""orderRefunded":{{"orderId":"o","lines":[{{"amount":{{"currencyCode":"EUR","units":"{units}"}}}}]}}"#
        )
    };
    assert!(decode(&refund("5")).is_ok());
    assert_eq!(
        faults(&refund("-5")),
        [fault("payload.order_refunded.lines[0].amount", Reason::OutOfRange)]
    );
}

#[test]
fn the_shares_of_a_deal_sum_to_one() {
    let splits = |list: &str| format!(r#""opportunityOpened":{{"opportunityId":"d","splits":[{list}]}}"#);
    let place = "payload.opportunity_opened.splits";
    assert!(
        decode(&splits(
            r#"{"repId":"a","share":"0.333333"},{"repId":"b","share":"0.666667"}"#
        ))
        .is_ok()
    );
    assert!(decode(&splits("")).is_ok());
    assert_eq!(
        faults(&splits(
            r#"{"repId":"a","share":"0.5"},{"repId":"b","share":"0.499999"}"#
        )),
        [fault(place, Reason::SharesDoNotSum)]
    );
    assert_eq!(
        faults(&splits(r#"{"repId":"a","share":"0.5"},{"repId":"a","share":"0.5"}"#)),
        [fault("payload.opportunity_opened.splits[1].rep_id", Reason::Repeated)]
    );
    assert_eq!(
        faults(&splits(r#"{"repId":"a","share":"1.1"}"#)),
        [fault("payload.opportunity_opened.splits[0].share", Reason::OutOfRange)]
    );
}

#[test]
fn unchanged_splits_are_told_from_none() {
    let updated = |splits: &str| {
        let event = decode(&format!(r#""opportunityUpdated":{{"opportunityId":"d"{splits}}}"#)).expect("an update");
        let Payload::OpportunityUpdated(updated) = event.payload else {
            panic!("another payload")
        };
        updated.splits.clone()
    };
    assert_eq!(updated(""), None);
    assert_eq!(updated(r#","splits":{}"#), Some(Vec::new()));
    assert_eq!(
        updated(r#","splits":{"splits":[{"repId":"a","share":"1"}]}"#).map(|splits| splits.len()),
        Some(1)
    );
}

#[test]
fn scores_keep_to_the_kind_of_survey() {
    let survey =
        |kind: &str, scores: &str| format!(r#""surveyAnswered":{{"kind":"SURVEY_KIND_{kind}","scores":[{scores}]}}"#);
    let milli = |payload: &str| {
        let Payload::SurveyAnswered(answer) = decode(payload).expect(payload).payload else {
            panic!("another payload")
        };
        answer.scores.iter().map(|score| score.milli).collect::<Vec<_>>()
    };
    assert_eq!(milli(&survey("NPS", r#"{"score":"9"}"#)), [9_000]);
    assert_eq!(milli(&survey("CSAT", r#"{"score":"4.5"}"#)), [4_500]);
    assert_eq!(
        milli(&survey(
            "SERVICE_QUALITY",
            r#"{"criterion":"speed","score":"3"},{"score":"5"}"#
        )),
        [3_000, 5_000]
    );

    let (scores, first) = (
        "payload.survey_answered.scores",
        "payload.survey_answered.scores[0].score",
    );
    assert_eq!(
        faults(&survey("NPS", r#"{"score":"11"}"#)),
        [fault(first, Reason::OutOfRange)]
    );
    assert_eq!(
        faults(&survey("NPS", r#"{"score":"7.5"}"#)),
        [fault(first, Reason::TooManyPlaces)]
    );
    assert_eq!(
        faults(&survey("NPS", r#"{"score":"7"},{"score":"8"}"#)),
        [fault(scores, Reason::TooMany)]
    );
    assert_eq!(
        faults(&survey("CSAT", r#"{"score":"0"}"#)),
        [fault(first, Reason::OutOfRange)]
    );
    assert_eq!(faults(&survey("CSAT", "")), [fault(scores, Reason::TooFew)]);
    assert_eq!(
        faults(&survey(
            "SERVICE_QUALITY",
            r#"{"criterion":"speed","score":"3"},{"criterion":"speed","score":"4"}"#
        )),
        [fault("payload.survey_answered.scores[1].criterion", Reason::Repeated)]
    );
}

#[test]
fn a_number_that_no_enumeration_knows_is_refused() {
    assert_eq!(
        faults(r#""activityLogged":{"kind":99,"direction":-1}"#),
        [
            fault("payload.activity_logged.direction", Reason::UnknownValue),
            fault("payload.activity_logged.kind", Reason::UnknownValue)
        ]
    );
    assert_eq!(
        faults(r#""activityLogged":{}"#),
        [fault("payload.activity_logged.kind", Reason::Required)]
    );
}

#[test]
fn attributes_are_few_distinct_and_in_the_order_of_their_names() {
    let lead = |attributes: &str| format!(r#""leadCreated":{{"leadId":"l","attributes":[{attributes}]}}"#);
    let event = decode(&lead(r#"{"name":"b","value":"2"},{"name":"a","value":"1"}"#)).expect("a lead");
    let Payload::LeadCreated(created) = event.payload else {
        panic!("another payload")
    };
    assert_eq!(
        created
            .attributes
            .iter()
            .map(|one| one.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );

    let place = "payload.lead_created.attributes";
    let same = r#"{"name":"a","value":"1"}"#;
    assert_eq!(faults(&lead(&[same, same].join(","))), [fault(place, Reason::Repeated)]);
    assert_eq!(faults(&lead(&[same; 17].join(","))), [fault(place, Reason::TooMany)]);
}

#[test]
fn a_measurement_has_a_value_of_one_of_three_kinds() {
    let measured = |value: &str| {
        let Payload::MeasurementRecorded(recorded) =
            decode(&format!(r#""measurementRecorded":{{"measure":"m",{value}}}"#))
                .expect(value)
                .payload
        else {
            panic!("another payload")
        };
        (recorded.value, recorded.currency.map(|currency| currency.to_string()))
    };
    assert_eq!(
        measured(r#""money":{"currencyCode":"JPY","units":"3"}"#),
        (3_000_000, Some("JPY".to_owned()))
    );
    assert_eq!(measured(r#""number":"-2.5""#), (-2_500, None));
    // A length of time and its seconds as a number are the same.
    assert_eq!(measured(r#""duration":"90.5s""#), (90_500, None));
    assert_eq!(measured(r#""number":"90.5""#), (90_500, None));
    assert_eq!(
        faults(r#""measurementRecorded":{"measure":"m"}"#),
        [fault("payload.measurement_recorded.value", Reason::Required)]
    );
}

#[test]
fn a_target_states_its_scope_period_and_amount() {
    let target = |rest: &str| format!(r#""targetSet":{{"targetId":"t","metricId":"bookings"{rest}}}"#);
    let whole = r#","repId":"r","period":{"start":{"year":2026,"month":1,"day":1},"end":{"year":2026,"month":4,"day":1}},
        "money":{"currencyCode":"EUR","units":"100000"},"ramp":["0.25","0.5"]"#;
    let Payload::TargetSet(set) = decode(&target(whole)).expect("a target").payload else {
        panic!("another payload")
    };
    assert_eq!(
        (set.amount, set.ramp_ppm.clone()),
        (100_000_000_000, vec![250_000, 500_000])
    );
    assert_eq!(
        faults(&target("")),
        ["scope", "period", "amount"].map(|field| fault(&format!("payload.target_set.{field}"), Reason::Required))
    );
    let empty = whole.replace("2026,\"month\":4", "2026,\"month\":1");
    assert_eq!(
        faults(&target(&empty)),
        [fault("payload.target_set.period.end", Reason::EmptyRange)]
    );
}

#[test]
fn a_rate_is_positive_and_between_two_currencies() {
    let rate = |to: &str, rate: &str| {
        format!(r#""currencyRateSet":{{"fromCurrencyCode":"EUR","toCurrencyCode":"{to}","rate":"{rate}"}}"#)
    };
    assert!(decode(&rate("USD", "1.0845")).is_ok());
    assert_eq!(
        faults(&rate("USD", "0")),
        [fault("payload.currency_rate_set.rate", Reason::OutOfRange)]
    );
    assert_eq!(
        faults(&rate("USD", "Infinity")),
        [fault("payload.currency_rate_set.rate", Reason::NotADecimal)]
    );
    assert_eq!(
        faults(&rate("EUR", "1")),
        [fault("payload.currency_rate_set.to_currency_code", Reason::NotAllowed)]
    );
}

#[test]
fn an_amendment_replaces_another_event_by_what_is_no_correction() {
    let amended = |replacement: &str| format!(r#""eventAmended":{{"eventId":"e0","replacement":{{{replacement}}}}}"#);
    let lead = r#""leadQualified":{"leadId":"l"}"#;
    let event = decode(&amended(&format!(r#""occurredAt":"2026-02-01T00:00:00Z",{lead}"#))).expect("an amendment");
    let Payload::EventAmended(found) = event.payload else {
        panic!("another payload")
    };
    assert_eq!((found.event.as_str(), found.payload.name()), ("e0", "lead_qualified"));
    assert!(found.occurred_at.is_some());
    assert_eq!(
        path(&found.into()),
        "payload.event_amended.replacement.payload.lead_qualified"
    );
    assert!(decode(&amended(&format!(r#""eventId":"e0","source":"crm",{lead}"#))).is_ok());

    let place = |rest: &str| format!("payload.event_amended.{rest}");
    assert_eq!(
        faults(&amended(&format!(r#""eventId":"e9","source":"shop",{lead}"#))),
        [
            (place("replacement.event_id"), Reason::Mismatch),
            (place("replacement.source"), Reason::Mismatch)
        ]
    );
    assert_eq!(
        faults(&amended(r#""eventVoided":{"eventId":"e9"}"#)),
        [(place("replacement.payload"), Reason::NotAllowed)]
    );
    assert_eq!(faults(&amended("")), [(place("replacement.payload"), Reason::Required)]);
    assert_eq!(
        faults(r#""eventAmended":{"eventId":"e0"}"#),
        [(place("replacement"), Reason::Required)]
    );
    assert_eq!(
        faults(r#""eventVoided":{"eventId":"e1"}"#),
        [fault("payload.event_voided.event_id", Reason::NotAllowed)]
    );
}

#[test]
fn the_same_event_written_otherwise_has_the_same_canonical_bytes() {
    let one = decode(
        r#""timeSpent":{"repId":"r","kind":"travel","duration":"60s","attributes":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}"#,
    );
    let two = decode(
        r#""timeSpent":{"repId":"r","kind":"travel","duration":"60.0004s","attributes":[{"name":"b","value":"2"},{"name":"a","value":"1"}]}"#,
    );
    let other = decode(r#""timeSpent":{"repId":"r","kind":"travel","duration":"61s"}"#);
    let bytes = |event: Result<Event, Vec<Violation>>| encode::canonical_bytes(&event.expect("an event"));
    let one = bytes(one);
    assert_eq!(one, bytes(two));
    assert_ne!(one, bytes(other));
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(seed: u64, kind in 0..Payload::NAMES.len()) {
        let drawn = drawn::event(&mut drawn::Source::new(seed), kind);
        prop_assert_eq!(drawn.payload.name(), Payload::NAMES[kind]);
        prop_assert_eq!(event(&encode::event(&drawn)), Ok(drawn));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(wire) = <wire::Event as prost::Message>::decode(bytes.as_slice()) {
            let _ = event(&wire);
        }
    }

    /// Most damaged messages do not decode; those that do are events, or are refused.
    #[test]
    fn no_damaged_event_panics(seed: u64, kind in 0..Payload::NAMES.len(), at: prop::sample::Index, byte: u8) {
        let mut bytes = encode::canonical_bytes(&drawn::event(&mut drawn::Source::new(seed), kind));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(wire) = <wire::Event as prost::Message>::decode(bytes.as_slice()) {
            let _ = event(&wire);
        }
    }
}
