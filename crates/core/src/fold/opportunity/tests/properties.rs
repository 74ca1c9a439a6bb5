//! What holds whatever happens.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{deal, euros, with_id};
use crate::{
    dimension::Dimension,
    fold::{
        Opportunity, Output,
        story::{payload, survives},
    },
    measure::{Builtin, Dimensions, Measure},
    subject::SubjectKind,
};

fn events() -> Vec<(&'static str, Value)> {
    let stage = |stage: &str| with_id(json!({ "stage": stage }));
    let reopened = with_id(json!({"stage": "commit"}));
    vec![
        (
            "opportunity_opened",
            with_id(json!({"owner": "ann", "amount": euros(7), "splits": []})),
        ),
        (
            "opportunity_opened",
            with_id(json!({"stage": "proposal", "close_date": "2026-02-01", "splits": []})),
        ),
        (
            "opportunity_updated",
            with_id(json!({"owner": "bob", "close_date": "2026-03-01"})),
        ),
        ("opportunity_updated", with_id(json!({"amount": euros(i64::MIN)}))),
        (
            "opportunity_updated",
            with_id(json!({"amount": {"currency": "JPY", "micros": i64::MAX}, "account": "acme"})),
        ),
        ("opportunity_stage_changed", stage("prospecting")),
        ("opportunity_stage_changed", stage("negotiation")),
        ("opportunity_stage_changed", stage("unheard-of")),
        ("opportunity_won", with_id(json!({"amount": euros(3)}))),
        ("opportunity_lost", with_id(json!({}))),
        ("opportunity_reopened", with_id(json!({}))),
        ("opportunity_reopened", reopened),
        ("activity_logged", json!({"kind": "call", "direction": "inbound"})),
    ]
}

/// The sums of a measure's values by dimensions and origin, where they aren't 0.
fn sums(output: &Output, measure: Builtin) -> BTreeMap<(Dimensions, String), i128> {
    let mut sums = BTreeMap::new();
    for row in output
        .measurements
        .iter()
        .filter(|row| row.measure == Measure::Builtin(measure))
    {
        *sums
            .entry((row.dimensions.clone(), row.origin_date.to_string()))
            .or_default() += i128::from(row.value);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn counts(output: &Output, measure: Builtin) -> BTreeMap<Dimensions, usize> {
    let mut counts = BTreeMap::new();
    for row in output
        .measurements
        .iter()
        .filter(|row| row.measure == Measure::Builtin(measure))
    {
        let mut dimensions = row.dimensions.clone();
        dimensions.set(Dimension::CloseReason, None);
        *counts.entry(dimensions).or_default() += 1;
    }
    counts
}

fn total(output: &Output, measure: Builtin) -> usize {
    counts(output, measure).values().sum()
}

#[test]
fn it_survives_any_history() {
    let payloads: Vec<_> = events()
        .into_iter()
        .map(|(name, fields)| payload(name, fields))
        .collect();
    survives::<Opportunity>(SubjectKind::Opportunity, &payloads);
}

proptest! {
    #[test]
    fn whatever_happens_the_books_are_in_order(
        history in prop::collection::vec((1_u8..28, prop::sample::select(events())), 0..14),
    ) {
        let mut story = deal();
        for (number, (day, (name, fields))) in history.into_iter().enumerate() {
            story = story.then(&format!("2026-01-{day:02}T12:00Z"), &format!("e{number:02}"), name, fields);
        }
        let output = story.output();
        let closed = total(&output, Builtin::Won) + total(&output, Builtin::Lost);
        let opened = total(&output, Builtin::OpportunityOpened);
        prop_assert!(closed <= opened && opened <= 1);
        // A closed deal leaves nothing in the pipeline, an open one stands in one place.
        let open: Vec<i128> = sums(&output, Builtin::OpenOpportunities).into_values().collect();
        prop_assert_eq!(open, vec![1; opened - closed]);
        prop_assert!(sums(&output, Builtin::PipelineAmount).len() <= opened - closed);
        let mut balance = 0;
        for row in output.measurements.iter().filter(|row| row.measure == Measure::Builtin(Builtin::OpenOpportunities)) {
            balance += row.value;
            prop_assert!((0..=1).contains(&balance));
        }
        // Every entrant has one fate, and all have it when the deal is closed.
        let entered = counts(&output, Builtin::StageEntered);
        let decided = counts(&output, Builtin::StageDecided);
        for (dimensions, advanced) in counts(&output, Builtin::StageAdvanced) {
            prop_assert!(Some(&advanced) <= decided.get(&dimensions));
        }
        for (dimensions, decided) in &decided {
            prop_assert!(Some(decided) <= entered.get(dimensions));
        }
        prop_assert!(closed == 0 || decided == entered);
        prop_assert_eq!(sums(&output, Builtin::Bookings).into_values().sum::<i128>(), sums(&output, Builtin::Won).into_values().sum::<i128>());
    }
}
