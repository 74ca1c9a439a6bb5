//! What reps do.

use super::{Cell, Metric, View, counted, hours, plain, ratio, times};
use crate::reference::view::number;

pub(super) fn cell(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    activities(metric, view)
        .or_else(|| meetings(metric, view))
        .or_else(|| time(metric, view))
}

fn activities(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let of = |kinds: &[&str]| number(&view.flow("activity", Some(("activity_kind", kinds))));
    let won = || view.count("won");
    Some(match metric.id.as_str() {
        "calls_made" => counted(of(&["call"])),
        "emails_sent" => counted(of(&["email"])),
        "follow_ups" => counted(of(&["follow_up"])),
        "demos_given" => counted(of(&["demo"])),
        "presentations_given" => counted(of(&["presentation"])),
        "proposals_sent" => counted(of(&["proposal"])),
        "networking_events_attended" => counted(of(&["networking_event"])),
        "activities_logged" => counted(view.count("activity")),
        "call_success_rate" => {
            let successful = number(&view.flow("activity_successful", Some(("activity_kind", &["call"]))));
            ratio(successful, of(&["call"]), of(&["call"]))
        }
        "call_to_conversion_ratio" => ratio(of(&["call"]), won(), won()),
        "sales_activity_ratio" => {
            let done = of(&["call", "email", "demo", "proposal"]) + view.count("meeting_completed");
            ratio(done, won(), won())
        }
        _ => return None,
    })
}

fn meetings(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let scheduled = || view.count("meeting_scheduled");
    Some(match metric.id.as_str() {
        "meetings_scheduled" => counted(scheduled()),
        "meetings_completed" => counted(view.count("meeting_completed")),
        "meetings_cancelled" => counted(view.count("meeting_cancelled")),
        "meeting_completion_rate" => ratio(view.count("meeting_completed"), scheduled(), scheduled()),
        "meeting_no_show_rate" => ratio(view.count("meeting_no_show"), scheduled(), scheduled()),
        _ => return None,
    })
}

fn time(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    Some(match metric.id.as_str() {
        "time_on_sales_activities" => plain(times(view.sum("time_spent"), hours()), view.count("time_spent")),
        "selling_time_share" => {
            let days = |what| times(view.sum(what), super::days());
            ratio(
                days("time_customer_facing"),
                days("time_spent"),
                view.count("time_spent"),
            )
        }
        "social_engagement" => plain(view.sum("social_engagement").into(), view.count("social_engagement")),
        _ => return None,
    })
}
