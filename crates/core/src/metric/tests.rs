//! The catalogue is whole and valid, and a tenant's own metrics are checked like ours.

use std::collections::BTreeSet;

use super::*;
use crate::{
    id::Name,
    measure::Unit,
    policy::{OwnMeasure, Policies},
};

/// Every id of the catalogue's design.
const IDS: &str = "revenue bookings sales_growth monthly_revenue_growth gross_profit profit_margin average_revenue_per_sale \
    average_order_value average_deal_size revenue_per_rep new_customers active_customers customer_retention_rate \
    customer_churn_rate repeat_customer_rate upsell_cross_sell_rate mrr arr mrr_new mrr_expansion mrr_contraction \
    mrr_churned mrr_reactivation net_new_mrr gross_revenue_retention net_revenue_retention customer_acquisition_cost \
    customer_lifetime_value ltv_to_cac cac_payback_months sales_target_attainment quota_attainment reps_at_quota \
    sales_velocity website_visits visitor_to_lead_rate leads_generated lead_qualification_rate lead_to_opportunity_rate \
    lead_conversion_rate opportunities_created win_rate loss_rate sales_cycle_length time_to_loss funnel_leakage \
    stage_conversion_rate time_in_stage pipeline_value pipeline_count weighted_pipeline_value pipeline_coverage \
    stalled_opportunities pushed_close_dates referrals_obtained calls_made emails_sent follow_ups demos_given \
    proposals_sent networking_events_attended call_success_rate call_to_conversion_ratio meetings_scheduled \
    meetings_completed meeting_completion_rate time_on_sales_activities selling_time_share lead_response_time \
    inquiry_response_time email_response_time social_engagement sales_activity_ratio activities_per_rep \
    net_promoter_score customer_satisfaction service_quality_rating issue_resolution_rate issue_resolution_time \
    interaction_quality assessment_score referral_conversion_rate opportunities_created_amount unanswered_lead_share \
    units_sold orders";

fn own(toml: &str) -> Definition {
    toml::from_str(toml).expect("a definition")
}

fn metric(id: &str, expression: &str, unit: &str) -> Definition {
    own(&format!(
        "id = {id:?}\ntitle = \"T\"\nexpression = {expression:?}\nunit = {unit:?}"
    ))
}

