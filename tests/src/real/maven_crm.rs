//! Opportunities of a hardware company: pipeline, win rate, deal size, cycle, by agent, region, product and period.

use std::{collections::BTreeMap, path::Path};

use jiff::civil::{Date, date};
use scoreline_core::rational::Rational;
use scoreline_proto::analytics::v1::{Basis, Grain};

use super::{
    check::{Check, Cut, Metric, Scope},
    figure::{Figure, count, days, decimal, distinct, growth, mean, median, month, quarter, ratio, sum, times, whole},
    import::{import, import_again},
    question::name,
    sheet::{Row, Sheet},
};
use crate::server::{Engine, Server};

const SET: &str = "maven_crm";
const ALL: Scope<'_> = Scope::of("2016-10-01", "2018-01-01");
/// The day on which the mapping opens what has no date.
const PROSPECTING_DAY: Date = date(2016, 10, 1);
/// The probability that the mapping declares for both stages.
const PROBABILITY: &str = "0.631501";

/// Metrics of the tenant's own.
const OWN: &[(&str, &str, &str)] = &[
    ("median_deal_size", "quantile(won, 0.5)", "money"),
    (
        "won_share_of_all",
        "ratio(count(won), count(opportunity_opened))",
        "rate",
    ),
    (
        "closed_cycle",
        "(sum(won_cycle) + sum(lost_cycle)) / (count(won_cycle) + count(lost_cycle))",
        "days",
    ),
    ("pipeline_at_win_rate", "pipeline_value * win_rate", "money"),
];

/// A row of sales_pipeline.csv with what belongs to it.
#[derive(Debug, Clone)]
struct Deal {
    agent: String,
    manager: String,
    region: String,
    product: String,
    series: String,
    account: String,
    sector: String,
    stage: String,
    opened: Date,
    closed: Option<Date>,
    value: i64,
    list: i64,
}

impl Deal {
    fn won(&self) -> bool {
        self.stage == "Won"
    }

    fn lost(&self) -> bool {
        self.stage == "Lost"
    }

    fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    fn cycle(&self) -> i64 {
        self.closed.map_or(0, |closed| days(self.opened, closed))
    }

    fn close_month(&self) -> String {
        self.closed.map(month).unwrap_or_default()
    }

    fn close_quarter(&self) -> String {
        self.closed.map(quarter).unwrap_or_default()
    }
}

/// Imports the set and compares.
///
/// # Panics
/// When anything differs.
pub async fn maven_crm(folder: &Path) {
    let server = Server::start(&Engine::Sqlite);
    let read = |file: &str| Sheet::read(&folder.join(file), b',');
    let (teams, accounts, products) = (read("sales_teams.csv"), read("accounts.csv"), read("products.csv"));
    let deals = deals(&read("sales_pipeline.csv"), &teams, &accounts, &products);

    let distinct_teams = |column: &str| teams.by(column).len();
    let told_of_people = 2 * teams.rows().count() + distinct_teams("regional_office") + distinct_teams("manager");
    let told_of_deals = deals.len() + deals.iter().filter(|deal| !deal.is_open()).count();
    let events = told_of_people + accounts.rows().count() + products.rows().count() + told_of_deals;
    import(
        &server,
        SET,
        folder,
        &["sales_pipeline.csv", "sales_teams.csv", "accounts.csv", "products.csv"],
        events,
    );
    import_again(
        &server,
        SET,
        folder,
        &["sales_pipeline.csv", "sales_teams.csv", "accounts.csv", "products.csv"],
        events,
    );

    let mut check = Check::new(SET, folder, &server.endpoint()).await;
    check.define(OWN).await;
    check.compare(ALL, &deals, &CUTS, &METRICS).await;
    overall(&mut check, &deals).await;
    stages(&mut check, &deals).await;
    periods(&mut check, &deals).await;
    check.finish(3_900, 690);
}

