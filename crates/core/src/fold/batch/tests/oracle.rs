//! The fold of a set of events, written down as plainly as it is defined: everything from nothing, again and again, until
//! signals and facts stay as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    calendar::Days,
    event::Event,
    fold::{
        Context, Key, Links, Occurrence, Output, What,
        correction::{concerning, effective, target},
        rebuild::Ledger,
        routing,
        state::State,
    },
    id::EventId,
    policy::Policies,
    subject::Subject,
};

type Histories = BTreeMap<Subject, BTreeMap<Key, Occurrence>>;

/// What a set of events comes to.
pub(super) fn ledger(policies: &Policies, events: &[Event]) -> Ledger {
    let (own, mut ledger) = said(policies, events);
    let (mut histories, mut facts) = (own.clone(), Links::new());
    for _ in 0..20 {
        let (outputs, now_facts) = fold(policies, &histories, &facts);
        let mut now = own.clone();
        for (to, signal) in outputs.values().flat_map(|output| &output.signals) {
            let before = now
                .entry(to.clone())
                .or_default()
                .insert(signal.key.clone(), signal.clone());
            assert_eq!(before, None, "two signals at one place");
        }
        if now == histories && now_facts == facts {
            for row in outputs.into_values().flat_map(|output| output.measurements) {
                *ledger.measurements.entry(row).or_default() += 1;
            }
            return ledger;
        }
        (histories, facts) = (now, now_facts);
    }
    panic!("signals and facts do not settle");
}

fn said(policies: &Policies, events: &[Event]) -> (Histories, Ledger) {
    let mut by_target: HashMap<&EventId, Vec<&Event>> = HashMap::new();
    for event in events {
        if let Some(target) = target(&event.payload) {
            by_target.entry(target).or_default().push(event);
        }
    }
    let (mut histories, mut ledger) = (Histories::new(), Ledger::default());
    for event in events {
        let Some(says) = effective(event, &concerning(&event.id, &by_target)) else {
            continue;
        };
        if routing::is_reference(&says.payload) {
            ledger.facts.insert(
                event.id.clone(),
                routing::fact(&event.id, says.at, &says.payload, policies),
            );
        }
        let key = routing::key(&event.id, says.at);
        for subject in routing::subjects(&event.id, &says.payload) {
            let occurrence = Occurrence {
                key: key.clone(),
                what: What::Event(says.payload.clone()),
            };
            histories.entry(subject).or_default().insert(key.clone(), occurrence);
        }
    }
    (histories, ledger)
}

fn fold(policies: &Policies, histories: &Histories, links: &Links) -> (BTreeMap<Subject, Output>, Links) {
    let (mut outputs, mut facts) = (BTreeMap::new(), Links::new());
    for (subject, history) in histories.iter().filter(|(_, history)| !history.is_empty()) {
        let context = Context {
            subject,
            policies,
            days: &Days::new(&policies.time_zone),
            links,
        };
        let (mut state, mut output) = (State::new(subject.kind), Output::default());
        let mut reads = BTreeSet::new();
        for occurrence in history.values() {
            state.step(occurrence, &context, &mut output);
            reads.extend(state.reads());
        }
        state.tail(&context, &mut output);
        outputs.insert(subject.clone(), output);
        facts.insert(subject.clone(), state.facts());
        only_reads_what_it_says(subject, history, policies, links, &reads, &outputs[subject]);
    }
    (outputs, facts)
}

/// A machine that reads facts without saying so would not be folded again when they change.
fn only_reads_what_it_says(
    subject: &Subject,
    history: &BTreeMap<Key, Occurrence>,
    policies: &Policies,
    links: &Links,
    reads: &BTreeSet<Subject>,
    expected: &Output,
) {
    let links: Links = links
        .iter()
        .filter(|(other, _)| reads.contains(*other))
        .map(|(other, facts)| (other.clone(), facts.clone()))
        .collect();
    let context = Context {
        subject,
        policies,
        days: &Days::new(&policies.time_zone),
        links: &links,
    };
    let (mut state, mut output) = (State::new(subject.kind), Output::default());
    history
        .values()
        .for_each(|occurrence| state.step(occurrence, &context, &mut output));
    state.tail(&context, &mut output);
    assert_eq!(output, *expected, "{subject} reads more than it says");
}
