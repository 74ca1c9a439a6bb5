//! A marketplace: leads and the sellers that they became, orders with payments, reviews and how soon they were answered.

use std::{collections::HashMap, path::Path};

use jiff::civil::{Date, DateTime};
use scoreline_core::rational::Rational;
use scoreline_proto::analytics::v1::{Basis, Grain};

use super::{
    check::{Check, Cut, Metric, Scope},
    figure::{Figure, count, days, decimal, mean, median, month, ratio, sum, whole},
    import::{import, import_again},
    question::name,
    sheet::{Row, Sheet},
};
use crate::server::{Engine, Server};

const SET: &str = "olist";
const ALL: Scope<'_> = Scope::of("2016-01-01", "2019-01-01");
const MILLIS_PER_HOUR: i64 = 3_600_000;
const FILES: [&str; 4] = [
    "olist_marketing_qualified_leads_dataset.csv",
    "olist_closed_deals_dataset.csv",
    "olist_orders_sample.csv",
    "olist_order_reviews_sample.csv",
];

/// Metrics of the tenant's own.
const OWN: &[(&str, &str, &str)] = &[
    ("reviews", "count(csat_response)", "count"),
    (
        "cancel_rate",
        r#"ratio(distinct(order_amount where attribute.order_status = "canceled"), distinct(order_amount))"#,
        "rate",
    ),
];

/// A qualified lead, and the deal that it became.
#[derive(Debug, Clone)]
struct Lead {
    origin: String,
    landing_page: String,
    month: String,
    deal: Option<Deal>,
}

#[derive(Debug, Clone)]
struct Deal {
    won_month: String,
    days: i64,
    revenue: Rational,
    rep: String,
    segment: String,
    lead_type: String,
}

/// An order with its payments.
#[derive(Debug)]
struct Order {
    status: String,
    month: String,
    amount: Rational,
}

#[derive(Debug)]
struct Review {
    month: String,
    score: i64,
    response_millis: i64,
}

/// Imports the set and compares.
///
/// # Panics
/// When anything differs.
pub async fn olist(folder: &Path) {
    let server = Server::start(&Engine::Sqlite);
    let read = |file: &str| Sheet::read(&folder.join(file), b',');
    let [leads, deals, orders, reviews] = FILES.map(read);
    let leads = self::leads(&leads, &deals);
    let orders = self::orders(&orders, &read("olist_order_payments_dataset.csv.gz"));
    let reviews: Vec<_> = reviews.rows().map(review).collect();

    // A deal describes its account, is opened, converts its lead and is won; a review is an answer, and an inquiry answered.
    let events = leads.len() + 4 * deals.rows().count() + orders.len() + 3 * reviews.len();
    import(&server, SET, folder, &FILES, events);
    import_again(&server, SET, folder, &FILES, events);

    let mut check = Check::new(SET, folder, &server.endpoint()).await;
    check.define(OWN).await;
    funnel(&mut check, &leads).await;
    sellers(&mut check, &leads).await;
    check.compare(ALL, &orders, &ORDER_CUTS, &ORDER_METRICS).await;
    let by_status =
        Cut::by(&["attribute.order_status"], |order: &Order| order.status.clone()).at("orders_sample/by_status");
    check
        .compare(ALL, &orders, &[by_status], &[Metric::named("orders", ".", number)])
        .await;
    let canceled = [Metric::named("cancel_rate", "cancel_rate", |orders: &[&Order]| {
        let canceled = orders.iter().filter(|order| order.status == "canceled").count();
        ratio(count(canceled), count(orders.len()))
    })];
    check
        .compare(ALL, &orders, &[Cut::whole(Some("orders_sample"))], &canceled)
        .await;
    answers(&mut check, &reviews).await;
    check.finish(6_400, 290);
}

fn leads(leads: &Sheet, deals: &Sheet) -> Vec<Lead> {
    let deals = deals.by("mql_id");
    let lead = |row: Row<'_>| {
        let first: Date = row.parse("first_contact_date");
        let origin = if row.get("origin").is_empty() {
            "(blank)"
        } else {
            row.get("origin")
        };
        Lead {
            origin: origin.to_owned(),
            landing_page: row.text("landing_page_id"),
            month: month(first),
            deal: deals.get(row.get("mql_id")).map(|rows| deal(rows[0], first)),
        }
    };
    leads.rows().map(lead).collect()
}

