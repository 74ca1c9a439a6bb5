use super::world::*;
use crate::{
    dimension::{Dimension, Tables},
    ledger::Entry,
    measure::Builtin::{PipelineAmount, Revenue},
    policy::CurrencyMode,
    query::{Aggregate, AggregateQuery, Cell, Conversion, Error, MissingRate},
};

const MONTHS: [(&str, &str); 2] = [("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-03-01")];

fn rates() -> Tables {
    tables([
        fact("2026-01-10", rate("EUR", "USD", "1.5")),
        fact("2026-01-31", rate("EUR", "USD", "2")),
    ])
}

fn into_dollars(mut query: AggregateQuery, mode: CurrencyMode) -> AggregateQuery {
    query.conversion = Some(Conversion {
        to: currency("USD"),
        mode,
    });
    query
}

fn euros(entry: Entry) -> Entry {
    entry.of(Dimension::Currency, "EUR")
}

#[test]
fn each_row_is_converted_half_even_at_the_rate_that_the_mode_names() {
    let entries = [
        euros(row(Revenue, "2026-01-10", "o1", 1)),
        euros(row(Revenue, "2026-01-30", "o2", 3)),
        row(Revenue, "2026-01-11", "o3", 100).of(Dimension::Currency, "USD"),
        euros(row(Revenue, "2026-02-11", "o4", 10)),
    ];
    let sums = |mode| {
        let query = into_dollars(ask(Revenue, Aggregate::Flow, &MONTHS), mode);
        let found = answer(&entries, &rates(), &query).expect("an answer");
        found.groups[0]
            .cells
            .iter()
            .map(|cell| flow(cell).1)
            .collect::<Vec<_>>()
    };
    // 1.5 → 2, 4.5 → 4.
    assert_eq!(sums(CurrencyMode::BusinessDate), [106, 20]);
    assert_eq!(sums(CurrencyMode::PeriodEnd), [108, 20]);
    assert_eq!(sums(CurrencyMode::Fixed(day("2026-01-15"))), [106, 15]);
}

#[test]
fn a_missing_rate_is_named_unless_its_rows_were_taken_back() {
    let early = euros(row(Revenue, "2026-01-09", "o1", 5));
    let query = into_dollars(ask(Revenue, Aggregate::Flow, &MONTHS), CurrencyMode::BusinessDate);
    let entries = [
        early.clone(),
        euros(row(Revenue, "2026-01-05", "o2", 5)),
        euros(row(Revenue, "2026-02-01", "o3", 5)),
    ];
    let found = answer(&entries, &rates(), &query).expect("an answer");
    let missing = |cell: &Cell| match cell {
        Cell::Flow(flow) => (flow.count, flow.missing),
        other => panic!("{other:?} is not a flow"),
    };
    let rate = MissingRate {
        from: currency("EUR"),
        to: currency("USD"),
        date: day("2026-01-05"),
    };
    assert_eq!(table(&found, missing), [("-", vec![(2, Some(rate)), (1, None)])]);

    let entries = [
        early.clone(),
        early.taken_back(2),
        euros(row(Revenue, "2026-01-10", "o3", 5)),
    ];
    let found = answer(&entries, &rates(), &query).expect("an answer");
    assert_eq!(table(&found, missing), [("-", vec![(1, None), (0, None)])]);
}

#[test]
fn a_balance_is_restated_at_each_buckets_rate() {
    let entries = [
        euros(row(PipelineAmount, "2026-01-12", "d1", 10)),
        row(PipelineAmount, "2026-01-12", "d2", 100).of(Dimension::Currency, "USD"),
        euros(row(PipelineAmount, "2026-01-29", "d1", -4)),
    ];
    let weeks = [("2026-01-12", "2026-01-19"), ("2026-01-26", "2026-02-02")];
    let balances = |mode| {
        let query = into_dollars(ask(PipelineAmount, Aggregate::Balance, &weeks), mode);
        let found = answer(&entries, &rates(), &query).expect("an answer");
        found.groups[0].cells.iter().map(balance).collect::<Vec<_>>()
    };
    assert_eq!(balances(CurrencyMode::BusinessDate), [(0, 115, 2), (115, 109, 3)]);
    assert_eq!(balances(CurrencyMode::PeriodEnd), [(0, 115, 2), (120, 112, 3)]);
}

#[test]
fn what_has_no_currency_is_never_taken_for_the_answers() {
    let query = into_dollars(ask(Revenue, Aggregate::Flow, &MONTHS), CurrencyMode::BusinessDate);
    let entries = [row(Revenue, "2026-01-12", "o1", 10)];
    assert!(matches!(answer(&entries, &rates(), &query), Err(Error::UnknownCurrency(text)) if text.is_empty()));
}

#[test]
fn an_amount_that_is_not_known_is_nothing_in_any_currency() {
    for mode in [CurrencyMode::BusinessDate, CurrencyMode::PeriodEnd] {
        let query = into_dollars(ask(PipelineAmount, Aggregate::Balance, &MONTHS), mode);
        let entries = [
            row(PipelineAmount, "2026-01-12", "d1", 0),
            row(PipelineAmount, "2026-01-12", "d2", 7).of(Dimension::Currency, "USD"),
        ];
        let found = answer(&entries, &rates(), &query).expect("an answer");
        let balances: Vec<_> = found.groups[0].cells.iter().map(balance).collect();
        assert_eq!(balances, [(0, 7, 2), (7, 7, 2)], "{mode:?}");
    }
}
