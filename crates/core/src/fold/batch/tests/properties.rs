//! Whatever comes, in whatever order and however it is split: the ledger is the fold of the set of events.

use std::sync::Arc;

use proptest::{prelude::*, sample::Index};

use super::{events::*, oracle};
use crate::{
    event::{Event, Payload},
    fold::{
        memory::MemoryStore,
        rebuild::{Ledger, fold_all, replay},
    },
    policy::{Lifecycle, Policies, RevenueSource},
};

const STAGES: [&str; 3] = ["prospecting", "proposal", "commit"];

fn payload() -> impl Strategy<Value = Payload> {
    let one_of = |names: [&'static str; 2]| prop::sample::select(names.to_vec());
    let lead = || one_of(["L1", "L2"]);
    let account = || one_of(["A1", "A2"]);
    let deal = || one_of(["D1", "D2"]);
    let order = || one_of(["O1", "O2"]);
    let subscription = || one_of(["S1", "S2"]);
    let amount = || (1_i64..5).prop_map(|units| units * 1_000_000);
    let maybe = prop::option::of::<BoxedStrategy<&'static str>>;
    prop_oneof![
        2 => (lead(), one_of(["web", "fair"]), maybe(account().boxed())).prop_map(|(lead, from, of)| lead_created(lead, from, of)),
        1 => lead().prop_map(lead_qualified),
        2 => (lead(), account(), maybe(deal().boxed())).prop_map(|(lead, to, deal)| lead_converted(lead, to, deal)),
        3 => (deal(), maybe(lead().boxed()), maybe(account().boxed()), amount()).prop_map(|(deal, lead, with, amount)| opened(deal, lead, with, amount)),
        1 => (deal(), maybe(account().boxed()), prop::option::of(amount())).prop_map(|(deal, with, amount)| updated(deal, with, amount)),
        2 => (deal(), prop::sample::select(STAGES.to_vec())).prop_map(|(deal, stage)| stage_changed(deal, stage)),
        2 => (deal(), prop::option::of(amount())).prop_map(|(deal, amount)| won(deal, amount)),
        1 => deal().prop_map(lost),
        1 => deal().prop_map(reopened),
        2 => (order(), maybe(account().boxed()), amount()).prop_map(|(order, by, amount)| ordered(order, by, amount)),
        1 => (order(), amount()).prop_map(|(order, amount)| refunded(order, amount)),
        2 => (subscription(), account(), amount()).prop_map(|(subscription, by, amount)| subscribed(subscription, by, amount)),
        1 => (subscription(), amount()).prop_map(|(subscription, amount)| resized(subscription, amount)),
        1 => subscription().prop_map(cancelled),
        1 => subscription().prop_map(reactivated),
        2 => (maybe(lead().boxed()), maybe(deal().boxed())).prop_map(|(lead, deal)| called(lead, deal)),
        1 => maybe(lead().boxed()).prop_map(|with| meeting_scheduled("M", with)),
        1 => Just(meeting_held("M")),
        1 => (one_of(["R1", "R2"]), maybe(lead().boxed())).prop_map(|(id, to)| referred(id, to)),
        1 => (0_i64..11).prop_map(|score| recommends("someone", score)),
        1 => one_of(["north", "south"]).prop_map(assigned),
    ]
}

/// What one event is: a payload, or a correction of another event.
fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        5 => payload().prop_map(Content::Payload),
        1 => (any::<Index>(), payload()).prop_map(|(target, payload)| Content::Amendment(target, payload, None)),
        1 => (any::<Index>(), payload(), 0_i64..40).prop_map(|(target, payload, day)| Content::Amendment(target, payload, Some(day))),
        1 => any::<Index>().prop_map(Content::Voiding),
    ]
}

#[derive(Debug, Clone)]
enum Content {
    Payload(Payload),
    Amendment(Index, Payload, Option<i64>),
    Voiding(Index),
}

/// Some events on few days, so that some fall together, in the order in which they come; some correct each other.
fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((content(), 0_i64..40), 1..30)
        .prop_map(|contents| {
            let many = contents.len() + 1;
            let id = |at: usize| format!("e{at}");
            let of = |(at, (content, day)): (usize, (Content, i64))| {
                let payload = match content {
                    Content::Payload(payload) => payload,
                    Content::Amendment(target, payload, None) => amend(&id(target.index(many)), payload),
                    Content::Amendment(target, payload, Some(to)) => amend_to_day(&id(target.index(many)), to, payload),
                    Content::Voiding(target) => void(&id(target.index(many))),
                };
                event(&id(at), day, payload)
            };
            contents.into_iter().enumerate().map(of).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn policies() -> impl Strategy<Value = Arc<Policies>> {
    (any::<bool>(), any::<bool>()).prop_map(|(subscriptions, deals)| {
        Arc::new(Policies {
            lifecycle: if subscriptions {
                Lifecycle::Subscription
            } else {
                Lifecycle::Transactional { window_days: 10 }
            },
            revenue_source: if deals {
                RevenueSource::WonOpportunities
            } else {
                RevenueSource::Orders
            },
            ..Policies::default()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_ledger_is_the_fold_of_the_set_of_events(
        policies in policies(),
        events in events(),
        cuts in prop::collection::vec(1_usize..6, 30),
        forgets in any::<bool>(),
    ) {
        let expected = oracle::ledger(&policies, &events);

        let mut store = MemoryStore::new(Arc::clone(&policies));
        let mut grown = Ledger::default();
        let mut rest = &events[..];
        for cut in cuts {
            let (batch, later) = rest.split_at(cut.min(rest.len()));
            let repeated = events[..events.len() - later.len()].iter().step_by(3);
            grown.add(&store.apply(batch.iter().chain(repeated).cloned().collect()).expect("it settles"));
            if forgets {
                store.outdate();
            }
            rest = later;
        }
        prop_assert_eq!(&grown, &expected);
        prop_assert_eq!(&fold_all(&policies, events.clone()).expect("it settles"), &expected);
    }

    #[test]
    fn a_replay_ends_where_the_set_ends(policies in policies(), events in events()) {
        let mut replayed = Ledger::default();
        let commits = events.iter().zip(1..).map(|(event, commit)| (commit, vec![event.clone()]));
        for changes in replay(&policies, commits) {
            let (_, changes) = changes.expect("it settles");
            let mut sorted = changes.measurements.clone();
            sorted.dedup_by(|(later, sign), (earlier, other)| later == earlier && sign != other);
            prop_assert_eq!(&sorted, &changes.measurements, "a row comes and goes at once");
            replayed.add(&changes);
        }
        prop_assert_eq!(replayed, oracle::ledger(&policies, &events));
    }
}
