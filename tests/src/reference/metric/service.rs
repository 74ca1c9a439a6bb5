//! How quickly customers and leads are answered, and what they say.

use super::{Cell, Metric, View, fraction, hours, mean, open_in_cohort, ratio, statistic};
use crate::reference::view::{Only, number};

pub(super) fn cell(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    answers(metric, view).or_else(|| opinions(metric, view))
}

fn waited(metric: &Metric, view: &View<'_>, [asked, answered]: [&str; 2], only: Only<'_>) -> Cell {
    let cell = statistic(metric, &view.flow(answered, only), hours());
    open_in_cohort(cell, view, || {
        number(&view.flow(asked, only)) - number(&view.flow(answered, only))
    })
}

fn answers(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    Some(match metric.id.as_str() {
        "lead_response_time" => waited(metric, view, ["lead_created", "lead_response"], None),
        "inquiry_response_time" => waited(metric, view, ["inquiry_received", "inquiry_response"], None),
        "email_response_time" => waited(
            metric,
            view,
            ["inquiry_received", "inquiry_response"],
            Some(("channel", &["email"])),
        ),
        "inquiries_received" => super::counted(view.count("inquiry_received")),
        "issue_resolution_time" => waited(metric, view, ["issue_opened", "issue_resolved"], None),
        "issue_resolution_rate" => {
            let (opened, resolved) = (view.count("issue_opened"), view.count("issue_resolved"));
            open_in_cohort(ratio(resolved, opened, opened), view, || opened - resolved)
        }
        _ => return None,
    })
}

fn opinions(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let score = || fraction(1, 1_000);
    let average = |what| mean(&view.flow(what, None), score());
    Some(match metric.id.as_str() {
        "net_promoter_score" => promoters(view),
        "customer_satisfaction" if metric.parameter("method") == "mean" => average("csat_response"),
        "customer_satisfaction" => {
            let answers = view.count("csat_response");
            ratio(view.count("csat_satisfied"), answers, answers)
        }
        "service_quality_rating" => average("service_rating"),
        "assessment_score" => average("assessment"),
        "interaction_quality" => average("interaction_assessment"),
        _ => return None,
    })
}

fn promoters(view: &View<'_>) -> Cell {
    let answers = view.count("nps_response");
    let difference = view.count("nps_promoter") - view.count("nps_detractor");
    let share = ratio(difference, answers, answers);
    let value = share
        .value
        .map(|value| value.checked_mul(100.into()).expect("a small number"));
    Cell { value, ..share }
}
