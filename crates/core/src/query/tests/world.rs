//! A small organisation for tests.

use jiff::{Timestamp, civil::Date};

use crate::{
    dimension::{Dimension, Fact, Tables},
    event::{
        AccountDescribed, CurrencyRateSet, Payload, ProductDescribed, RepAssigned, TeamDescribed, TerritoryDescribed,
    },
    id::{AccountId, EventId, Name, ProductId, RepId, TeamId, TerritoryId},
    ledger::{Entry, Image},
    measure::{Builtin, Dimensions, Measure, Measurement},
    money::Currency,
    query::{Aggregate, AggregateQuery, Answer, Attribution, Basis, Buckets, Cell, Error, Filter, Options, run},
    subject::{Subject, SubjectKind},
};

pub(super) fn name(text: &str) -> Name {
    Name::new(text).expect("a test name")
}

pub(super) fn currency(code: &str) -> Currency {
    Currency::new(code).expect("a test currency")
}

pub(super) fn day(text: &str) -> Date {
    text.parse().expect("a test date")
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().expect("a test instant")
}

/// A row that was recorded at commit 1, dated at noon UTC, without dimensions.
pub(super) fn row(measure: Builtin, date: &str, subject: &str, value: i64) -> Entry {
    Entry {
        commit: 1,
        count: 1,
        measurement: Measurement {
            measure: Measure::Builtin(measure),
            date: day(date),
            origin_date: day(date),
            instant: instant(&format!("{date}T12:00:00Z")),
            subject: Subject::new(SubjectKind::Order, &name(subject)),
            dimensions: Dimensions::new(),
            value,
        },
    }
}

impl Entry {
    pub(super) fn of(mut self, dimension: Dimension, value: &str) -> Self {
        self.measurement.dimensions.set(dimension, Some(&name(value)));
        self
    }

    pub(super) fn by(self, rep: &str) -> Self {
        self.of(Dimension::Rep, rep)
    }

    pub(super) fn entered(mut self, date: &str) -> Self {
        self.measurement.origin_date = day(date);
        self
    }

    pub(super) fn at(mut self, time: &str) -> Self {
        self.measurement.instant = instant(time);
        self
    }

    /// The row that takes this one back at a later commit.
    pub(super) fn taken_back(&self, commit: u64) -> Self {
        Self {
            commit,
            count: -self.count,
            ..self.clone()
        }
    }
}

pub(super) fn fact(effective: &str, payload: impl Into<Payload>) -> Fact {
    let payload = payload.into();
    let event = EventId::new(format!("{effective}{}", payload.name())).expect("an id");
    Fact {
        at: instant("2026-01-01T00:00:00Z"),
        event,
        effective: day(effective),
        payload,
    }
}

pub(super) fn assigned(rep: &str, team: Option<&str>, region: Option<&str>, territory: Option<&str>) -> RepAssigned {
    RepAssigned {
        rep: RepId::new(rep).expect("an id"),
        team: team.map(|team| TeamId::new(team).expect("an id")),
        manager: None,
        region: region.map(name),
        territory: territory.map(|territory| TerritoryId::new(territory).expect("an id")),
        role: None,
        effective_date: None,
    }
}

pub(super) fn team(id: &str, parent: Option<&str>) -> TeamDescribed {
    let parent = parent.map(|parent| TeamId::new(parent).expect("an id"));
    TeamDescribed {
        team: TeamId::new(id).expect("an id"),
        name: None,
        parent,
    }
}

pub(super) fn territory(id: &str, region: Option<&str>) -> TerritoryDescribed {
    TerritoryDescribed {
        territory: TerritoryId::new(id).expect("an id"),
        name: None,
        region: region.map(name),
    }
}

pub(super) fn account(id: &str, segment: Option<&str>) -> AccountDescribed {
    AccountDescribed {
        account: AccountId::new(id).expect("an id"),
        name: None,
        segment: segment.map(name),
        industry: None,
        territory: None,
        attributes: Vec::new(),
    }
}

pub(super) fn product(id: &str, category: Option<&str>) -> ProductDescribed {
    ProductDescribed {
        product: ProductId::new(id).expect("an id"),
        name: None,
        category: category.map(name),
    }
}

pub(super) fn rate(from: &str, to: &str, rate: &str) -> CurrencyRateSet {
    let rate = rate.parse().expect("a test rate");
    CurrencyRateSet {
        from: currency(from),
        to: currency(to),
        rate,
        effective_date: None,
    }
}

/// Tables of facts; each gets an event of its own.
pub(super) fn tables(facts: impl IntoIterator<Item = Fact>) -> Tables {
    let mut facts: Vec<Fact> = facts.into_iter().collect();
    for (at, fact) in facts.iter_mut().enumerate() {
        fact.event = EventId::new(format!("event-{at:04}")).expect("an id");
    }
    Tables::from_facts(facts.iter().map(|fact| (fact, 1)))
}

/// The total in half-open ranges of days.
pub(super) fn ask(measure: Builtin, aggregate: Aggregate, ranges: &[(&str, &str)]) -> AggregateQuery {
    AggregateQuery {
        measure: Measure::Builtin(measure),
        buckets: Buckets::Dates(ranges.iter().map(|(start, end)| day(start)..day(end)).collect()),
        basis: Basis::Event,
        known_at: None,
        now: instant("2030-01-01T00:00:00Z"),
        origin: None,
        max_value: None,
        filters: Vec::new(),
        group: Vec::new(),
        attribution: Attribution::AsOfEvent,
        conversion: None,
        aggregate,
    }
}

pub(super) fn only(dimension: Dimension, values: &[Option<&str>]) -> Filter {
    Filter {
        dimension,
        values: values.iter().map(|value| value.map(name)).collect(),
        exclude: false,
    }
}

pub(super) fn image(entries: &[Entry]) -> Image {
    let mut image = Image::new();
    image.append(entries);
    image
}

pub(super) fn answer(entries: &[Entry], tables: &Tables, query: &AggregateQuery) -> Result<Answer, Error> {
    run(&image(entries), tables, query, &Options::default())
}

/// The groups of an answer with one dimension, by name, with what `show` says of each cell.
pub(super) fn table<T>(answer: &Answer, show: impl Fn(&Cell) -> T) -> Vec<(&str, Vec<T>)> {
    answer
        .groups
        .iter()
        .map(|group| {
            let key = group.key.first().and_then(|key| key.as_deref()).unwrap_or("-");
            (key, group.cells.iter().map(&show).collect())
        })
        .collect()
}

/// Count and sum of a flow.
pub(super) fn flow(cell: &Cell) -> (i64, i128) {
    match cell {
        Cell::Flow(flow) => (flow.count, flow.sum),
        other => panic!("{other:?} is not a flow"),
    }
}

/// Opening, closing and rows of a balance.
pub(super) fn balance(cell: &Cell) -> (i128, i128, i64) {
    match cell {
        Cell::Balance(balance) => (balance.opening, balance.closing, balance.rows),
        other => panic!("{other:?} is not a balance"),
    }
}