fn refused(definitions: Vec<Definition>) -> Vec<String> {
    let errors = Registry::new(definitions, &Policies::default()).expect_err("invalid");
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn every_metric_of_the_catalogue_is_there_and_valid() {
    let registry = Registry::builtin(&Policies::default());
    let ids: BTreeSet<_> = registry.iter().map(|definition| definition.id.clone()).collect();
    let missing: Vec<_> = IDS.split_whitespace().filter(|id| !ids.contains(*id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    for definition in registry.iter() {
        assert_eq!(registry.validate(definition), Ok(()), "{}", definition.id);
        assert!(
            !definition.seeds.is_empty() && !definition.section.is_empty(),
            "{}",
            definition.id
        );
        assert!(!definition.description.is_empty(), "{}", definition.id);
    }
}

#[test]
fn the_catalogue_names_every_metric_once() {
    let text = include_str!("catalogue.toml");
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("id = ")).collect();
    let distinct: BTreeSet<_> = lines.iter().collect();
    assert_eq!(lines.len(), distinct.len());
    assert_eq!(lines.len(), Registry::builtin(&Policies::default()).iter().count());
}

#[test]
fn every_allowed_value_of_every_choice_is_valid() {
    let registry = Registry::builtin(&Policies::default());
    for definition in registry.iter() {
        for parameter in &definition.parameters {
            for value in &parameter.allowed {
                for basis in [crate::query::Basis::Event, crate::query::Basis::Cohort] {
                    let texts = [(parameter.name.clone(), value.clone())].into();
                    let resolved = definition.resolve(&texts, Some(basis)).expect("an allowed value");
                    assert!(
                        registry.check(&resolved).is_ok(),
                        "{} {} {value}",
                        definition.id,
                        parameter.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_definition_is_written_and_read_as_the_same() {
    let registry = Registry::builtin(&Policies::default());
    for definition in registry.iter() {
        let text = toml::to_string(definition).expect("toml");
        assert_eq!(&own(&text), definition);
        let text = serde_json::to_string(definition).expect("json");
        assert_eq!(&serde_json::from_str::<Definition>(&text).expect("json"), definition);
    }
}

#[test]
fn units_go_together() {
    for (expression, unit, message) in [
        (
            "sum(revenue) + sum(won_cycle)",
            "money",
            "`m`, expression: unit mismatch: money + days at 0..29 (line 1, column 1)",
        ),
        (
            "sum(revenue) + 1",
            "money",
            "`m`, expression: unit mismatch: money + number at 0..16 (line 1, column 1)",
        ),
        (
            "count(won) - win_rate",
            "count",
            "`m`, expression: unit mismatch: count - rate at 0..21 (line 1, column 1)",
        ),
        (
            "average(nps_response) + sum(revenue) / days()",
            "score",
            "`m`, expression: unit mismatch: score + money/days at 0..45 (line 1, column 1)",
        ),
        (
            "sum(revenue) * sum(revenue)",
            "money",
            "`m` is money^2, which cannot be shown as Money",
        ),
        (
            "lifetime(win_rate, 60 months)",
            "months",
            "`m`, expression: expected 1/months, found rate at 9..17 (line 1, column 10)",
        ),
        (
            "sum(mrr)",
            "money",
            "`m`, expression: `mrr` is a stock: `sum` sums over time, use `balance` or `opening` at 4..7 (line 1, column 5)",
        ),
        (
            "balance(revenue)",
            "money",
            "`m`, expression: `revenue` is a flow: `balance` needs a stock, use `sum` or `count` at 8..15 (line 1, column 9)",
        ),
        (
            "balance(mrr on cohort)",
            "money",
            "`m`, expression: `mrr` is a stock: it has no basis and no window at 8..11 (line 1, column 9)",
        ),
        (
            "gross + 1",
            "count",
            "`m`, expression: unknown metric `gross` at 0..5 (line 1, column 1)",
        ),
        (
            "sum(own.visits)",
            "count",
            "`m`, expression: unknown measure `own.visits` at 4..14 (line 1, column 5)",
        ),
        (
            "count(won where attribute.age = \"x\")",
            "count",
            "`m`, expression: unknown dimension `attribute.age` at 6..9 (line 1, column 7)",
        ),
        (
            "count(won) * $weight",
            "count",
            "`m`, expression: unknown parameter `$weight`: the definition does not declare it at 13..20 (line 1, column 14)",
        ),
        (
            "distinct(won, team)",
            "count",
            "`m`, expression: unknown dimension `team (looked up, not stored)` at 9..12 (line 1, column 10)",
        ),
    ] {
        assert_eq!(refused(vec![metric("m", expression, unit)]), [message]);
    }
}

#[test]
fn products_and_quotients_have_the_unit_that_they_should() {
    for (expression, unit) in [
        ("1 - win_rate", "rate"),
        ("100 * win_rate", "points"),
        ("sum(revenue) / count(won) * win_rate", "money"),
        ("count(won) * win_rate", "count"),
        ("sum(bookings) / sales_cycle_length", "money_per_day"),
        ("average(lead_response) + average(won_cycle)", "hours"),
        ("(revenue - revenue) / revenue", "rate"),
        ("customer_acquisition_cost / (mrr / months())", "months"),
    ] {
        assert!(
            Registry::new(vec![metric("m", expression, unit)], &Policies::default()).is_ok(),
            "{expression}"
        );
    }
}

#[test]
fn metrics_do_not_go_round_in_circles() {
    let all = vec![
        metric("a", "b + 1", "count"),
        metric("b", "2 * c", "count"),
        metric("c", "a", "count"),
    ];
    let errors = refused(all);
    assert!(
        errors.contains(&"`a`, expression: cycle between metrics: a → b → c → a at 0..1 (line 1, column 1)".to_owned()),
        "{errors:?}"
    );
    assert_eq!(errors.len(), 3);
    assert_eq!(
        refused(vec![metric("a", "a", "count")]),
        ["`a`, expression: cycle between metrics: a → a at 0..1 (line 1, column 1)"]
    );
}

#[test]
fn metrics_that_double_each_other_are_too_large() {
    let mut all = vec![metric("m0", "count(won)", "count")];
    all.extend((1..20).map(|at| metric(&format!("m{at}"), &format!("m{0} + m{0}", at - 1), "count")));
    assert!(refused(all).iter().any(|error| error.contains("more than 4096 parts")));
}

#[test]
fn own_metrics_have_ids_of_their_own() {
    assert_eq!(
        refused(vec![metric("revenue", "1", "count")]),
        ["`revenue` is the id of a built-in metric"]
    );
    assert_eq!(
        refused(vec![metric("x", "1", "count"), metric("x", "2", "count")]),
        ["`x` is defined twice"]
    );
    assert!(refused(vec![metric("My Metric", "1", "count")])[0].starts_with("`My Metric` is not a metric id"));
}

#[test]
fn a_metric_that_lost_its_measure_takes_those_along_that_need_it() {
    let own = vec![
        metric("visits", "sum(own.visits)", "count"),
        metric("twice", "2 * visits", "count"),
        metric("deals", "count(won)", "count"),
    ];
    let measure = OwnMeasure {
        name: Name::new("visits").expect("a name"),
        unit: Unit::Count,
    };
    let policies = Policies {
        measures: vec![measure],
        ..Policies::default()
    };
    assert!(Registry::new(own.clone(), &policies).is_ok());
    let (registry, errors) = Registry::load(own, &Policies::default());
    assert_eq!(errors.len(), 2);
    assert!(registry.get("deals").is_some() && registry.get("visits").is_none() && registry.get("twice").is_none());
}

#[test]
fn an_interval_needs_a_fitting_expression() {
    let mut rate = metric("m", "ratio(sum(revenue), sum(bookings))", "rate");
    rate.interval = IntervalKind::Wilson;
    assert!(refused(vec![rate.clone()])[0].contains("has no Wilson interval"));
    rate.interval = IntervalKind::T;
    assert!(refused(vec![rate])[0].contains("has no T interval"));
}

#[test]
fn parameters_are_read_and_refused_by_name() {
    let registry = Registry::builtin(&Policies::default());
    let say = |id: &str, name: &str, value: &str| {
        let definition = registry.get(id).expect("a metric");
        definition
            .resolve(&[(name.to_owned(), value.to_owned())].into(), None)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(say("win_rate", "weight", "amount"), Ok(()));
    assert_eq!(
        say("win_rate", "weight", "size"),
        Err("parameter `weight` is \"size\", must be one of count, amount".into())
    );
    assert_eq!(
        say("win_rate", "colour", "red"),
        Err("parameter `colour` is not one of `win_rate`, which has weight, basis".into())
    );
    assert_eq!(
        say("win_rate", "basis", "both"),
        Err("parameter `basis` is \"both\", must be event or cohort".into())
    );
    assert_eq!(
        say("customer_lifetime_value", "horizon", "0"),
        Err("parameter `horizon` is 0, must be at least 1".into())
    );
    assert_eq!(
        say("lead_conversion_rate", "window", "a month"),
        Err("parameter `window` is \"a month\", must be a decimal number".into())
    );
    assert_eq!(
        say("customer_acquisition_cost", "scope", "advertising,salaries"),
        Ok(())
    );
}
