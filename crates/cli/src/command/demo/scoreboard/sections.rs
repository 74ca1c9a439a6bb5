//! The sections: one metric a line.

use scoreline_proto::analytics::v1::{Cell, MetricHeader};

use super::{
    Asker, figures,
    layout::{Columns, Piece},
};
use crate::output::{bold, colours, line};

/// Title and metrics of each section.
const SECTIONS: [(&str, &[&str]); 4] = [
    (
        "Performance",
        &[
            "revenue",
            "bookings",
            "deals_won",
            "average_deal_size",
            "average_order_value",
            "profit_margin",
            "new_customers",
            "active_customers",
            "customer_retention_rate",
            "customer_churn_rate",
            "repeat_customer_rate",
            "upsell_cross_sell_rate",
            "mrr",
            "net_new_mrr",
            "net_revenue_retention",
            "customer_acquisition_cost",
            "customer_lifetime_value",
            "ltv_to_cac",
            "sales_target_attainment",
            "quota_attainment",
            "reps_at_quota",
            "sales_velocity",
        ],
    ),
    (
        "Funnel",
        &[
            "website_visits",
            "visitor_to_lead_rate",
            "leads_generated",
            "lead_qualification_rate",
            "lead_to_opportunity_rate",
            "lead_conversion_rate",
            "opportunities_created",
            "win_rate",
            "sales_cycle_length",
            "pipeline_value",
            "weighted_pipeline_value",
            "pipeline_coverage",
            "stalled_opportunities",
            "pushed_close_dates",
            "referrals_obtained",
        ],
    ),
    (
        "Activity",
        &[
            "calls_made",
            "call_success_rate",
            "emails_sent",
            "follow_ups",
            "demos_given",
            "proposals_sent",
            "networking_events_attended",
            "meetings_scheduled",
            "meeting_completion_rate",
            "lead_response_time?statistic=median",
            "inquiry_response_time",
            "email_response_time",
            "social_engagement",
        ],
    ),
    (
        "Productivity and quality",
        &[
            "revenue_per_rep",
            "activities_per_rep",
            "sales_activity_ratio",
            "call_to_conversion_ratio",
            "selling_time_share",
            "trainings_completed",
            "net_promoter_score",
            "customer_satisfaction",
            "service_quality_rating",
            "issue_resolution_rate",
            "issue_resolution_time",
            "interaction_quality",
            "assessment_score",
        ],
    ),
];
const WIDTHS: [i32; 6] = [27, -17, -16, -12, -16, -7];

/// Asks and shows every section.
pub(super) async fn show(asker: &Asker<'_>) -> anyhow::Result<()> {
    let columns = Columns {
        widths: &WIDTHS,
        colours: colours(),
    };
    for (title, metrics) in SECTIONS {
        let answer = asker.ask(asker.compared(metrics)).await?;
        line(format_args!("\n{}", bold(title)));
        line(columns.head(&["", "value", "before", "change", "95 % interval", "n"]));
        let cells = answer.rows.first().map_or(&[][..], |row| &row.cells);
        for (header, cell) in answer.columns.iter().zip(cells) {
            line(row(columns, header, cell));
        }
    }
    Ok(())
}

fn row(columns: Columns<'_>, header: &MetricHeader, cell: &Cell) -> String {
    let title = Piece::plain(&header.title);
    match figures::value(header, cell) {
        Ok(value) => columns.line(&[
            title,
            Piece::plain(value),
            figures::previous(header, cell),
            figures::change(header, cell),
            Piece::faint(figures::interval(header, cell)),
            Piece::faint(figures::grouped(cell.n)),
        ]),
        Err(reason) => {
            let widths = [WIDTHS[0], WIDTHS[1], 52];
            let columns = Columns {
                widths: &widths,
                ..columns
            };
            columns.line(&[title, Piece::faint("–"), Piece::faint(format!("undefined: {reason}"))])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use scoreline_proto::analytics::v1::{Undefined, UndefinedReason, cell};

    use super::*;

    #[test]
    fn the_lines_fit_a_hundred_columns() {
        assert!(WIDTHS.iter().map(|width| width.unsigned_abs() + 1).sum::<u32>() <= 101);
    }

    #[test]
    fn there_are_enough_metrics_and_none_twice() {
        let all: Vec<&str> = SECTIONS.iter().flat_map(|(_, metrics)| *metrics).copied().collect();
        assert!(all.len() >= 25);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn what_is_undefined_has_its_reason_on_its_line() {
        let header = MetricHeader {
            title: "Quota attainment".to_owned(),
            ..MetricHeader::default()
        };
        let undefined = Undefined {
            reason: UndefinedReason::NoTarget.into(),
            detail: String::new(),
        };
        let cell = Cell {
            result: Some(cell::Result::Undefined(undefined)),
            ..Cell::default()
        };
        let shown = row(
            Columns {
                widths: &WIDTHS,
                colours: false,
            },
            &header,
            &cell,
        );
        assert_eq!(
            shown,
            format!("{:<27} {:>17} undefined: no target is set", "Quota attainment", "–")
        );
    }
}
