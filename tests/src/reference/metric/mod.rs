//! The metrics, each as the catalogue words it.

mod customers;
mod funnel;
mod revenue;
mod service;
mod work;

use scoreline_core::rational::Rational;

use super::{
    answer::Cell,
    facts::Fact,
    question::Metric,
    view::{View, fraction},
};

const MILLIS_PER_DAY: i128 = 86_400_000;
const HOURS_PER_DAY: i128 = 24;

/// Every metric that the reference knows, with parameters.
pub const ALL: &[&str] = &[
    "revenue",
    "gross_profit",
    "profit_margin",
    "average_revenue_per_sale",
    "average_order_value",
    "orders",
    "units_sold",
    "bookings",
    "average_deal_size",
    "deals_won",
    "deals_lost",
    "win_rate",
    "win_rate(weight=amount)",
    "loss_rate",
    "sales_cycle_length",
    "sales_cycle_length(statistic=median)",
    "sales_cycle_length(statistic=p90)",
    "time_to_loss",
    "opportunities_created",
    "opportunities_created_amount",
    "pipeline_value",
    "pipeline_count",
    "pushed_close_dates",
    "stage_conversion_rate",
    "funnel_leakage",
    "funnel_leakage(weight=amount)",
    "time_in_stage",
    "time_in_stage(statistic=median)",
    "activities_per_won_deal",
    "leads_generated",
    "lead_qualification_rate",
    "lead_to_opportunity_rate",
    "lead_conversion_rate",
    "visitor_to_lead_rate",
    "website_visits",
    "referrals_obtained",
    "referral_conversion_rate",
    "lead_response_time",
    "lead_response_time(statistic=median)",
    "unanswered_lead_share",
    "new_customers",
    "active_customers",
    "customer_retention_rate",
    "customer_churn_rate",
    "repeat_customer_rate",
    "upsell_cross_sell_rate",
    "customer_acquisition_cost",
    "cost",
    "mrr",
    "arr",
    "mrr_new",
    "mrr_expansion",
    "mrr_contraction",
    "mrr_churned",
    "mrr_reactivation",
    "net_new_mrr",
    "gross_revenue_retention",
    "net_revenue_retention",
    "calls_made",
    "emails_sent",
    "follow_ups",
    "demos_given",
    "presentations_given",
    "proposals_sent",
    "networking_events_attended",
    "activities_logged",
    "call_success_rate",
    "call_to_conversion_ratio",
    "sales_activity_ratio",
    "meetings_scheduled",
    "meetings_completed",
    "meetings_cancelled",
    "meeting_completion_rate",
    "meeting_no_show_rate",
    "time_on_sales_activities",
    "selling_time_share",
    "social_engagement",
    "inquiries_received",
    "inquiry_response_time",
    "inquiry_response_time(statistic=median)",
    "email_response_time",
    "issue_resolution_rate",
    "issue_resolution_time",
    "net_promoter_score",
    "customer_satisfaction",
    "customer_satisfaction(method=mean)",
    "service_quality_rating",
    "assessment_score",
    "interaction_quality",
];

/// Those whose values add up over the groups of a dimension that each counted thing has one value of.
pub const ADDITIVE: &[&str] = &[
    "revenue",
    "gross_profit",
    "units_sold",
    "bookings",
    "deals_won",
    "deals_lost",
    "opportunities_created",
    "opportunities_created_amount",
    "pushed_close_dates",
    "leads_generated",
    "website_visits",
    "referrals_obtained",
    "new_customers",
    "active_customers",
    "cost",
    "mrr",
    "arr",
    "mrr_new",
    "mrr_expansion",
    "mrr_contraction",
    "mrr_churned",
    "mrr_reactivation",
    "net_new_mrr",
    "pipeline_value",
    "pipeline_count",
    "calls_made",
    "emails_sent",
    "activities_logged",
    "meetings_scheduled",
    "meetings_completed",
    "meetings_cancelled",
    "social_engagement",
    "inquiries_received",
];

