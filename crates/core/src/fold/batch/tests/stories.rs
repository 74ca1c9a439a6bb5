//! What batches ask for, and what single arrivals change.

use std::sync::Arc;

use super::{events::*, oracle};
use crate::{
    event::Event,
    fold::{
        batch::{Batch, Error, Family, Progress},
        memory::MemoryStore,
        rebuild::Ledger,
        record::Unreadable,
    },
    measure::{Builtin, Measure},
    policy::Policies,
    subject::Subject,
};

fn store() -> MemoryStore {
    MemoryStore::new(Arc::new(Policies::default()))
}

/// Applies batches one after the other, and holds the ledger against the plain fold after each.
fn grow(store: &mut MemoryStore, batches: &[&[Event]]) -> Ledger {
    let mut ledger = Ledger::default();
    let mut so_far: Vec<Event> = Vec::new();
    for batch in batches {
        ledger.add(&store.apply(batch.to_vec()).expect("it settles"));
        so_far.extend(batch.iter().cloned());
        assert_eq!(ledger, oracle::ledger(&Policies::default(), &so_far));
    }
    ledger
}

fn sum(ledger: &Ledger, measure: Builtin) -> i64 {
    let rows = ledger
        .measurements
        .iter()
        .filter(|(row, _)| row.measure == Measure::Builtin(measure));
    rows.map(|(row, count)| row.value * count).sum()
}

#[test]
fn an_event_at_the_end_costs_the_same_however_long_the_history_is() {
    let mut store = store();
    let start = [
        event("e000", 0, opened("D", None, Some("A"), 1_000_000)),
        event("e001", 0, subscribed("S", "A", 5)),
    ];
    store.apply(start.to_vec()).expect("it settles");
    let mut rounds = Vec::new();
    for day in 1..200 {
        let before = store.asked();
        let stage = ["proposal", "commit"][usize::try_from(day % 2).expect("0 or 1")];
        let batch = vec![
            event(&format!("d{day}"), day, stage_changed("D", stage)),
            event(&format!("s{day}"), day, resized("S", 5 + day)),
        ];
        store.apply(batch).expect("it settles");
        rounds.push(store.asked().rounds - before.rounds);
    }
    assert_eq!(store.asked().histories, 0);
    assert!(rounds.iter().all(|many| *many <= 2), "{rounds:?}");
}

#[test]
fn a_large_batch_asks_in_few_rounds() {
    let mut store = store();
    let mut events = Vec::new();
    for at in 0..1_000 {
        let (lead, account, deal) = (format!("L{at}"), format!("A{}", at % 100), format!("D{at}"));
        events.push(event(&format!("a{at}"), 1, lead_created(&lead, "web", None)));
        events.push(event(
            &format!("b{at}"),
            2,
            lead_converted(&lead, &account, Some(&deal)),
        ));
        events.push(event(
            &format!("c{at}"),
            2,
            opened(&deal, Some(&lead), Some(&account), 1_000_000),
        ));
        events.push(event(&format!("d{at}"), 3, won(&deal, None)));
        events.push(event(
            &format!("e{at}"),
            4,
            ordered(&format!("O{at}"), Some(&account), 7_000_000),
        ));
    }
    store.apply(events).expect("it settles");
    assert!(store.asked().rounds <= 3, "{:?}", store.asked());
    assert_eq!(store.asked().histories, 0);
}

#[test]
fn a_late_event_changes_what_it_would_have_changed_in_time() {
    let mut store = store();
    let ledger = grow(
        &mut store,
        &[
            &[event("opened", 1, opened("D", None, Some("A"), 1_000_000))],
            &[event("won", 20, won("D", Some(3_000_000)))],
            &[event("stage", 5, stage_changed("D", "commit"))],
        ],
    );
    assert_eq!(sum(&ledger, Builtin::Won), 3_000_000);
    assert!(store.asked().histories >= 1);
}

#[test]
fn corrections_may_come_before_what_they_correct() {
    let ledger = grow(
        &mut store(),
        &[
            &[event("undo", 9, void("amend"))],
            &[event("amend", 8, amend("order", ordered("O", Some("A"), 5_000_000)))],
            &[event("order", 1, ordered("O", Some("A"), 2_000_000))],
            &[event("redo", 10, void("undo"))],
        ],
    );
    assert_eq!(sum(&ledger, Builtin::Revenue), 5_000_000);
    let ledger = grow(
        &mut store(),
        &[
            &[event("v", 0, void("order"))],
            &[event("order", 1, ordered("O", None, 2_000_000))],
        ],
    );
    assert_eq!(ledger, Ledger::default());
}

#[test]
fn an_amendment_may_move_an_event_to_another_time_and_subject() {
    let ledger = grow(
        &mut store(),
        &[
            &[
                event("o", 1, ordered("O1", Some("A1"), 2_000_000)),
                event("p", 2, ordered("P", Some("A2"), 1_000_000)),
            ],
            &[event(
                "a",
                3,
                amend_to_day("o", 7, ordered("O2", Some("A2"), 2_000_000)),
            )],
            &[event("b", 4, amend("o", assigned("north")))],
        ],
    );
    assert_eq!(sum(&ledger, Builtin::Revenue), 1_000_000);
    assert_eq!(ledger.facts.len(), 1);
}

#[test]
fn corrections_that_go_round_in_a_circle_concern_nothing() {
    let ledger = grow(
        &mut store(),
        &[
            &[event("a", 1, void("b"))],
            &[event("b", 2, void("a"))],
            &[event("c", 3, void("c"))],
        ],
    );
    assert_eq!(ledger, Ledger::default());
}

