use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use jiff::civil::date;
use scoreline_core::{event::Payload, policy::Policies};
use scoreline_proto::{decode, encode};

use super::*;

fn plan(seed: u64, scale: f64) -> Plan {
    Plan {
        seed,
        scale,
        today: date(2026, 11, 21),
    }
}

fn hash(events: &[Event]) -> u64 {
    let mut hasher = DefaultHasher::new();
    events
        .iter()
        .for_each(|event| encode::canonical_bytes(event).hash(&mut hasher));
    hasher.finish()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first = hash(&generate(&plan(42, 0.05)));
    assert_eq!(first, hash(&generate(&plan(42, 0.05))));
    assert_ne!(first, hash(&generate(&plan(43, 0.05))));
}

#[test]
fn the_whole_organisation_is_as_large_as_promised_and_every_event_is_valid() {
    let plan = plan(1, 1.0);
    let events = generate(&plan);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let policies = Policies::default();
    let end = plan
        .today
        .to_zoned(jiff::tz::TimeZone::UTC)
        .expect("a date of this century")
        .timestamp();
    for event in &events {
        *counts.entry(event.payload.name()).or_default() += 1;
        assert!(ids.insert(&event.id), "{} is told twice", event.id);
        assert!(event.occurred_at < end, "{event:?} has not happened yet");
        assert_eq!(decode::event(&encode::event(event)).as_ref(), Ok(event));
        assert_eq!(policies.payload_violations(&event.payload), [], "{event:?}");
    }
    let at_least = |name: &str, count: usize| {
        let told = counts.get(name).copied().unwrap_or_default();
        assert!(told >= count, "{told} {name}, {count} are promised: {counts:#?}");
    };
    for name in Payload::NAMES.iter().filter(|name| **name != "measurement_recorded") {
        at_least(name, 1);
    }
    at_least("lead_created", LEADS);
    at_least("opportunity_opened", OPPORTUNITIES);
    at_least("activity_logged", ACTIVITIES);
    at_least("rep_joined", 40);
    assert!(
        (250_000..340_000).contains(&events.len()),
        "{} events: {counts:#?}",
        events.len()
    );
}

#[test]
fn some_events_arrive_late_and_corrections_name_what_was_told_before() {
    let events = generate(&plan(5, 0.3));
    let late = events
        .windows(2)
        .filter(|pair| pair[1].occurred_at < pair[0].occurred_at)
        .count();
    assert!(late > 100, "{late} events arrive late");
    let mut told = BTreeSet::new();
    for event in &events {
        match &event.payload {
            Payload::EventAmended(amended) => assert!(told.contains(&amended.event)),
            Payload::EventVoided(voided) => assert!(told.contains(&voided.event)),
            _ => {}
        }
        told.insert(event.id.clone());
    }
}

#[test]
fn a_small_organisation_is_possible_on_any_day() {
    for today in [date(2026, 1, 1), date(2024, 2, 29), date(2025, 12, 31)] {
        let events = generate(&Plan {
            seed: 9,
            scale: 0.01,
            today,
        });
        assert!(events.len() > 2_000, "{} events until {today}", events.len());
    }
}