/// Whether a metric follows those who entered in the period unless it is told otherwise.
pub fn is_cohort(id: &str) -> bool {
    const COHORT: &[&str] = &[
        "stage_conversion_rate",
        "funnel_leakage",
        "lead_qualification_rate",
        "lead_to_opportunity_rate",
        "lead_conversion_rate",
        "referral_conversion_rate",
        "unanswered_lead_share",
        "issue_resolution_rate",
    ];
    COHORT.contains(&id)
}

/// A metric in one period of one group.
///
/// # Panics
/// When it is none of [`ALL`].
pub fn cell(metric: &Metric, view: &View<'_>) -> Cell {
    let families: [fn(&Metric, &View<'_>) -> Option<Cell>; 5] =
        [revenue::cell, funnel::cell, customers::cell, work::cell, service::cell];
    families
        .into_iter()
        .find_map(|family| family(metric, view))
        .unwrap_or_else(|| panic!("the reference has no {}", metric.id))
}

/// A value that is no quotient.
fn plain(value: Rational, n: i128) -> Cell {
    Cell {
        value: Ok(value),
        parts: None,
        n,
        immature: 0,
    }
}

/// How many.
fn counted(count: i128) -> Cell {
    plain(count.into(), count)
}

/// A quotient: with nothing below the line it has no value.
fn ratio(above: impl Into<Rational>, below: impl Into<Rational>, n: i128) -> Cell {
    let (above, below) = (above.into(), below.into());
    let value = above.checked_div(below).map_err(|_| "ZERO_DENOMINATOR");
    Cell {
        value,
        parts: Some((above, below)),
        n,
        immature: 0,
    }
}

/// The mean of values, of which so many make one.
fn mean(facts: &[&Fact], per_unit: Rational) -> Cell {
    let count = super::view::number(facts);
    let sum = times(facts.iter().map(|fact| fact.value).sum::<i128>(), per_unit);
    let value = if count == 0 {
        Err("NO_SAMPLES")
    } else {
        Ok(sum.checked_div(count.into()).expect("not zero"))
    };
    Cell {
        value,
        parts: Some((sum, count.into())),
        n: count,
        immature: 0,
    }
}

/// A quantile in percent: linear between the two values that it lies between.
fn quantile(facts: &[&Fact], percent: i128, per_unit: Rational) -> Cell {
    let mut values: Vec<i128> = facts.iter().map(|fact| fact.value).collect();
    values.sort_unstable();
    let n = super::view::number(facts);
    let value = if values.is_empty() {
        Err("NO_SAMPLES")
    } else {
        let place = (n - 1) * percent;
        let at = |place: i128| values[usize::try_from(place).expect("a place")];
        let (low, rest) = (at(place / 100), place % 100);
        let high = if rest == 0 { low } else { at(place / 100 + 1) };
        Ok(times(low * 100 + (high - low) * rest, per_unit)
            .checked_div(100.into())
            .expect("not zero"))
    };
    Cell {
        value,
        parts: None,
        n,
        immature: 0,
    }
}

/// The mean, the median or the 90th percentile, as the metric wants it.
fn statistic(metric: &Metric, facts: &[&Fact], per_unit: Rational) -> Cell {
    match metric.parameter("statistic") {
        "median" => quantile(facts, 50, per_unit),
        "p90" => quantile(facts, 90, per_unit),
        _ => mean(facts, per_unit),
    }
}

fn times(number: i128, per_unit: Rational) -> Rational {
    per_unit.checked_mul(number.into()).expect("small numbers")
}

fn days() -> Rational {
    fraction(1, MILLIS_PER_DAY)
}

fn hours() -> Rational {
    fraction(HOURS_PER_DAY, MILLIS_PER_DAY)
}

fn minus(one: Rational, other: Rational) -> Rational {
    one.checked_sub(other).expect("small numbers")
}

fn plus(one: Rational, other: Rational) -> Rational {
    one.checked_add(other).expect("small numbers")
}

/// The same, saying how many are still open; never less than none.
fn open(mut cell: Cell, immature: i128) -> Cell {
    cell.immature = immature.max(0);
    cell
}

/// The same, saying how many are still open where subjects are followed from their entry.
fn open_in_cohort(cell: Cell, view: &View<'_>, immature: impl Fn() -> i128) -> Cell {
    if view.cohort { open(cell, immature()) } else { cell }
}
