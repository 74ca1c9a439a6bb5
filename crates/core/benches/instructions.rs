//! Seven pieces of work whose instructions `.ci/instructions` counts: `instructions NAME` prepares one and does it.
//!
//! What is counted is what runs inside `measured_work`, so preparing costs nothing.

#![expect(
    clippy::disallowed_methods,
    reason = "a program is told on its command line what to do"
)]

use std::{hint::black_box, sync::Arc};

use jiff::{Timestamp, ToSpan, civil::Date};
use scoreline_core::{
    dimension::{Dimension, Tables},
    event::{Event, OpportunityOpened, OpportunityStageChanged, OpportunityWon, Payload},
    fold::memory::MemoryStore,
    id::{AccountId, EventId, Name, OpportunityId, RepId, SourceId},
    ledger::{self, Entry, Image},
    measure::{Builtin, Dimensions, Measure, Measurement},
    policy::Policies,
    query::{Aggregate, AggregateQuery, Attribution, Basis, Buckets, Filter, Options, run},
    subject::{Subject, SubjectKind},
};

const ROWS: usize = 1 << 17;
const DAYS: usize = 1_096;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let work: Box<dyn Fn()> = match name.as_str() {
        "group_by" => ask(Aggregate::Flow, vec![Dimension::Rep], Vec::new()),
        "filter" => {
            let filter = Filter {
                dimension: Dimension::Rep,
                values: vec![Some(name_of("rep", 7))],
                exclude: false,
            };
            ask(Aggregate::Flow, Vec::new(), vec![filter])
        }
        "quantiles" => {
            let quantiles = vec![500_000, 900_000];
            ask(
                Aggregate::Distribution { quantiles },
                vec![Dimension::Product],
                Vec::new(),
            )
        }
        "retention" => ask(Aggregate::Retention, Vec::new(), Vec::new()),
        "load" => load(),
        "merge" => merge(),
        "fold" => fold(),
        // `cargo bench` runs every benchmark with `--bench` alone.
        _ => return,
    };
    // Once before: what preparing left to the allocator is not part of the work.
    work();
    measured_work(&*work);
}

#[inline(never)]
fn measured_work(work: &dyn Fn()) {
    work();
}

fn ask(aggregate: Aggregate, group: Vec<Dimension>, filters: Vec<Filter>) -> Box<dyn Fn()> {
    let mut image = Image::new();
    image.append(&rows());
    let months = (0..36).map(|month| first_day().saturating_add(month.months()));
    let query = AggregateQuery {
        measure: Measure::Builtin(Builtin::ActiveCustomers),
        buckets: Buckets::Dates(months.map(|start| start..start.saturating_add(1.month())).collect()),
        basis: Basis::Event,
        known_at: None,
        now: Timestamp::MAX,
        origin: None,
        max_value: None,
        filters,
        group,
        attribution: Attribution::AsOfEvent,
        conversion: None,
        aggregate,
    };
    let tables = Tables::default();
    Box::new(move || {
        black_box(run(&image, &tables, &query, &Options::default())).expect("an answer");
    })
}

fn load() -> Box<dyn Fn()> {
    let segment = ledger::settle(&rows()).expect("a segment");
    Box::new(move || {
        let mut image = Image::new();
        image.append_segment(&ledger::open(segment.bytes.clone()).expect("a sound segment"));
        black_box(image.rows());
    })
}

/// What the compactor does twice with each row: segments of commits to one, and then several of those.
fn merge() -> Box<dyn Fn()> {
    let rows = rows();
    let commits = rows.chunk_by(|left, right| left.commit == right.commit);
    let flat: Vec<ledger::Segment> = commits.map(|rows| ledger::encode(rows).expect("a segment")).collect();
    let merge = |segments: &[ledger::Segment]| {
        ledger::merge(segments.iter().map(|segment| segment.bytes.clone())).expect("sound segments")
    };
    Box::new(move || {
        let settled: Vec<_> = flat.chunks(32).map(merge).collect();
        black_box(merge(&settled));
    })
}

/// A thousand deals from opening to winning, each event in a batch with its like.
fn fold() -> Box<dyn Fn()> {
    let steps: Vec<Vec<Event>> = (0..6)
        .map(|step| (0..1_000).map(|deal| event(deal, step)).collect())
        .collect();
    Box::new(move || {
        let mut store = MemoryStore::new(Arc::new(Policies::default()));
        for events in &steps {
            black_box(store.apply(events.clone())).expect("a batch that folds");
        }
    })
}

fn event(deal: usize, step: usize) -> Event {
    let opportunity = OpportunityId::new(format!("deal-{deal}")).expect("a short name");
    let payload: Payload = match step {
        0 => OpportunityOpened {
            opportunity,
            owner: Some(RepId::new(format!("rep-{}", deal % 50)).expect("a short name")),
            account: Some(AccountId::new(format!("account-{}", deal % 300)).expect("a short name")),
            lead: None,
            pipeline: None,
            stage: None,
            amount: None,
            close_date: None,
            kind: None,
            product: None,
            lead_source: None,
            campaign: None,
            channel: None,
            territory: None,
            splits: Vec::new(),
            attributes: Vec::new(),
        }
        .into(),
        5 => OpportunityWon {
            opportunity,
            amount: None,
            reason: None,
            competitor: None,
        }
        .into(),
        _ => OpportunityStageChanged {
            opportunity,
            stage: name_of("stage", step),
            pipeline: None,
        }
        .into(),
    };
    Event {
        id: EventId::new(format!("{deal}-{step}")).expect("a short name"),
        source: SourceId::new("crm").expect("a short name"),
        occurred_at: instant(deal % 900 + step * 10),
        payload,
    }
}

/// Rows in the order of days, as a merged segment has them.
fn rows() -> Vec<Entry> {
    let mut random = 1_u64;
    let mut draw = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let row = |at: usize| {
        let day = at * DAYS / ROWS;
        let mut dimensions = Dimensions::new();
        for (dimension, kind, many) in [
            (Dimension::Rep, "rep", 1_000),
            (Dimension::Product, "product", 24),
            (Dimension::Account, "account", 5_000),
        ] {
            dimensions.set(dimension, Some(&name_of(kind, draw(many))));
        }
        Entry {
            commit: at as u64 / 1_000 + 1,
            count: if draw(10) == 0 { -1 } else { 1 },
            measurement: Measurement {
                measure: Measure::Builtin(Builtin::ActiveCustomers),
                date: first_day().saturating_add((day as i64).days()),
                origin_date: first_day(),
                instant: instant(day),
                subject: Subject::new(SubjectKind::Account, &name_of("subject", draw(20_000))),
                dimensions,
                value: draw(1_000_000) as i64,
            },
        }
    };
    (0..ROWS).map(row).collect()
}

fn first_day() -> Date {
    jiff::civil::date(2023, 1, 1)
}

fn instant(day: usize) -> Timestamp {
    Timestamp::from_second(1_672_574_400 + 86_400 * day as i64).expect("an instant of these years")
}

fn name_of(kind: &str, number: usize) -> Name {
    Name::new(format!("{kind}-{number:05}")).expect("a short name")
}