#[test]
fn a_lead_that_is_told_late_changes_its_deal() {
    let ledger = grow(
        &mut store(),
        &[
            &[
                event("opened", 10, opened("D", Some("L"), Some("A"), 1_000_000)),
                event("won", 20, won("D", None)),
            ],
            &[event("lead", 5, lead_created("L", "web", None))],
        ],
    );
    assert_eq!(sum(&ledger, Builtin::WonCycleFromLead), 15);
}

#[test]
fn a_purchase_that_is_taken_back_is_taken_from_account_and_lead_too() {
    let ledger = grow(
        &mut store(),
        &[
            &[
                event("lead", 1, lead_created("L", "web", None)),
                event("converted", 2, lead_converted("L", "A", None)),
            ],
            &[event("order", 9, ordered("O", Some("A"), 2_000_000))],
            &[event("earlier", 6, ordered("P", Some("A"), 2_000_000))],
            &[event("v", 10, void("order"))],
        ],
    );
    assert_eq!(sum(&ledger, Builtin::LeadToCustomer), 5);
    assert_eq!(sum(&ledger, Builtin::RepeatPurchase), 0);
}

#[test]
fn an_account_that_buys_and_leads_that_become_it_need_no_histories() {
    let mut store = store();
    let ledger = grow(
        &mut store,
        &[
            &[
                event("lead", 1, lead_created("L", "web", None)),
                event("converted", 2, lead_converted("L", "A", None)),
            ],
            &[event("order", 9, ordered("O", Some("A"), 2_000_000))],
            &[event("called", 11, called(Some("L"), None))],
            // It was linked before the account's last purchase.
            &[event("another", 4, lead_created("M", "fair", Some("A")))],
            &[event("again", 12, ordered("P", Some("A"), 2_000_000))],
        ],
    );
    assert_eq!(sum(&ledger, Builtin::LeadToCustomer), 8 + 5);
    assert_eq!(store.asked().histories, 0);
}

#[test]
fn a_state_of_another_version_is_folded_from_its_history() {
    let mut store = store();
    let mut ledger = Ledger::default();
    let batches = [
        event("o", 1, opened("D", None, Some("A"), 1_000_000)),
        event("w", 5, won("D", None)),
    ];
    ledger.add(&store.apply(batches[..1].to_vec()).expect("it settles"));
    store.outdate();
    ledger.add(&store.apply(batches[1..].to_vec()).expect("it settles"));
    assert_eq!(ledger, oracle::ledger(&Policies::default(), &batches));
    assert_eq!(store.asked().histories, 1);
}

#[test]
fn a_record_that_cannot_be_read_stops_the_batch() {
    let mut batch = Batch::new(
        Arc::new(Policies::default()),
        vec![event("o", 1, ordered("O", None, 1))],
        |_| true,
    );
    let Ok(Progress::Needs(needs)) = batch.advance() else {
        panic!("it must know more")
    };
    let order = Subject::parse("order:O").expect("a subject");
    assert_eq!(needs.records, std::slice::from_ref(&order));
    assert_eq!(
        batch.supply_record(&order, Some(&[200, 1])),
        Err(Error::Unreadable(Unreadable { what: "record" }))
    );
}

#[test]
fn events_that_are_stored_before_they_are_folded_are_new_all_the_same() {
    let events = [
        event("o", 1, ordered("O", None, 1_000_000)),
        event("a", 2, amend("o", ordered("O", None, 3_000_000))),
    ];
    let mut batch = Batch::new(Arc::new(Policies::default()), events.to_vec(), |_| true);
    let changes = loop {
        match batch.advance().expect("it settles") {
            Progress::Needs(needs) => {
                for id in needs.families {
                    let corrections = if id.as_str() == "o" {
                        vec![events[1].clone()]
                    } else {
                        Vec::new()
                    };
                    let event = events.iter().find(|event| event.id == id).cloned();
                    batch.supply_family(&id, Family { event, corrections });
                }
            }
            Progress::Done(changes) => break changes,
        }
    };
    let mut ledger = Ledger::default();
    ledger.add(&changes);
    assert_eq!(ledger, oracle::ledger(&Policies::default(), &events));
}

#[test]
fn families_are_asked_for_where_there_are_corrections() {
    let order = event("o", 1, ordered("O", None, 1_000_000));
    let amendment = event("a", 2, amend("p", ordered("O", None, 3_000_000)));
    let asked = |corrected: bool, events: &[&Event]| {
        let events = events.iter().map(|event| (*event).clone()).collect();
        match Batch::new(Arc::default(), events, |_| corrected).advance() {
            Ok(Progress::Needs(needs)) => needs.families.iter().map(ToString::to_string).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(true, &[&order]), ["o"]);
    assert!(asked(false, &[&order]).is_empty());
    assert_eq!(asked(true, &[&order, &amendment]), ["a", "o", "p"]);
    assert_eq!(asked(false, &[&order, &amendment]), ["p"]);
}

#[test]
fn what_is_not_supplied_does_not_exist() {
    let mut batch = Batch::new(
        Arc::new(Policies::default()),
        vec![event("o", 1, ordered("O", None, 1_000_000))],
        |_| true,
    );
    let changes = loop {
        match batch.advance().expect("it settles") {
            Progress::Needs(_) => {}
            Progress::Done(changes) => break changes,
        }
    };
    assert!(!changes.measurements.is_empty());
    assert_eq!(changes.records.len(), 1);
    assert_eq!(changes.added.len(), 1);
    assert!(matches!(batch.advance(), Ok(Progress::Done(changes)) if changes.records.is_empty()));
}