fn deals(pipeline: &Sheet, teams: &Sheet, accounts: &Sheet, products: &Sheet) -> Vec<Deal> {
    let (teams, accounts, products) = (teams.by("sales_agent"), accounts.by("account"), products.by("product"));
    let deal = |row: Row<'_>| {
        let agent = teams[row.get("sales_agent")][0];
        let product = products[if row.get("product") == "GTXPro" {
            "GTX Pro"
        } else {
            row.get("product")
        }][0];
        let day = |column| {
            Some(row)
                .filter(|row| !row.get(column).is_empty())
                .map(|row| row.parse::<Date>(column))
        };
        Deal {
            agent: agent.text("sales_agent"),
            manager: agent.text("manager"),
            region: agent.text("regional_office"),
            product: product.text("product"),
            series: product.text("series"),
            account: row.text("account"),
            sector: accounts
                .get(row.get("account"))
                .map(|rows| rows[0].text("sector"))
                .unwrap_or_default(),
            stage: row.text("deal_stage"),
            opened: day("engage_date").unwrap_or(PROSPECTING_DAY),
            closed: day("close_date"),
            value: if row.get("close_value").is_empty() {
                0
            } else {
                row.parse("close_value")
            },
            list: product.parse("sales_price"),
        }
    };
    pipeline.rows().map(deal).collect()
}

const CUTS: [Cut<Deal>; 8] = [
    Cut::whole(Some("overall")),
    Cut::by(&["rep"], |deal: &Deal| deal.agent.clone()).at("by_agent"),
    Cut::by(&["manager"], |deal: &Deal| deal.manager.clone()),
    Cut::by(&["team"], |deal: &Deal| deal.manager.clone()),
    Cut::by(&["region"], |deal: &Deal| deal.region.clone()),
    Cut::by(&["product"], |deal: &Deal| deal.product.clone()),
    Cut::by(&["product_category"], |deal: &Deal| deal.series.clone()),
    Cut::by(&["region", "industry"], |deal: &Deal| {
        name([deal.region.as_str(), deal.sector.as_str()])
    }),
];

const METRICS: [Metric<Deal>; 21] = [
    Metric::named("opportunities_created", "opportunities", |deals| {
        Some(count(deals.len()))
    }),
    Metric::new("opportunities_created_amount", |deals| {
        total(deals, |_| true, |deal| deal.list)
    }),
    Metric::named("deals_won", "won", |deals| number(deals, Deal::won)),
    Metric::named("deals_lost", "lost", |deals| number(deals, Deal::lost)),
    Metric::named("pipeline_count", "open", |deals| number(deals, Deal::is_open)),
    Metric::named("win_rate", "win_rate", win_rate),
    Metric::new("loss_rate", |deals| {
        ratio(number(deals, Deal::lost)?, number(deals, |deal| !deal.is_open())?)
    }),
    Metric::named("won_share_of_all", "won_share_of_all", |deals| {
        ratio(number(deals, Deal::won)?, count(deals.len()))
    }),
    Metric::named("bookings", "revenue", revenue),
    Metric::named("revenue", "revenue", revenue),
    Metric::named("average_deal_size", "avg_deal_size", deal_size),
    Metric::named("median_deal_size", "median_deal_size", |deals| {
        median(values(deals, Deal::won, |deal| deal.value))
    }),
    Metric::named("sales_cycle_length", "cycle_days_won_mean", won_cycle),
    Metric::named(
        "sales_cycle_length(statistic=median)",
        "cycle_days_won_median",
        |deals| median(values(deals, Deal::won, Deal::cycle)),
    ),
    Metric::named("time_to_loss", "cycle_days_lost_mean", |deals| {
        mean(&values(deals, Deal::lost, Deal::cycle))
    }),
    Metric::named("time_to_loss(statistic=median)", "cycle_days_lost_median", |deals| {
        median(values(deals, Deal::lost, Deal::cycle))
    }),
    Metric::named("closed_cycle", "cycle_days_closed_mean", |deals| {
        mean(&values(deals, |deal| !deal.is_open(), Deal::cycle))
    }),
    Metric::named("sales_velocity(population=closed)", "velocity_per_day", |deals| {
        ratio(revenue(deals)?, won_cycle(deals)?)
    }),
    Metric::new("sales_velocity", open_velocity),
    Metric::named("pipeline_value", "open_pipeline_list_value", list_value),
    Metric::new("weighted_pipeline_value", |deals| {
        Some(times(list_value(deals)?, decimal(PROBABILITY)))
    }),
];

