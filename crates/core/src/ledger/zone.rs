//! Zones: some hundred or thousand neighbouring rows of a block, and what is known of them without reading them.

use super::day;

/// The most rows of a zone: a few columns of them fit the fastest cache.
pub(crate) const ZONE_ROWS: usize = 2_048;
/// Months are told apart by zones where so many rows of a month stand together on average.
const ROWS_OF_A_MONTH: usize = 16;

/// Neighbouring rows of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) first: u32,
    pub(crate) rows: u32,
    /// The first and the last day.
    pub(crate) dates: (i32, i32),
    /// The first and the last day of origin.
    pub(crate) origins: (i32, i32),
    /// The least and the greatest code of a rep.
    pub(crate) reps: (u32, u32),
}

/// The zones of rows with these days and (where there are any) reps. Where rows stand in the order of their months, no
/// zone has rows of two months.
pub(super) fn zones(dates: &[i32], origins: &[i32], reps: &[u32]) -> Box<[Zone]> {
    let ends = ends(dates);
    let mut first = 0;
    let zone = |end: usize| {
        let rows = std::mem::replace(&mut first, end)..end;
        Zone {
            first: rows.start as u32,
            rows: rows.len() as u32,
            dates: least_and_greatest(&dates[rows.clone()]),
            origins: least_and_greatest(&origins[rows.clone()]),
            reps: reps.get(rows).map_or((0, 0), least_and_greatest),
        }
    };
    ends.into_iter().map(zone).collect()
}

fn ends(dates: &[i32]) -> Vec<usize> {
    let months = month_ends(dates);
    let cuts = if months.len() * ROWS_OF_A_MONTH <= dates.len() {
        months
    } else {
        Vec::new()
    };
    let (mut ends, mut first) = (Vec::new(), 0);
    for cut in cuts.into_iter().chain([dates.len()]) {
        while cut - first > ZONE_ROWS {
            first += ZONE_ROWS;
            ends.push(first);
        }
        if cut > first {
            ends.push(cut);
            first = cut;
        }
    }
    ends
}

/// After which rows another month begins.
fn month_ends(dates: &[i32]) -> Vec<usize> {
    let mut ends = Vec::new();
    let Some(first) = dates.first() else { return ends };
    let mut month = day::month_of(*first);
    for (row, date) in dates.iter().enumerate() {
        if !month.contains(date) {
            ends.push(row);
            month = day::month_of(*date);
        }
    }
    ends
}

fn least_and_greatest<T: Copy + Ord>(values: &[T]) -> (T, T) {
    let first = values[0];
    values.iter().fold((first, first), |(least, most), value| {
        (least.min(*value), most.max(*value))
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn cut(dates: &[i32]) -> Vec<usize> {
        let zones = zones(dates, dates, &[]);
        let mut next = 0;
        for zone in &zones {
            assert_eq!(zone.first, next);
            next += zone.rows;
            let rows = &dates[zone.first as usize..next as usize];
            assert_eq!(zone.dates, least_and_greatest(rows));
        }
        assert_eq!(next as usize, dates.len());
        zones.iter().map(|zone| zone.rows as usize).collect()
    }

    #[test]
    fn months_that_stand_together_are_zones_and_scattered_ones_are_not() {
        let day = |month: i8, day: i8| day::to_day(date(2026, month, day));
        let mut sorted = vec![day(1, 31); 100];
        sorted.extend([day(2, 1); 5_000]);
        assert_eq!(cut(&sorted), [100, 2_048, 2_048, 904]);
        let scattered: Vec<i32> = (0..3_000).map(|row| day(1 + (row % 3) as i8, 7)).collect();
        assert_eq!(cut(&scattered), [2_048, 952]);
        assert!(cut(&[]).is_empty());
    }
}
