use super::world::{World, metric, question, ratio, row, value};
use crate::{
    calendar::Grain,
    dimension::Dimension,
    measure::Builtin,
    metric::evaluate::{Comparison, Reason},
    rational::Rational,
};

const MARCH: &str = "2026-03-01 2026-04-01";
const LATER: &str = "2026-06-01";

#[test]
fn an_order_counts_once_however_many_lines_it_has() {
    // 100 + 50 in one order, 30 in another: 180 ÷ 2.
    let world = World::default().with([
        row(Builtin::OrderAmount, "2026-03-02", "o1", 100),
        row(Builtin::OrderAmount, "2026-03-02", "o1", 50),
        row(Builtin::OrderAmount, "2026-03-09", "o2", 30),
    ]);
    let cell = world.one(metric("average_order_value"), MARCH, LATER);
    assert_eq!(value(&cell), Ok(ratio(90, 1)));
    assert_eq!(
        (cell.numerator, cell.denominator, cell.n),
        (Some(ratio(180, 1)), Some(ratio(2, 1)), Some(2))
    );
    assert_eq!(value(&world.one(metric("orders"), MARCH, LATER)), Ok(ratio(2, 1)));
    // Nothing ordered: a sum of nothing is 0, a mean of nothing is not.
    let nothing = "2026-05-01 2026-06-01";
    assert_eq!(
        value(&world.one(metric("average_order_value"), nothing, LATER)),
        Err(Reason::ZeroDenominator)
    );
    assert_eq!(value(&world.one(metric("revenue"), nothing, LATER)), Ok(Rational::ZERO));
}

fn revenue() -> World {
    World::default().with([
        row(Builtin::Revenue, "2026-02-10", "o1", 40),
        row(Builtin::Revenue, "2026-02-20", "o2", 60),
        row(Builtin::Revenue, "2026-03-05", "o3", 50),
        row(Builtin::Revenue, "2026-03-25", "o4", 100),
    ])
}

#[test]
fn growth_of_a_whole_month_and_to_date() {
    // March 150 against February 100.
    assert_eq!(
        value(&revenue().one(metric("sales_growth"), MARCH, LATER)),
        Ok(ratio(1, 2))
    );
    // On March 15th: 50 against the 40 of February 1st to 15th.
    assert_eq!(
        value(&revenue().one(metric("sales_growth"), MARCH, "2026-03-15")),
        Ok(ratio(1, 4))
    );
    assert_eq!(
        value(&revenue().one(metric("sales_growth"), "2026-02-01 2026-03-01", LATER)),
        Err(Reason::GrowthFromZero)
    );
}

#[test]
fn a_comparison_says_with_what_and_how_far() {
    let mut asked = question(metric("revenue"), MARCH, "2026-03-15");
    asked.comparison = Some(Comparison::PreviousPeriod);
    let table = revenue().ask(&asked);
    assert!(table.rows[0].bucket.partial);
    let compared = table.rows[0].cells[0].comparison.clone().expect("a comparison");
    assert_eq!(compared.value, Ok(ratio(40, 1)));
    assert_eq!(
        (compared.difference, compared.relative_change),
        (Ok(ratio(10, 1)), Ok(ratio(1, 4)))
    );
    assert_eq!(
        compared.period.expect("a period").to_string(),
        "[2026-02-01, 2026-02-16)"
    );
    asked.comparison = Some(Comparison::Benchmark(ratio(200, 1)));
    let compared = revenue().ask(&asked).rows[0].cells[0]
        .comparison
        .clone()
        .expect("a comparison");
    assert_eq!((compared.relative_change, compared.period), (Ok(ratio(-3, 4)), None));
}

