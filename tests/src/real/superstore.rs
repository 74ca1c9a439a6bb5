//! Order lines of an office supplier: revenue, profit, customers old and new, by period, region, segment and product.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::{ToSpan as _, civil::Date};
use scoreline_core::rational::Rational;
use scoreline_proto::analytics::v1::Grain;

use super::{
    check::{Check, Cut, Metric, Scope},
    figure::{Figure, count, decimal, distinct, growth, month, quarter, ratio, sum, whole, year},
    import::{import, import_again},
    question::name,
    sheet::{Row, Sheet},
};
use crate::server::{Engine, Server};

const SET: &str = "superstore";
const ALL: Scope<'_> = Scope::of("2014-01-01", "2018-01-01");
const YEARS: [i16; 4] = [2014, 2015, 2016, 2017];
/// How long the mapping's lifecycle keeps a customer active.
const WINDOW_DAYS: i32 = 365;

/// Metrics of the tenant's own.
const OWN: &[(&str, &str, &str)] = &[
    ("buyers", "distinct(purchase, account)", "count"),
    ("units_per_order", "ratio(units_sold, orders)", "score"),
    (
        "revenue_per_buyer",
        "ratio(revenue, distinct(purchase, account))",
        "money",
    ),
];

/// A line of an order.
#[derive(Debug)]
struct Line {
    order: String,
    date: Date,
    customer: String,
    segment: String,
    region: String,
    state: String,
    ship_mode: String,
    product: String,
    category: String,
    sales: Rational,
    profit: Rational,
    quantity: i64,
}

/// Imports the set and compares.
///
/// # Panics
/// When anything differs.
pub async fn superstore(folder: &Path) {
    let server = Server::start(&Engine::Sqlite);
    let file = "superstore.csv.gz";
    let lines: Vec<_> = Sheet::read(&folder.join(file), b',').rows().map(line).collect();
    let number = |of: fn(&Line) -> &str| lines.iter().map(of).collect::<BTreeSet<_>>().len();
    let events = number(|line| &line.order)
        + number(|line| &line.customer)
        + number(|line| &line.product)
        + number(|line| &line.region);
    import(&server, SET, folder, &[file], events);
    import_again(&server, SET, folder, &[file], events);

    let mut check = Check::new(SET, folder, &server.endpoint()).await;
    check.define(OWN).await;
    check.compare(ALL, &lines, &CUTS, &METRICS).await;
    // Who bought is known of an order as a whole, not of its lines.
    check.compare(ALL, &lines, &CUTS[..ORDER_CUTS], &OF_BUYERS).await;
    growths(&mut check, &lines).await;
    customers(&mut check, &lines).await;
    check.finish(20_400, 140);
}

fn line(row: Row<'_>) -> Line {
    Line {
        order: row.text("Order ID"),
        date: row.parse("Order Date"),
        customer: row.text("Customer ID"),
        segment: row.text("Segment"),
        region: row.text("Region"),
        state: row.text("State"),
        ship_mode: row.text("Ship Mode"),
        product: row.text("Product ID"),
        category: row.text("Category"),
        sales: decimal(row.get("Sales")),
        profit: decimal(row.get("Profit")),
        quantity: row.parse("Quantity"),
    }
}

/// How many of the cuts are by properties of an order.
const ORDER_CUTS: usize = 9;
const CUTS: [Cut<Line>; 12] = [
    Cut::whole(Some("overall")),
    Cut::over(Grain::Year, &[], |line: &Line| year(line.date)).at("by_year"),
    Cut::over(Grain::Quarter, &[], |line: &Line| quarter(line.date)),
    Cut::over(Grain::Month, &[], |line: &Line| month(line.date)),
    Cut::by(&["region"], |line: &Line| line.region.clone()).at("by_region"),
    Cut::by(&["territory"], |line: &Line| line.region.clone()).at("by_region"),
    Cut::by(&["segment"], |line: &Line| line.segment.clone()),
    Cut::by(&["attribute.state"], |line: &Line| line.state.clone()),
    Cut::over(Grain::Year, &["region", "attribute.ship_mode"], |line: &Line| {
        name([year(line.date).as_str(), line.region.as_str(), line.ship_mode.as_str()])
    }),
    Cut::by(&["product_category"], |line: &Line| line.category.clone()),
    Cut::by(&["product"], |line: &Line| line.product.clone()),
    Cut::over(Grain::Month, &["product_category", "segment"], |line: &Line| {
        name([month(line.date).as_str(), line.category.as_str(), line.segment.as_str()])
    }),
];

const METRICS: [Metric<Line>; 8] = [
    Metric::named("revenue", "revenue", revenue),
    Metric::named("gross_profit", "profit", profit),
    Metric::named("profit_margin", "margin", |lines| {
        ratio(profit(lines)?, revenue(lines)?)
    }),
    Metric::named("orders", "orders", orders),
    Metric::named("units_sold", "units", units),
    Metric::named("average_order_value", "aov", |lines| {
        ratio(revenue(lines)?, orders(lines)?)
    }),
    Metric::named("average_revenue_per_sale", "aov", |lines| {
        ratio(revenue(lines)?, orders(lines)?)
    }),
    Metric::named("units_per_order", "units_per_order", |lines| {
        ratio(units(lines)?, orders(lines)?)
    }),
];

const OF_BUYERS: [Metric<Line>; 2] = [
    Metric::named("buyers", "customers", buyers),
    Metric::named("revenue_per_buyer", "revenue_per_customer", |lines| {
        ratio(revenue(lines)?, buyers(lines)?)
    }),
];