fn deal(row: Row<'_>, first: Date) -> Deal {
    let won = row.parse::<DateTime>("won_date").date();
    Deal {
        won_month: month(won),
        days: days(first, won),
        revenue: decimal(row.get("declared_monthly_revenue")),
        rep: row.text("sr_id"),
        segment: row.text("business_segment"),
        lead_type: row.text("lead_type"),
    }
}

fn orders(orders: &Sheet, payments: &Sheet) -> Vec<Order> {
    let payments: HashMap<_, _> = payments.by("order_id");
    let order = |row: Row<'_>| Order {
        status: row.text("order_status"),
        month: month(row.parse::<DateTime>("order_purchase_timestamp").date()),
        amount: sum(payments[row.get("order_id")]
            .iter()
            .map(|payment| decimal(payment.get("payment_value")))),
    };
    orders.rows().map(order).collect()
}

fn review(row: Row<'_>) -> Review {
    let (created, answered): (DateTime, DateTime) =
        (row.parse("review_creation_date"), row.parse("review_answer_timestamp"));
    let waited = created.duration_until(answered).as_millis();
    Review {
        month: month(created.date()),
        score: row.parse("review_score"),
        response_millis: i64::try_from(waited).expect("a review is answered within years"),
    }
}

/// Leads and what became of them, by properties of the lead.
async fn funnel(check: &mut Check, leads: &[Lead]) {
    let by_month = Cut::over(Grain::Month, &["lead_source"], |lead: &Lead| {
        name([lead.month.as_str(), lead.origin.as_str()])
    });
    let cuts = [
        Cut::whole(Some("funnel_overall")),
        Cut::by(&["lead_source"], |lead: &Lead| lead.origin.clone()).at("by_origin"),
        Cut::by(&["campaign"], |lead: &Lead| lead.landing_page.clone()),
        Cut::over(Grain::Month, &[], |lead: &Lead| lead.month.clone()),
        by_month,
    ];
    let metrics = [
        Metric::named("leads_generated", "mql", |leads: &[&Lead]| Some(count(leads.len()))),
        Metric::named("lead_conversion_rate", "conversion", |leads| converted(leads, i64::MAX)),
        Metric::named(
            "lead_conversion_rate(window=30)",
            "conversion_within_30_days",
            |leads| converted(leads, 30),
        ),
        Metric::named(
            "lead_conversion_rate(window=60)",
            "conversion_within_60_days",
            |leads| converted(leads, 60),
        ),
        Metric::named(
            "lead_conversion_rate(window=90)",
            "conversion_within_90_days",
            |leads| converted(leads, 90),
        ),
        Metric::new("lead_to_opportunity_rate", |leads| converted(leads, i64::MAX)),
    ];
    check.compare(ALL, leads, &cuts, &metrics).await;
}

/// Won deals, by properties of the lead, of the seller and of the deal.
async fn sellers(check: &mut Check, leads: &[Lead]) {
    let won: Vec<_> = leads.iter().filter(|lead| lead.deal.is_some()).cloned().collect();
    let cuts = [
        Cut::whole(Some("funnel_overall")),
        Cut::by(&["lead_source"], |lead: &Lead| lead.origin.clone()).at("by_origin"),
        Cut::by(&["rep"], |lead: &Lead| of_deal(lead, |deal| &deal.rep)),
        Cut::by(&["segment"], |lead: &Lead| of_deal(lead, |deal| &deal.segment)),
        Cut::by(&["attribute.lead_type"], |lead: &Lead| {
            of_deal(lead, |deal| &deal.lead_type)
        }),
        Cut::over(Grain::Month, &[], |lead: &Lead| of_deal(lead, |deal| &deal.won_month)),
    ];
    let metrics = [
        Metric::named("deals_won", "closed", |leads: &[&Lead]| Some(count(leads.len()))),
        Metric::named("sales_cycle_length(clock=lead)", "days_to_close_mean", |leads| {
            mean(&days_to_close(leads))
        }),
        Metric::named(
            "sales_cycle_length(clock=lead;statistic=median)",
            "days_to_close_median",
            |leads| median(days_to_close(leads)),
        ),
        Metric::named("bookings", "declared_monthly_revenue", |leads| {
            Some(sum(leads
                .iter()
                .filter_map(|lead| lead.deal.as_ref())
                .map(|deal| deal.revenue)))
        }),
    ];
    check.compare(ALL, &won, &cuts, &metrics).await;
    let by_month =
        Cut::over(Grain::Month, &[], |lead: &Lead| of_deal(lead, |deal| &deal.won_month)).at("closed_by_won_month");
    let number = Metric::named("deals_won", ".", |leads: &[&Lead]| Some(count(leads.len())));
    check.compare(ALL, &won, &[by_month], &[number]).await;
}

