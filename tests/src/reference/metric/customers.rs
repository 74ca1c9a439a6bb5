//! Customers and what recurs.

use super::{Cell, Metric, View, counted, fraction, plain, plus, ratio};
use crate::reference::view::number;

const MOVEMENTS: [&str; 5] = [
    "mrr_new",
    "mrr_expansion",
    "mrr_contraction",
    "mrr_churned",
    "mrr_reactivation",
];

pub(super) fn cell(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    customers(metric, view).or_else(|| recurring(metric, view))
}

fn customers(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let acquired = || view.count("customer_acquired");
    Some(match metric.id.as_str() {
        "new_customers" => counted(acquired()),
        "active_customers" => {
            let changes = view.balance("active_customers");
            plain(
                changes.iter().map(|fact| fact.value).sum::<i128>().into(),
                number(&changes),
            )
        }
        "customer_retention_rate" => {
            let customers = view.retention("active_customers");
            ratio(customers.retained, customers.at_start, customers.at_start)
        }
        "customer_churn_rate" => {
            let customers = view.retention("active_customers");
            ratio(
                customers.at_start - customers.retained,
                customers.at_start,
                customers.at_start,
            )
        }
        "repeat_customer_rate" => {
            let buyers = view.accounts("purchase");
            ratio(view.accounts("repeat_purchase"), buyers, buyers)
        }
        "upsell_cross_sell_rate" => {
            let before: i128 = view.opening("active_customers").iter().map(|fact| fact.value).sum();
            ratio(view.accounts("upsell_purchase"), before, before)
        }
        "customer_acquisition_cost" => ratio(view.money("cost"), acquired(), acquired()),
        _ => return None,
    })
}

fn recurring(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    if let Some(movement) = MOVEMENTS.into_iter().find(|movement| *movement == metric.id) {
        return Some(plain(view.money(movement), view.count(movement)));
    }
    Some(match metric.id.as_str() {
        "mrr" | "arr" => {
            let changes = view.balance("mrr");
            let times = if metric.id == "arr" { 12 } else { 1 };
            plain(
                view.worth(&changes).checked_mul(times.into()).expect("a small number"),
                number(&changes),
            )
        }
        "net_new_mrr" => {
            let sum = MOVEMENTS
                .into_iter()
                .map(|movement| view.money(movement))
                .fold(0.into(), plus);
            plain(sum, MOVEMENTS.into_iter().map(|movement| view.count(movement)).sum())
        }
        "gross_revenue_retention" => {
            let accounts = view.retention("mrr");
            ratio(
                fraction(accounts.capped, 1_000_000),
                fraction(accounts.start_sum, 1_000_000),
                accounts.at_start,
            )
        }
        "net_revenue_retention" => {
            let accounts = view.retention("mrr");
            ratio(
                fraction(accounts.kept, 1_000_000),
                fraction(accounts.start_sum, 1_000_000),
                accounts.at_start,
            )
        }
        _ => return None,
    })
}