/// What closed deals are asked for by the period of their closing.
const CLOSED: [Metric<Deal>; 10] = [
    Metric::named("deals_won", "won", |deals| number(deals, Deal::won)),
    Metric::named("deals_lost", "lost", |deals| number(deals, Deal::lost)),
    Metric::named("win_rate", "win_rate", win_rate),
    Metric::named("bookings", "revenue", revenue),
    Metric::named("average_deal_size", "avg_deal_size", deal_size),
    Metric::named("median_deal_size", "median_deal_size", |deals| {
        median(values(deals, Deal::won, |deal| deal.value))
    }),
    Metric::named("sales_cycle_length", "cycle_days_won_mean", won_cycle),
    Metric::named("time_to_loss", "cycle_days_lost_mean", |deals| {
        mean(&values(deals, Deal::lost, Deal::cycle))
    }),
    Metric::named("closed_cycle", "cycle_days_closed_mean", |deals| {
        mean(&values(deals, |deal| !deal.is_open(), Deal::cycle))
    }),
    Metric::named("sales_velocity(population=closed)", "velocity_per_day", |deals| {
        ratio(revenue(deals)?, won_cycle(deals)?)
    }),
];

/// What stands beside the groups in `expected.json`, and what only the whole has.
async fn overall(check: &mut Check, deals: &[Deal]) {
    let open_velocity = [Metric::named(
        "sales_velocity",
        "pipeline_velocity_open_per_day",
        open_velocity,
    )];
    check.compare(ALL, deals, &[Cut::whole(Some(""))], &open_velocity).await;
    let weighted = [Metric::named(
        "pipeline_at_win_rate",
        "weighted_open_pipeline",
        |deals: &[&Deal]| Some(times(list_value(deals)?, win_rate(deals)?)),
    )];
    check.compare(ALL, deals, &[Cut::whole(Some(""))], &weighted).await;
    // Nothing of Prospecting was ever decided: there the declared probability holds.
    let learnt = [Metric::new(
        "weighted_pipeline_value(probability=learnt)",
        |deals: &[&Deal]| {
            let list = |stage: &str| total(deals, |deal| deal.stage == stage, |deal| deal.list);
            Some(sum([
                times(list("Prospecting")?, decimal(PROBABILITY)),
                times(list("Engaging")?, win_rate(deals)?),
            ]))
        },
    )];
    check.compare(ALL, deals, &[Cut::whole(None)], &learnt).await;
}

async fn stages(check: &mut Check, deals: &[Deal]) {
    let is_open = [
        Metric::new("pipeline_count", |deals: &[&Deal]| number(deals, Deal::is_open)),
        Metric::new("pipeline_value", list_value),
    ];
    let open: Vec<_> = deals.iter().filter(|deal| deal.is_open()).cloned().collect();
    let by_stage = Cut::by(&["stage", "region"], |deal: &Deal| {
        name([deal.stage.as_str(), deal.region.as_str()])
    });
    check
        .compare(
            ALL,
            &open,
            &[Cut::by(&["stage"], |deal: &Deal| deal.stage.clone()), by_stage],
            &is_open,
        )
        .await;
    for (stage, filter) in [("Prospecting", ["stage=Prospecting"]), ("Engaging", ["stage=Engaging"])] {
        let of_stage: Vec<_> = open.iter().filter(|deal| deal.stage == stage).cloned().collect();
        let place = if stage == "Prospecting" {
            "prospecting"
        } else {
            "engaging"
        };
        let metric = [Metric::named("pipeline_count", place, |deals: &[&Deal]| {
            number(deals, Deal::is_open)
        })];
        let cuts = [
            Cut::whole(Some("overall")),
            Cut::by(&["rep"], |deal: &Deal| deal.agent.clone()).at("by_agent"),
        ];
        check
            .compare(
                Scope {
                    filters: &filter,
                    ..ALL
                },
                &of_stage,
                &cuts,
                &metric,
            )
            .await;
    }
}