const ORDER_CUTS: [Cut<Order>; 3] = [
    Cut::whole(Some("orders_sample")),
    Cut::by(&["attribute.order_status"], |order: &Order| order.status.clone()),
    Cut::over(Grain::Month, &[], |order: &Order| order.month.clone()).at("orders_sample/by_month"),
];

const ORDER_METRICS: [Metric<Order>; 4] = [
    Metric::named("orders", "orders", number),
    Metric::named("revenue", "revenue", revenue),
    Metric::named("average_order_value", "aov", |orders| {
        ratio(revenue(orders)?, count(orders.len()))
    }),
    Metric::named("average_revenue_per_sale", "aov", |orders| {
        ratio(revenue(orders)?, count(orders.len()))
    }),
];

fn number(orders: &[&Order]) -> Figure {
    Some(count(orders.len()))
}

fn revenue(orders: &[&Order]) -> Figure {
    Some(sum(orders.iter().map(|order| order.amount)))
}

async fn answers(check: &mut Check, reviews: &[Review]) {
    let cuts = [
        Cut::whole(Some("reviews_sample")),
        Cut::over(Grain::Month, &[], |review: &Review| review.month.clone()).at("reviews_sample/by_month"),
    ];
    let scores = [
        Metric::named("reviews", "reviews", |reviews: &[&Review]| Some(count(reviews.len()))),
        Metric::named("customer_satisfaction", "csat_4_5", |reviews| {
            ratio(
                count(reviews.iter().filter(|review| review.score >= 4).count()),
                count(reviews.len()),
            )
        }),
        Metric::named("customer_satisfaction(method=mean)", "avg_score", |reviews| {
            mean(&reviews.iter().map(|review| review.score).collect::<Vec<_>>())
        }),
    ];
    check.compare(ALL, reviews, &cuts, &scores).await;

    let cuts = [
        Cut::whole(Some("reviews_sample")),
        Cut::over(Grain::Month, &[], |review: &Review| review.month.clone()),
    ];
    let responses = [
        Metric::named(
            "inquiry_response_time",
            "response_hours_mean",
            |reviews: &[&Review]| hours(mean(&waits(reviews))),
        ),
        Metric::named(
            "inquiry_response_time(statistic=median)",
            "response_hours_median",
            |reviews| hours(median(waits(reviews))),
        ),
    ];
    // By when the review was written, not answered.
    check
        .compare(
            Scope {
                basis: Basis::Cohort,
                ..ALL
            },
            reviews,
            &cuts,
            &responses,
        )
        .await;
}

fn converted(leads: &[&Lead], within: i64) -> Figure {
    let converted = leads
        .iter()
        .filter(|lead| lead.deal.as_ref().is_some_and(|deal| deal.days <= within))
        .count();
    ratio(count(converted), count(leads.len()))
}

fn of_deal(lead: &Lead, value: fn(&Deal) -> &String) -> String {
    lead.deal.as_ref().map(|deal| value(deal).clone()).unwrap_or_default()
}

fn days_to_close(leads: &[&Lead]) -> Vec<i64> {
    leads
        .iter()
        .filter_map(|lead| lead.deal.as_ref())
        .map(|deal| deal.days)
        .collect()
}

fn waits(reviews: &[&Review]) -> Vec<i64> {
    reviews.iter().map(|review| review.response_millis).collect()
}

fn hours(millis: Figure) -> Figure {
    ratio(millis?, whole(MILLIS_PER_HOUR))
}
