//! Whom the rows of a block are about.
//!
//! There are almost as many subjects as rows, few questions tell them apart, and to give each of them a code in the
//! tenant's dictionaries takes as long as everything else about a segment together. So a large block keeps the codes of
//! its segment, and the segment's ids beside it, until somebody asks.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use super::{
    Dictionaries,
    packed::{Packed, Rows},
};
use crate::{id::MAX_ID_BYTES, subject::SubjectKind};

/// What a subject takes in the tenant's dictionaries beside its id: its end and its slot.
const BYTES_OF_A_SUBJECT: usize = 12;

/// For each row its subject.
#[derive(Debug, Clone)]
pub(crate) struct SubjectColumn {
    codes: Packed,
    /// `None`: the codes are the tenant's.
    ids: Option<Arc<Ids>>,
}

impl SubjectColumn {
    /// Places among some ids, or codes of the tenant's dictionaries.
    pub(super) fn new(codes: Packed, ids: Option<Arc<Ids>>) -> Self {
        Self { codes, ids }
    }

    /// Codes of the tenant's dictionaries.
    pub(super) fn coded(codes: Packed) -> Self {
        Self { codes, ids: None }
    }

    /// Places in a segment's ids.
    pub(super) fn of_segment(places: Packed, ids: &Arc<Ids>) -> Self {
        Self {
            codes: places,
            ids: Some(Arc::clone(ids)),
        }
    }

    /// Whether its codes are still those of segments.
    pub(super) fn is_of_segment(&self) -> bool {
        self.ids.is_some()
    }

    pub(super) fn packed(&self) -> &Packed {
        &self.codes
    }

    /// Appends the tenant's codes of some rows' subjects.
    pub(crate) fn read(&self, rows: Rows<'_>, out: &mut Vec<u32>) {
        let before = out.len();
        self.codes.read(rows, out);
        if let Some(ids) = &self.ids {
            let codes = ids.codes();
            out[before..].iter_mut().for_each(|code| *code = codes[*code as usize]);
        }
    }

    /// The tenant's code of one row's subject.
    pub(crate) fn at(&self, row: usize) -> u32 {
        let code = self.codes.at(row) as u32;
        self.ids.as_ref().map_or(code, |ids| ids.codes()[code as usize])
    }
}

/// The ids of a segment's subjects of one kind, in the segment's order.
#[derive(Debug)]
pub(crate) struct SegmentIds {
    kind: SubjectKind,
    ids: Sequence,
    are_coded: AtomicBool,
}

impl SegmentIds {
    pub(super) fn new(kind: SubjectKind, ids: Sequence) -> Self {
        Self {
            kind,
            ids,
            are_coded: AtomicBool::new(false),
        }
    }

    /// About how many bytes they take, with those that their codes will take: asking must not exceed a budget.
    pub(super) fn bytes(&self) -> usize {
        let to_come = if self.are_coded.load(Ordering::Relaxed) {
            0
        } else {
            self.ids.len * BYTES_OF_A_SUBJECT + self.ids.whole
        };
        self.ids.bytes.len() + self.ids.len * size_of::<u32>() + to_come
    }
}

/// What the places of a column are places in.
#[derive(Debug)]
pub(crate) struct Ids {
    parts: Vec<Part>,
    dictionaries: Dictionaries,
    codes: OnceLock<Box<[u32]>>,
}

