//! A small organisation whose numbers can be worked by hand.

use std::{cell::RefCell, sync::Arc};

use smol_str::SmolStr;

use crate::{
    calendar::Period,
    dimension::{Dimension, Fact, Tables},
    event::{Payload, RepAssigned, TargetScope, TargetSet},
    id::{EventId, Name, RepId, TargetId, TeamId},
    ledger::{Entry, Image},
    measure::{Builtin, Dimensions, Measure, Measurement},
    metric::{
        Registry,
        evaluate::{Answers, CellValue, Question, Reason, Selection, SourceError, Table, evaluate},
    },
    money::Currency,
    policy::Policies,
    query::{AggregateQuery, Answer, Options, run},
    rational::Rational,
    subject::{Subject, SubjectKind},
};

pub(super) fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// A row dated at noon, of dollars where it is money.
pub(super) struct Row(Entry);

pub(super) fn row(measure: Builtin, date: &str, subject: &str, value: i64) -> Row {
    let money = measure.unit() == crate::measure::Unit::Money;
    let date = date.parse().expect("a date");
    let measurement = Measurement {
        measure: Measure::Builtin(measure),
        date,
        origin_date: date,
        instant: format!("{date}T12:00:00Z").parse().expect("an instant"),
        subject: Subject::new(SubjectKind::Order, &name(subject)),
        dimensions: Dimensions::new(),
        value: if money { value * 1_000_000 } else { value },
    };
    let row = Row(Entry {
        commit: 1,
        count: 1,
        measurement,
    });
    if money { row.of(Dimension::Currency, "USD") } else { row }
}

impl Row {
    pub(super) fn of(mut self, dimension: Dimension, value: &str) -> Self {
        self.0.measurement.dimensions.set(dimension, Some(&name(value)));
        self
    }

    pub(super) fn by(self, rep: &str) -> Self {
        self.of(Dimension::Rep, rep)
    }

    pub(super) fn from(mut self, origin: &str) -> Self {
        self.0.measurement.origin_date = origin.parse().expect("a date");
        self
    }
}

#[derive(Default)]
pub(super) struct World {
    image: Image,
    facts: Vec<Fact>,
    pub(super) policies: Policies,
    asked: RefCell<Vec<AggregateQuery>>,
}

impl World {
    pub(super) fn with(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        let rows: Vec<_> = rows.into_iter().map(|row| row.0).collect();
        self.image.append(&rows);
        self
    }

    pub(super) fn fact(mut self, effective: &str, payload: impl Into<Payload>) -> Self {
        let event = EventId::new(format!("e{}", self.facts.len())).expect("an id");
        let at = "2020-01-01T00:00:00Z".parse().expect("an instant");
        let effective = effective.parse().expect("a date");
        self.facts.push(Fact {
            at,
            event,
            effective,
            payload: payload.into(),
        });
        self
    }

    pub(super) fn assigned(self, rep: &str, team: &str, from: &str) -> Self {
        let assigned = RepAssigned {
            rep: RepId::new(rep).expect("an id"),
            team: TeamId::new(team).ok(),
            manager: None,
            region: None,
            territory: None,
            role: None,
            effective_date: None,
        };
        self.fact(from, assigned)
    }

    /// A target of dollars over days.
    pub(super) fn target(
        self,
        scope: TargetScope,
        metric: &str,
        days: (&str, &str),
        amount: i64,
        ramp_ppm: &[u32],
    ) -> Self {
        let target = TargetSet {
            target: TargetId::new(format!("t{}", self.facts.len())).expect("an id"),
            scope,
            metric: name(metric),
            start: days.0.parse().expect("a date"),
            end: days.1.parse().expect("a date"),
            amount: amount * 1_000_000,
            currency: Currency::new("USD").ok(),
            ramp_ppm: ramp_ppm.to_vec(),
        };
        self.fact("2020-01-01", target)
    }

    pub(super) fn tables(&self) -> Tables {
        Tables::from_facts(self.facts.iter().map(|fact| (fact, 1)))
    }

    pub(super) fn ask(&self, question: &Question) -> Table {
        let registry = Registry::builtin(&self.policies);
        evaluate(self, &registry, &self.policies, &self.tables(), question).expect("an answer")
    }

    /// The only cell of a metric over a range.
    pub(super) fn one(&self, selection: Selection, range: &str, now: &str) -> CellValue {
        let table = self.ask(&question(selection, range, now));
        assert_eq!(table.rows.len(), 1);
        table.rows.into_iter().next().expect("a row").cells.remove(0)
    }

    pub(super) fn queries_asked(&self) -> usize {
        self.asked.borrow().len()
    }
}

impl Answers for World {
    fn answers(&self, queries: &[AggregateQuery]) -> Result<Vec<Arc<Answer>>, SourceError> {
        self.asked.borrow_mut().extend_from_slice(queries);
        let (tables, options) = (self.tables(), Options::default());
        queries
            .iter()
            .map(|query| Ok(Arc::new(run(&self.image, &tables, query, &options)?)))
            .collect()
    }
}

pub(super) fn rep(id: &str) -> TargetScope {
    TargetScope::Rep(RepId::new(id).expect("an id"))
}

pub(super) fn period(text: &str) -> Period {
    let (start, end) = text.split_once(' ').expect("two dates");
    Period::new(start.parse().expect("a date"), end.parse().expect("a date")).expect("a period")
}

pub(super) fn question(selection: Selection, range: &str, now: &str) -> Question {
    Question::new(
        vec![selection],
        period(range),
        format!("{now}T18:00:00Z").parse().expect("an instant"),
    )
}

pub(super) fn metric(id: &str) -> Selection {
    Selection::new(id)
}

pub(super) fn ratio(above: i128, below: i128) -> Rational {
    Rational::new(above, below).expect("not 0")
}

/// The values of the first column by key.
pub(super) fn by_key(table: &Table) -> Vec<(String, Result<Rational, Reason>)> {
    let shown = |key: &[Option<SmolStr>]| {
        key.iter()
            .map(|part| part.as_deref().unwrap_or("–").to_owned())
            .collect::<Vec<_>>()
            .join("/")
    };
    table
        .rows
        .iter()
        .map(|row| (shown(&row.key), value(&row.cells[0])))
        .collect()
}

pub(super) fn value(cell: &CellValue) -> Result<Rational, Reason> {
    cell.value.clone().map_err(|undefined| undefined.reason)
}
