//! Leads, opportunities and stages.

use super::{Cell, Metric, View, counted, days, open, open_in_cohort, plain, plus, ratio, statistic};
use crate::reference::view::number;

pub(super) fn cell(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    leads(metric, view)
        .or_else(|| deals(metric, view))
        .or_else(|| stages(metric, view))
}

fn leads(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let created = || view.count("lead_created");
    let of_created = |what| {
        let cell = ratio(view.count(what), created(), created());
        open_in_cohort(cell, view, || {
            created() - view.count(what) - view.count("lead_disqualified")
        })
    };
    Some(match metric.id.as_str() {
        "leads_generated" => counted(created()),
        "lead_qualification_rate" => of_created("lead_qualified"),
        "lead_to_opportunity_rate" => of_created("lead_to_opportunity"),
        "lead_conversion_rate" => of_created("lead_to_customer"),
        "visitor_to_lead_rate" => ratio(created(), view.sum("website_visits"), view.sum("website_visits")),
        "website_visits" => plain(view.sum("website_visits").into(), view.count("website_visits")),
        "referrals_obtained" => counted(view.count("referral_received")),
        "referral_conversion_rate" => {
            let (received, converted) = (view.count("referral_received"), view.count("referral_converted"));
            open_in_cohort(ratio(converted, received, received), view, || received - converted)
        }
        "unanswered_lead_share" => ratio(created() - view.count("lead_response"), created(), created()),
        _ => return None,
    })
}

fn deals(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let (won, lost) = (|| view.count("won"), || view.count("lost"));
    let share = |of: &str| {
        let cell = if metric.parameter("weight") == "amount" {
            ratio(
                view.money(of),
                plus(view.money("won"), view.money("lost")),
                won() + lost(),
            )
        } else {
            ratio(view.count(of), won() + lost(), won() + lost())
        };
        open_in_cohort(cell, view, || view.count("opportunity_opened") - won() - lost())
    };
    Some(match metric.id.as_str() {
        "win_rate" => share("won"),
        "loss_rate" => share("lost"),
        "deals_won" => counted(won()),
        "deals_lost" => counted(lost()),
        "opportunities_created" => counted(view.count("opportunity_opened")),
        "opportunities_created_amount" => plain(view.money("opportunity_opened"), view.count("opportunity_opened")),
        "sales_cycle_length" => statistic(metric, &view.flow("won_cycle", None), 1.into()),
        "time_to_loss" => statistic(metric, &view.flow("lost_cycle", None), 1.into()),
        "pushed_close_dates" => counted(view.count("close_date_pushed")),
        "activities_per_won_deal" => ratio(view.sum("won_activities"), won(), won()),
        _ => return None,
    })
}

fn stages(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let deals_open = || {
        view.balance("open_opportunities")
            .iter()
            .map(|fact| fact.value)
            .sum::<i128>()
    };
    let (entered, decided) = (|| view.count("stage_entered"), || view.count("stage_decided"));
    Some(match metric.id.as_str() {
        "pipeline_value" => plain(view.worth_at_end(&view.balance("pipeline_amount")), deals_open()),
        "pipeline_count" => plain(deals_open().into(), number(&view.balance("open_opportunities"))),
        "stage_conversion_rate" => {
            let cell = ratio(view.count("stage_advanced"), entered(), entered());
            open_in_cohort(cell, view, || entered() - decided())
        }
        "funnel_leakage" => {
            let cell = if metric.parameter("weight") == "amount" {
                ratio(view.money("stage_leaked"), view.money("stage_decided"), decided())
            } else {
                ratio(view.count("stage_leaked"), decided(), decided())
            };
            open_in_cohort(cell, view, || entered() - decided())
        }
        "time_in_stage" => open(statistic(metric, &view.flow("stage_visit", None), days()), deals_open()),
        _ => return None,
    })
}
