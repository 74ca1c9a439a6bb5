//! The rows of one segment, column by column, with dictionaries of their own.

use super::Meta;
use crate::{
    dimension::Dimension,
    hashing::Map,
    id::Name,
    ledger::{Entry, day},
    measure::{Dimensions, Measure, Measurement},
    subject::{Subject, SubjectKind},
};

/// A dimension's column: texts, and for each row 0 or the place of its text plus one.
#[derive(Debug, Clone)]
pub(crate) struct DimensionColumn {
    pub(crate) dimension: Dimension,
    pub(crate) texts: Vec<Name>,
    pub(crate) codes: Vec<u32>,
}

/// A segment's rows, checked: every code has its text, every day is a date, every count is ±1.
#[derive(Debug, Clone)]
pub struct SegmentRows {
    pub(crate) measures: Vec<Measure>,
    pub(crate) measure: Vec<u32>,
    pub(crate) date: Vec<i32>,
    pub(crate) origin: Vec<i32>,
    pub(crate) instant: Vec<i64>,
    pub(crate) commit: Vec<u64>,
    pub(crate) subject_kind: Vec<SubjectKind>,
    pub(crate) subjects: Vec<Name>,
    pub(crate) subject: Vec<u32>,
    pub(crate) value: Vec<i64>,
    pub(crate) count: Vec<i8>,
    pub(crate) dimensions: Vec<DimensionColumn>,
}

impl SegmentRows {
    /// No rows, with room for some.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            measures: Vec::new(),
            measure: Vec::with_capacity(rows),
            date: Vec::with_capacity(rows),
            origin: Vec::with_capacity(rows),
            instant: Vec::with_capacity(rows),
            commit: Vec::with_capacity(rows),
            subject_kind: Vec::with_capacity(rows),
            subjects: Vec::new(),
            subject: Vec::with_capacity(rows),
            value: Vec::with_capacity(rows),
            count: Vec::with_capacity(rows),
            dimensions: Vec::new(),
        }
    }

    /// About how many bytes a segment of them has.
    pub(super) fn bytes(&self) -> usize {
        const FIXED: usize = 8 << 10;
        const ROW: usize = 48;
        const TEXT: usize = 32;
        let texts: usize = self.dimensions.iter().map(|column| column.texts.len()).sum();
        FIXED + self.len() * (ROW + self.dimensions.len()) + (self.subjects.len() + texts) * TEXT
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.date.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.date.is_empty()
    }

    /// What is known of them as a whole; `None` when there are none.
    #[must_use]
    pub fn meta(&self) -> Option<Meta> {
        let date = |day: &i32| day::from_day(*day).expect("days were checked");
        Some(Meta {
            first_commit: *self.commit.iter().min()?,
            last_commit: *self.commit.iter().max()?,
            min_date: self.date.iter().min().map(date)?,
            max_date: self.date.iter().max().map(date)?,
            rows: self.len(),
        })
    }

    /// The rows as entries, in their order.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.len()).map(|row| self.entry(row))
    }

    fn entry(&self, row: usize) -> Entry {
        let date = |day: i32| day::from_day(day).expect("days were checked");
        let mut dimensions = Dimensions::new();
        for column in &self.dimensions {
            let text = column.codes[row].checked_sub(1).map(|at| &column.texts[at as usize]);
            dimensions.set(column.dimension.clone(), text);
        }
        let measurement = Measurement {
            measure: self.measures[self.measure[row] as usize].clone(),
            date: date(self.date[row]),
            origin_date: date(self.origin[row]),
            instant: day::from_micros(self.instant[row]).expect("instants were checked"),
            subject: Subject::new(self.subject_kind[row], &self.subjects[self.subject[row] as usize]),
            dimensions,
            value: self.value[row],
        };
        Entry {
            commit: self.commit[row],
            measurement,
            count: self.count[row],
        }
    }
}

/// The values of some rows, in their order.
pub(crate) fn pick<T: Copy>(column: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|row| column[*row as usize]).collect()
}

/// Texts in the order of their coming, with their codes.
#[derive(Debug)]
pub(super) struct Coded<T> {
    pub(super) texts: Vec<T>,
    codes: Map<T, u32>,
    /// The code of the last one: neighbours often have the same.
    last: u32,
}

impl<T> Default for Coded<T> {
    fn default() -> Self {
        Self {
            texts: Vec::new(),
            codes: Map::default(),
            last: 0,
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Coded<T> {
    pub(super) fn with_capacity(texts: usize) -> Self {
        Self {
            texts: Vec::with_capacity(texts),
            codes: Map::with_capacity_and_hasher(texts, Default::default()),
            last: 0,
        }
    }

    pub(super) fn code(&mut self, text: &T) -> u32 {
        if self.texts.get(self.last as usize) != Some(text) {
            self.last = self.find(text);
        }
        self.last
    }

    fn find(&mut self, text: &T) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = u32::try_from(self.texts.len()).expect("a segment has fewer than 2^23 rows");
        self.texts.push(text.clone());
        self.codes.insert(text.clone(), code);
        code
    }
}