#[derive(Debug, Clone)]
enum Part {
    Uncoded(Arc<SegmentIds>),
    /// Codes that subjects have got already, in order.
    Coded(Arc<[u32]>),
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Uncoded(ids) => ids.ids.len,
            Self::Coded(codes) => codes.len(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Uncoded(one), Self::Uncoded(other)) => Arc::ptr_eq(one, other),
            (Self::Coded(one), Self::Coded(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Ids {
    pub(super) fn of_segment(ids: &Arc<SegmentIds>, dictionaries: &Dictionaries) -> Self {
        Self::new(vec![Part::Uncoded(Arc::clone(ids))], dictionaries)
    }

    fn new(parts: Vec<Part>, dictionaries: &Dictionaries) -> Self {
        Self {
            parts,
            dictionaries: dictionaries.clone(),
            codes: OnceLock::new(),
        }
    }

    /// Their codes in the tenant's dictionaries, given when they are first asked for.
    fn codes(&self) -> &[u32] {
        self.codes.get_or_init(|| {
            let mut codes = Vec::with_capacity(self.parts.iter().map(Part::len).sum());
            let mut subjects = self.dictionaries.write_subjects();
            for part in &self.parts {
                match part {
                    Part::Coded(known) => codes.extend_from_slice(known),
                    Part::Uncoded(ids) => {
                        ids.ids.each(|id| codes.push(subjects.code(ids.kind, id)));
                        ids.are_coded.store(true, Ordering::Relaxed);
                    }
                }
            }
            codes.into_boxed_slice()
        })
    }
}

/// The subjects of several columns as places in one [`Ids`]; as codes where all have codes.
pub(super) struct Joined {
    pub(super) places: Vec<u32>,
    pub(super) ids: Option<Arc<Ids>>,
}

/// Joins columns of so many rows each.
pub(super) fn joined(columns: &[&SubjectColumn], rows: impl Iterator<Item = usize>) -> Joined {
    let dictionaries = columns
        .iter()
        .find_map(|column| Some(&column.ids.as_ref()?.dictionaries));
    let mut places = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    for (column, rows) in columns.iter().zip(rows) {
        let first = places.len();
        column.codes.read(Rows::Run(0, rows), &mut places);
        if dictionaries.is_some() {
            take_in(column, &mut parts, &mut places[first..]);
        }
    }
    Joined {
        places,
        ids: dictionaries.map(|dictionaries| Arc::new(Ids::new(parts, dictionaries))),
    }
}

/// Turns the codes of one column into places in all parts, to which its own are added.
fn take_in(column: &SubjectColumn, parts: &mut Vec<Part>, codes: &mut [u32]) {
    let Some(ids) = &column.ids else {
        let mut known: Vec<u32> = codes.to_vec();
        known.sort_unstable();
        known.dedup();
        let start = start_of(parts, &Part::Coded(known.as_slice().into()));
        for code in codes {
            *code = start + known.partition_point(|other| other < code) as u32;
        }
        return;
    };
    // For each of its parts: where the part ends among its own places, and by how much these are off.
    let mut end = 0;
    let shifts: Vec<(u32, u32)> = ids
        .parts
        .iter()
        .map(|part| {
            let shift = start_of(parts, part).wrapping_sub(end);
            end += part.len() as u32;
            (end, shift)
        })
        .collect();
    for code in codes {
        let part = match shifts.len() {
            1 => 0,
            _ => shifts.partition_point(|(end, _)| end <= code),
        };
        *code = code.wrapping_add(shifts[part].1);
    }
}

/// Where a part begins, which is added at the end if it is new.
fn start_of(parts: &mut Vec<Part>, part: &Part) -> u32 {
    let known = parts.iter().position(|other| other.is(part));
    let before = known.unwrap_or(parts.len());
    if known.is_none() {
        parts.push(part.clone());
    }
    let start: usize = parts[..before].iter().map(Part::len).sum();
    u32::try_from(start).expect("fewer than 2^32 subjects")
}

/// Texts one after the other, each without what it has in common with the one before. Made from sorted texts it is small.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sequence {
    /// Of each text: how many bytes it shares with the one before, how many follow, and these.
    bytes: Vec<u8>,
    len: usize,
    /// Of all texts as they are.
    whole: usize,
}

impl Sequence {
    /// Of texts of at most [`MAX_ID_BYTES`].
    pub(super) fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut sequence = Self::default();
        let mut before: &[u8] = &[];
        for text in texts {
            let text = text.as_bytes();
            let shared = before
                .iter()
                .zip(text)
                .take_while(|(left, right)| left == right)
                .count();
            let rest = &text[shared..];
            sequence.bytes.extend([shared as u8, rest.len() as u8]);
            sequence.bytes.extend_from_slice(rest);
            sequence.len += 1;
            sequence.whole += text.len();
            before = text;
        }
        sequence.bytes.shrink_to_fit();
        sequence
    }

    fn each(&self, mut take: impl FnMut(&str)) {
        let mut text = [0_u8; MAX_ID_BYTES];
        let mut left = self.bytes.as_slice();
        while let [shared, rest, more @ ..] = left {
            let (rest, more) = more.split_at(usize::from(*rest));
            let (shared, end) = (usize::from(*shared), usize::from(*shared) + rest.len());
            text[shared..end].copy_from_slice(rest);
            take(std::str::from_utf8(&text[..end]).expect("made from texts"));
            left = more;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sorted_texts_share_what_they_begin_with() {
        let texts: Vec<String> = (0..1_000).map(|number| format!("activity-{number:06}")).collect();
        let sequence = Sequence::new(texts.iter().map(String::as_str));
        assert!(sequence.bytes.len() < 4 * texts.len(), "{} bytes", sequence.bytes.len());
    }

    #[test]
    fn subjects_of_two_segments_get_one_code_and_each_its_own_kind() {
        let dictionaries = Dictionaries::default();
        let ids = |kind, texts: [&'static str; 2]| {
            let ids = SegmentIds::new(kind, Sequence::new(texts.into_iter()));
            Ids::of_segment(&Arc::new(ids), &dictionaries)
        };
        let column = |ids| SubjectColumn::of_segment(Packed::new(&[1_u32, 0, 1]), &Arc::new(ids));
        let deals = column(ids(SubjectKind::Opportunity, ["a", "b"]));
        let more = column(ids(SubjectKind::Opportunity, ["b", "c"]));
        let orders = column(ids(SubjectKind::Order, ["a", "b"]));
        let mut codes = Vec::new();
        for column in [&deals, &more, &orders] {
            column.read(Rows::Run(0, 3), &mut codes);
        }
        assert_eq!(codes, [1, 0, 1, 2, 1, 2, 4, 3, 4]);
        assert_eq!((deals.at(0), more.at(1), orders.at(1)), (1, 1, 3));
        let known = dictionaries.subjects();
        assert_eq!(known.get(4).expect("the last").to_string(), "order:b");
    }

    #[test]
    fn joined_columns_name_the_same_subjects_before_and_after_they_have_codes() {
        let dictionaries = Dictionaries::default();
        let ids = |kind, texts: [&'static str; 2]| {
            let ids = Arc::new(SegmentIds::new(kind, Sequence::new(texts.into_iter())));
            Arc::new(Ids::of_segment(&ids, &dictionaries))
        };
        let late = dictionaries.write_subjects().code(SubjectKind::Lead, "late");
        let (first, second) = (ids(SubjectKind::Lead, ["a", "b"]), ids(SubjectKind::Lead, ["b", "c"]));
        let columns = [
            SubjectColumn::of_segment(Packed::new(&[0_u32, 1]), &first),
            SubjectColumn::coded(Packed::new(&[late, late])),
            SubjectColumn::of_segment(Packed::new(&[1_u32, 0]), &second),
            SubjectColumn::of_segment(Packed::new(&[1_u32, 1]), &first),
        ];
        let join = |columns: &[&SubjectColumn]| {
            let joined = joined(columns, columns.iter().map(|_| 2));
            let rows = joined.places.len();
            (SubjectColumn::new(Packed::new(&joined.places), joined.ids), rows)
        };
        let (half, _) = join(&[&columns[0], &columns[1]]);
        let part = SubjectColumn::new(half.codes.part(1..3), half.ids);
        let (whole, rows) = join(&[&part, &columns[2], &columns[3]]);
        let mut codes = Vec::new();
        whole.read(Rows::Run(0, rows), &mut codes);
        let known = dictionaries.subjects();
        let names: Vec<String> = codes
            .iter()
            .map(|code| known.get(*code).expect("known").to_string())
            .collect();
        assert_eq!(names, ["lead:b", "lead:late", "lead:c", "lead:b", "lead:b", "lead:b"]);
    }

    proptest! {
        #[test]
        fn a_sequence_gives_back_its_texts(texts in prop::collection::vec("[aäß]{0,60}", 0..20)) {
            let mut read = Vec::new();
            Sequence::new(texts.iter().map(String::as_str)).each(|text| read.push(text.to_owned()));
            prop_assert_eq!(read, texts);
        }
    }
}
