//! From cells to a table: rows by time and group, ranked, cut, and without too small samples.

use std::{cmp::Ordering, ops::Range, sync::Arc};

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::{
    cell::ColumnPlan,
    compute::At,
    frame::Stretch,
    groups::GroupAt,
    lower::Context,
    plan::Plan,
    question::{By, Question},
    table::{Bucket, CellValue, Key, Reason, Row, Table, Undefined},
};
use crate::{
    crew::{self, Crew},
    dimension::Tables,
    rational::Rational,
};

/// The table of a plan whose rows are settled: its columns over the keys of its rows.
pub(super) fn table(
    (columns, keys): (&[ColumnPlan], &[Key]),
    plan: &Plan,
    context: &Context,
    (question, tables): (&Question, &Tables),
    crew: &dyn Crew,
) -> Table {
    let ranking = Ranking {
        columns,
        keys,
        question,
        tables,
    };
    let (mut rows, mut left_out) = (Vec::new(), 0);
    for (stretch, found) in context.frame.stretches.iter().enumerate() {
        let Some(found) = found else { continue };
        let at = |row: usize| {
            let group = GroupAt {
                key: &keys[row],
                row: Some(row),
            };
            At { plan, stretch, group }
        };
        let shown = ranking.shown(at, crew);
        left_out += shown.left_out;
        let bucket = Arc::new(bucket(found));
        let row = |row: &usize| Row {
            bucket: Arc::clone(&bucket),
            key: keys[*row].clone(),
            cells: columns
                .iter()
                .map(|column| honest(column.cell(at(*row)), question))
                .collect(),
        };
        let rows_of = |range: Range<usize>| -> Vec<Row> { shown.rows[range].iter().map(row).collect() };
        let ranges = crew::cut(crew, shown.rows.len(), |_| columns.len());
        rows.extend(crew::map(crew, ranges, rows_of).into_iter().flatten());
    }
    Table {
        columns: columns.iter().map(|column| column.column.clone()).collect(),
        rows,
        left_out,
        time_zone: context.zone.clone(),
    }
}

/// The rows of a stretch that are shown, in their order, and how many a ranking leaves out because of too small samples.
struct Shown {
    rows: Vec<usize>,
    left_out: usize,
}

/// Which rows are shown, and in which order: of those that are not, nothing else is worked out.
#[derive(Clone, Copy)]
struct Ranking<'a> {
    columns: &'a [ColumnPlan],
    keys: &'a [Key],
    question: &'a Question,
    tables: &'a Tables,
}

/// By what a row stands where it does, and the row itself. Rows come in the order of their keys.
type Rank = (SmallVec<[Place; 1]>, usize);

/// What a row is ordered by; none where that is undefined.
enum Place {
    Number(Option<Rational>),
    Name(Option<SmolStr>),
}

impl Ranking<'_> {
    fn shown<'p>(self, at: impl Fn(usize) -> At<'p> + Sync, crew: &dyn Crew) -> Shown {
        let limit = self.question.limit.unwrap_or(usize::MAX);
        let groups = self.question.groups.as_ref();
        let wanted = |row: &usize| groups.is_none_or(|groups| groups.contains(&self.keys[*row]));
        let rows: Vec<usize> = (0..self.keys.len()).filter(wanted).collect();
        if self.question.order_by.is_empty() {
            return Shown {
                rows: rows.into_iter().take(limit).collect(),
                left_out: 0,
            };
        }
        let of_range = |range: Range<usize>| -> Vec<Rank> {
            let ranks = rows[range].iter().filter_map(|row| self.rank(*row, at(*row)));
            ranks.collect()
        };
        let ranges = crew::cut(crew, rows.len(), |_| self.question.order_by.len());
        let mut ranks: Vec<Rank> = crew::map(crew, ranges, of_range).into_iter().flatten().collect();
        let left_out = rows.len() - ranks.len();
        if limit < ranks.len() {
            ranks.select_nth_unstable_by(limit, |left, right| self.compare(left, right));
            ranks.truncate(limit);
        }
        ranks.sort_unstable_by(|left, right| self.compare(left, right));
        Shown {
            rows: ranks.into_iter().map(|(_, row)| row).collect(),
            left_out,
        }
    }

    /// None where the sample of what rows are ordered by first is too small.
    fn rank(self, row: usize, at: At<'_>) -> Option<Rank> {
        let orders = self.question.order_by.iter().enumerate();
        let places = orders.map(|(nth, order)| {
            Some(match order.by {
                By::Column(column) => {
                    let column = &self.columns[column];
                    let n = self.question.min_sample.map(|least| (column.n(at), least));
                    match n {
                        Some((n, least)) if nth == 0 && is_small(n, least) => return None,
                        Some((Some(n), least)) if is_small(Some(n), least) => Place::Number(None),
                        _ => Place::Number(column.value(at).ok()),
                    }
                }
                By::Dimension(dimension) => Place::Name(self.name(row, dimension)),
            })
        });
        Some((places.collect::<Option<_>>()?, row))
    }

    /// The name that is shown for a row's value of a dimension.
    fn name(self, row: usize, dimension: usize) -> Option<SmolStr> {
        let value = self.keys[row][dimension].as_ref()?;
        let label = self.tables.label(&self.question.dimensions[dimension], value);
        Some(label.map_or(value, |label| label.text()).clone())
    }

    /// Undefined values stand last whichever way; equals stand by key.
    fn compare(self, (left, left_row): &Rank, (right, right_row): &Rank) -> Ordering {
        let both = left.iter().zip(right).zip(&self.question.order_by);
        let compared = both.map(|((left, right), order)| {
            let found = match (left, right) {
                (Place::Number(Some(left)), Place::Number(Some(right))) => left.cmp(right),
                (Place::Number(left), Place::Number(right)) => return right.is_some().cmp(&left.is_some()),
                (Place::Name(left), Place::Name(right)) => left.cmp(right),
                (Place::Number(_), Place::Name(_)) | (Place::Name(_), Place::Number(_)) => Ordering::Equal,
            };
            if order.descending { found.reverse() } else { found }
        });
        compared
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| left_row.cmp(right_row))
    }
}

fn bucket(stretch: &Stretch) -> Bucket {
    Bucket {
        label: stretch.label.clone(),
        period: stretch.whole,
        instants: stretch.instants.as_ref().map(|instants| (instants.start, instants.end)),
        partial: stretch.partial,
    }
}

/// A cell without its value, where its sample is smaller than the question allows.
fn honest(mut cell: CellValue, question: &Question) -> CellValue {
    let Some(least) = question.min_sample else { return cell };
    if cell.n.is_some() && cell.value.is_ok() && is_small(cell.n, least) {
        let detail = format!("the sample is smaller than {least}");
        cell.value = Err(Undefined::new(Reason::BelowMinimumSample, detail));
        cell.interval = None;
    }
    cell
}

fn is_small(n: Option<i64>, least: u64) -> bool {
    n.is_none_or(|n| u64::try_from(n).unwrap_or(0) < least)
}