/// A grain, how its periods are named, the metric, and where the file has it.
type Growth = (Grain, fn(Date) -> String, &'static str, Option<&'static str>);

async fn growths(check: &mut Check, lines: &[Line]) {
    let grains: [Growth; 4] = [
        (Grain::Year, year, "sales_growth", Some("revenue_growth_by_year")),
        (Grain::Quarter, quarter, "sales_growth", None),
        (Grain::Month, month, "sales_growth", None),
        (Grain::Month, month, "monthly_revenue_growth", None),
    ];
    for (grain, label, metric, place) in grains {
        let mut sold: BTreeMap<String, Rational> = BTreeMap::from([(String::new(), Rational::ZERO)]);
        for line in lines {
            let sold = sold.entry(label(line.date)).or_insert(Rational::ZERO);
            *sold = sum([*sold, line.sales]);
        }
        let periods: Vec<_> = sold.into_iter().collect();
        let figures = periods
            .windows(2)
            .map(|pair| (pair[1].0.clone(), growth(pair[0].1, pair[1].1)));
        check
            .compare_periods((ALL, grain), (metric, place), figures, None)
            .await;
    }
}

/// The days on which each customer ordered, in order; one for each order.
type Visits<'a> = BTreeMap<&'a str, Vec<Date>>;

async fn customers(check: &mut Check, lines: &[Line]) {
    let orders: BTreeSet<_> = lines
        .iter()
        .map(|line| (line.customer.as_str(), line.date, line.order.as_str()))
        .collect();
    let mut visits = Visits::new();
    for (customer, date, _) in orders {
        visits.entry(customer).or_default().push(date);
    }
    let place = Some("new_customers_by_year");
    let zero = Some(Rational::ZERO);
    check
        .compare_periods(
            (ALL, Grain::Year),
            ("new_customers", place),
            first_visits(&visits, year),
            zero,
        )
        .await;
    check
        .compare_periods(
            (ALL, Grain::Month),
            ("new_customers", None),
            first_visits(&visits, month),
            zero,
        )
        .await;
    let again = visits.values().filter(|days| days.len() > 1).count();
    let all = [(String::new(), ratio(count(again), count(visits.len())))];
    check
        .compare_periods((ALL, Grain::Total), ("repeat_customer_rate", None), all, None)
        .await;

    let of_years = |figure: fn(&Visits<'_>, i16) -> Figure| YEARS.map(|of| (of.to_string(), figure(&visits, of)));
    let (repeated, active) = (of_years(repeated), of_years(active_at_end));
    check
        .compare_periods((ALL, Grain::Year), ("repeat_customer_rate", None), repeated, None)
        .await;
    check
        .compare_periods((ALL, Grain::Year), ("active_customers", None), active, None)
        .await;
    // Nobody is a customer before 2014. The window is a year, so that who bought in a year is active at its end.
    let retained = of_years(retained).into_iter().skip(1);
    let place = Some("retention_by_year");
    check
        .compare_periods((ALL, Grain::Year), ("customer_retention_rate", place), retained, None)
        .await;
}

fn first_visits(visits: &Visits<'_>, label: fn(Date) -> String) -> Vec<(String, Figure)> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for days in visits.values() {
        *first.entry(label(days[0])).or_default() += 1;
    }
    first
        .into_iter()
        .map(|(label, customers)| (label, Some(count(customers))))
        .collect()
}

/// Of the buyers of a year, those with an order in it that is not their first.
fn repeated(visits: &Visits<'_>, year: i16) -> Figure {
    let buyers = visits
        .values()
        .filter(|days| days.iter().any(|day| day.year() == year))
        .count();
    let again = visits
        .values()
        .filter(|days| days[1..].iter().any(|day| day.year() == year))
        .count();
    ratio(count(again), count(buyers))
}

/// Whether a customer is active on a day: the latest order until then is less than the window ago.
fn is_active(days: &[Date], on: Date) -> bool {
    let latest = days.iter().filter(|day| **day <= on).max();
    latest.is_some_and(|latest| *latest > on.saturating_sub(WINDOW_DAYS.days()))
}

fn last_day(year: i16) -> Date {
    jiff::civil::date(year, 12, 31)
}

fn active_at_end(visits: &Visits<'_>, year: i16) -> Figure {
    Some(count(
        visits.values().filter(|days| is_active(days, last_day(year))).count(),
    ))
}

fn retained(visits: &Visits<'_>, year: i16) -> Figure {
    let before: Vec<_> = visits
        .values()
        .filter(|days| is_active(days, last_day(year - 1)))
        .collect();
    let still = before.iter().filter(|days| is_active(days, last_day(year))).count();
    ratio(count(still), count(before.len()))
}

fn revenue(lines: &[&Line]) -> Figure {
    Some(sum(lines.iter().map(|line| line.sales)))
}

fn profit(lines: &[&Line]) -> Figure {
    Some(sum(lines.iter().map(|line| line.profit)))
}

fn units(lines: &[&Line]) -> Figure {
    Some(whole(lines.iter().map(|line| line.quantity).sum()))
}

fn orders(lines: &[&Line]) -> Figure {
    Some(distinct(lines.iter().map(|line| line.order.as_str())))
}

fn buyers(lines: &[&Line]) -> Figure {
    Some(distinct(lines.iter().map(|line| line.customer.as_str())))
}
