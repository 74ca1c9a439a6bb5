//! The tables: the best reps, the funnel by stage, lead sources.

use scoreline_proto::analytics::v1::{QueryMetricsResponse, Row, cell};

use super::{
    Asker, figures,
    layout::{Columns, Piece},
};
use crate::output::{bold, colours, line};

/// How many reps the leaderboard has.
const REPS: i32 = 10;
/// The widest bar.
const BAR: usize = 12;
/// The stages of the default pipeline, first to last.
const STAGES: [&str; 5] = ["prospecting", "qualification", "proposal", "negotiation", "commit"];

/// Asks and shows the tables.
pub(super) async fn show(asker: &Asker<'_>) -> anyhow::Result<()> {
    leaderboard(asker).await?;
    funnel(asker).await?;
    sources(asker).await
}

async fn leaderboard(asker: &Asker<'_>) -> anyhow::Result<()> {
    let metrics = ["bookings", "win_rate", "quota_attainment", "calls_made"];
    let answer = asker.ask(asker.ranked(&metrics, "rep", REPS)).await?;
    let columns = Columns {
        widths: &[2, 22, -14, 12, -8, -15, -5, -8, -6],
        colours: colours(),
    };
    line(format_args!("\n{}", bold("Leaderboard, by bookings")));
    line(columns.head(&[
        "",
        "rep",
        "bookings",
        "",
        "win rate",
        "95 % interval",
        "n",
        "quota",
        "calls",
    ]));
    let top = answer.rows.first().map_or(0.0, |row| number(row, 0));
    for (at, row) in answer.rows.iter().enumerate() {
        let shown = Shown { answer: &answer, row };
        line(columns.line(&[
            Piece::faint((at + 1).to_string()),
            shown.name(),
            shown.value(0),
            Piece::faint(bar(number(row, 0), top)),
            shown.value(1),
            shown.interval(1),
            shown.n(1),
            attainment(&shown, 2),
            shown.value(3),
        ]));
    }
    Ok(())
}

async fn funnel(asker: &Asker<'_>) -> anyhow::Result<()> {
    let metrics = [
        "pipeline_value",
        "pipeline_count",
        "stage_conversion_rate",
        "funnel_leakage",
        "time_in_stage?statistic=median",
    ];
    let mut answer = asker.ask(asker.ranked(&metrics, "stage", 0)).await?;
    let place = |row: &Row| STAGES.iter().position(|stage| *stage == key(row));
    answer.rows.retain(|row| place(row).is_some());
    answer.rows.sort_by_key(place);
    let columns = Columns {
        widths: &[14, -16, -6, -12, -15, -6, -9, -15],
        colours: colours(),
    };
    line(format_args!("\n{}", bold("Funnel, by stage")));
    line(columns.head(&[
        "stage",
        "pipeline",
        "open",
        "moves on",
        "95 % interval",
        "n",
        "leaks",
        "median time",
    ]));
    for row in &answer.rows {
        let shown = Shown { answer: &answer, row };
        line(columns.line(&[
            shown.name(),
            shown.value(0),
            shown.value(1),
            shown.value(2),
            shown.interval(2),
            shown.n(2),
            shown.value(3),
            shown.value(4),
        ]));
    }
    Ok(())
}

async fn sources(asker: &Asker<'_>) -> anyhow::Result<()> {
    let metrics = ["leads_generated", "lead_qualification_rate", "win_rate", "bookings"];
    let answer = asker.ask(asker.ranked(&metrics, "lead_source", 0)).await?;
    let columns = Columns {
        widths: &[20, -7, -10, -9, 12, -15, -5, -15],
        colours: colours(),
    };
    line(format_args!("\n{}", bold("Lead sources")));
    line(columns.head(&[
        "source",
        "leads",
        "qualified",
        "win rate",
        "",
        "95 % interval",
        "n",
        "bookings",
    ]));
    let top = answer.rows.iter().map(|row| number(row, 2)).fold(0.0, f64::max);
    for row in answer.rows.iter().filter(|row| !key(row).is_empty()) {
        let shown = Shown { answer: &answer, row };
        line(columns.line(&[
            shown.name(),
            shown.value(0),
            shown.value(1),
            shown.value(2),
            Piece::faint(bar(number(row, 2), top)),
            shown.interval(2),
            shown.n(2),
            shown.value(3),
        ]));
    }
    Ok(())
}

/// A row of an answer, to be shown.
struct Shown<'a> {
    answer: &'a QueryMetricsResponse,
    row: &'a Row,
}

impl Shown<'_> {
    fn name(&self) -> Piece {
        let value = self.row.dimensions.first();
        let name = value.map_or("", |value| {
            if value.label.is_empty() {
                &value.value
            } else {
                &value.label
            }
        });
        if name.is_empty() {
            Piece::faint("(none)")
        } else {
            Piece::plain(name)
        }
    }

    fn value(&self, at: usize) -> Piece {
        figures::short(&self.answer.columns[at], &self.row.cells[at])
    }

    fn interval(&self, at: usize) -> Piece {
        Piece::faint(figures::interval(&self.answer.columns[at], &self.row.cells[at]))
    }

    fn n(&self, at: usize) -> Piece {
        Piece::faint(figures::grouped(self.row.cells[at].n))
    }
}

/// An attainment in per cent.
fn attainment(shown: &Shown<'_>, at: usize) -> Piece {
    match &shown.row.cells[at].result {
        Some(cell::Result::Value(value)) => Piece::plain(format!("{:.0} %", 100.0 * value.number)),
        _ => Piece::faint("–"),
    }
}

fn key(row: &Row) -> &str {
    row.dimensions.first().map_or("", |value| value.value.as_str())
}

fn number(row: &Row, at: usize) -> f64 {
    match row.cells.get(at).and_then(|cell| cell.result.as_ref()) {
        Some(cell::Result::Value(value)) => value.number,
        _ => 0.0,
    }
}

fn bar(value: f64, top: f64) -> String {
    let length = if top > 0.0 {
        (BAR as f64 * value / top).round().max(0.0) as usize
    } else {
        0
    };
    "█".repeat(length.min(BAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part_of_the_top() {
        assert_eq!(bar(50.0, 100.0).chars().count(), BAR / 2);
        assert_eq!(bar(100.0, 100.0).chars().count(), BAR);
        assert_eq!(bar(1.0, 0.0), "");
    }
}