#[test]
fn monthly_growth_is_of_months() {
    let mut asked = question(metric("monthly_revenue_growth"), "2026-02-01 2026-04-01", LATER);
    assert_eq!(
        value(&revenue().ask(&asked).rows[0].cells[0]),
        Err(Reason::NotApplicable)
    );
    asked.grain = Grain::Month;
    let table = revenue().ask(&asked);
    let values: Vec<_> = table
        .rows
        .iter()
        .map(|row| (row.bucket.label.as_str(), value(&row.cells[0])))
        .collect();
    assert_eq!(
        values,
        [("2026-02", Err(Reason::GrowthFromZero)), ("2026-03", Ok(ratio(1, 2)))]
    );
}

#[test]
fn two_currencies_are_never_added_without_a_rate() {
    let world = revenue().with([row(Builtin::Revenue, "2026-03-06", "o5", 10).of(Dimension::Currency, "EUR")]);
    let cell = world.one(metric("revenue"), MARCH, LATER);
    let undefined = cell.value.expect_err("a rate is missing");
    assert_eq!(
        (undefined.reason, &*undefined.detail),
        (Reason::MissingRate, "EUR to USD on 2026-03-06")
    );
    // February needs no rate.
    assert_eq!(
        value(&world.one(metric("revenue"), "2026-02-01 2026-03-01", LATER)),
        Ok(ratio(100, 1))
    );
}

#[test]
fn acquisition_cost_of_a_scope_and_an_earlier_month() {
    let world = World::default().with([
        row(Builtin::Cost, "2026-02-10", "c1", 600).of(Dimension::CostCategory, "advertising"),
        row(Builtin::Cost, "2026-02-11", "c2", 400).of(Dimension::CostCategory, "salaries"),
        row(Builtin::Cost, "2026-03-10", "c3", 90).of(Dimension::CostCategory, "tools"),
        row(Builtin::CustomerAcquired, "2026-03-03", "a", 1),
        row(Builtin::CustomerAcquired, "2026-03-04", "b", 1),
    ]);
    let cost = metric("customer_acquisition_cost");
    assert_eq!(value(&world.one(cost.clone(), MARCH, LATER)), Ok(ratio(45, 1)));
    assert_eq!(
        value(&world.one(cost.clone().with("lag", "1"), MARCH, LATER)),
        Ok(ratio(500, 1))
    );
    assert_eq!(
        value(&world.one(
            cost.clone().with("lag", "1").with("scope", "advertising,tools"),
            MARCH,
            LATER
        )),
        Ok(ratio(300, 1))
    );
    assert_eq!(
        value(&world.one(cost, "2026-02-01 2026-03-01", LATER)),
        Err(Reason::ZeroDenominator)
    );
}

#[test]
fn customers_that_never_leave_are_worth_the_horizon() {
    // Two customers, 300 of gross profit in a month: 150 each, for 60 months.
    let customer =
        |id: &str, date: &str, change| row(Builtin::ActiveCustomers, date, id, change).of(Dimension::Account, id);
    let stay = || {
        World::default().with([
            customer("a", "2026-01-01", 1),
            customer("b", "2026-01-01", 1),
            row(Builtin::Revenue, "2026-03-05", "o1", 400),
            row(Builtin::CostOfGoods, "2026-03-05", "o1", 100),
        ])
    };
    assert_eq!(
        value(&stay().one(metric("customer_lifetime_value"), MARCH, LATER)),
        Ok(ratio(9_000, 1))
    );
    assert_eq!(
        value(&stay().one(metric("customer_retention_rate"), MARCH, LATER)),
        Ok(Rational::ONE)
    );
    // One leaves: churn ½ a month, 300 of the one who is left for 2 months.
    let leave = stay().with([customer("b", "2026-03-20", -1)]);
    assert_eq!(
        value(&leave.one(metric("customer_lifetime_value"), MARCH, LATER)),
        Ok(ratio(600, 1))
    );
    let churn = leave.one(metric("customer_churn_rate"), MARCH, LATER);
    assert_eq!((value(&churn), churn.n), (Ok(ratio(1, 2)), Some(2)));
    assert!(churn.interval.is_some());
}