async fn periods(check: &mut Check, deals: &[Deal]) {
    let closed: Vec<_> = deals.iter().filter(|deal| !deal.is_open()).cloned().collect();
    let by_close = [
        Cut::over(Grain::Month, &[], Deal::close_month).at("by_close_month"),
        Cut::over(Grain::Quarter, &[], Deal::close_quarter),
        Cut::over(Grain::Quarter, &["rep"], |deal: &Deal| {
            name([deal.close_quarter().as_str(), deal.agent.as_str()])
        }),
    ];
    check.compare(ALL, &closed, &by_close, &CLOSED).await;

    let cohorts = [
        Cut::over(Grain::Month, &[], |deal: &Deal| month(deal.opened)),
        Cut::over(Grain::Month, &["region"], |deal: &Deal| {
            name([month(deal.opened).as_str(), deal.region.as_str()])
        }),
    ];
    let of_cohorts = [
        Metric::new("opportunities_created", |deals: &[&Deal]| Some(count(deals.len()))),
        Metric::new("deals_won", |deals| number(deals, Deal::won)),
        Metric::new("deals_lost", |deals| number(deals, Deal::lost)),
        Metric::new("win_rate", win_rate),
    ];
    check
        .compare(
            Scope {
                basis: Basis::Cohort,
                ..ALL
            },
            deals,
            &cohorts,
            &of_cohorts,
        )
        .await;
    growths(check, &closed).await;
    new_customers(check, &closed).await;
}

async fn growths(check: &mut Check, closed: &[Deal]) {
    let mut sold: BTreeMap<String, Rational> = BTreeMap::from([("2016-Q4".to_owned(), Rational::ZERO)]);
    for deal in closed {
        let sold = sold.entry(deal.close_quarter()).or_insert(Rational::ZERO);
        *sold = sum([*sold, whole(deal.value)]);
    }
    let quarters: Vec<_> = sold.into_iter().collect();
    let figures: Vec<_> = quarters
        .windows(2)
        .map(|pair| (pair[1].0.clone(), growth(pair[0].1, pair[1].1)))
        .collect();
    let place = Some("revenue_growth_by_close_quarter");
    check
        .compare_periods((ALL, Grain::Quarter), ("sales_growth", place), figures, None)
        .await;
}

/// An account is new when its first deal is won.
async fn new_customers(check: &mut Check, closed: &[Deal]) {
    let mut first: BTreeMap<&str, Date> = BTreeMap::new();
    for deal in closed.iter().filter(|deal| deal.won()) {
        let day = deal.closed.expect("a won deal is closed");
        first
            .entry(&deal.account)
            .and_modify(|first| *first = day.min(*first))
            .or_insert(day);
    }
    let mut figures: BTreeMap<String, usize> = BTreeMap::new();
    for day in first.values() {
        *figures.entry(month(*day)).or_default() += 1;
    }
    let figures = figures
        .into_iter()
        .map(|(month, customers)| (month, Some(count(customers))));
    check
        .compare_periods(
            (ALL, Grain::Month),
            ("new_customers", None),
            figures,
            Some(Rational::ZERO),
        )
        .await;
    let all = distinct(
        closed
            .iter()
            .filter(|deal| deal.won())
            .map(|deal| deal.account.as_str()),
    );
    check
        .compare_periods(
            (ALL, Grain::Total),
            ("new_customers", None),
            [(String::new(), Some(all))],
            None,
        )
        .await;
}

fn values(deals: &[&Deal], which: fn(&Deal) -> bool, value: fn(&Deal) -> i64) -> Vec<i64> {
    deals
        .iter()
        .filter(|deal| which(deal))
        .map(|deal| value(deal))
        .collect()
}

fn number(deals: &[&Deal], which: fn(&Deal) -> bool) -> Figure {
    Some(count(deals.iter().filter(|deal| which(deal)).count()))
}

fn total(deals: &[&Deal], which: impl Fn(&Deal) -> bool, value: fn(&Deal) -> i64) -> Figure {
    Some(whole(
        deals.iter().filter(|deal| which(deal)).map(|deal| value(deal)).sum(),
    ))
}

fn revenue(deals: &[&Deal]) -> Figure {
    total(deals, Deal::won, |deal| deal.value)
}

fn list_value(deals: &[&Deal]) -> Figure {
    total(deals, Deal::is_open, |deal| deal.list)
}

fn win_rate(deals: &[&Deal]) -> Figure {
    ratio(number(deals, Deal::won)?, number(deals, |deal| !deal.is_open())?)
}

fn deal_size(deals: &[&Deal]) -> Figure {
    mean(&values(deals, Deal::won, |deal| deal.value))
}

fn won_cycle(deals: &[&Deal]) -> Figure {
    mean(&values(deals, Deal::won, Deal::cycle))
}

fn open_velocity(deals: &[&Deal]) -> Figure {
    let worth = times(
        number(deals, Deal::is_open)?,
        times(win_rate(deals)?, deal_size(deals)?),
    );
    ratio(worth, won_cycle(deals)?)
}
