//! A settled segment's blocks: its columns are copied, only codes of dimensions are changed.

use std::{collections::HashMap, ops::Range, sync::Arc};

use super::{Loaded, Loader, parts};
use crate::{
    dimension::Dimension,
    ledger::{
        Block,
        block::Fields,
        packed::Packed,
        segment::{Settled, SettledBlock},
        subjects::{Ids, SegmentIds, Sequence, SubjectColumn},
    },
    subject::SubjectKind,
};

/// A block has to have a part of the rows that it could have for its subjects to stay uncoded. Smaller ones get their
/// codes at once, and can be joined with their neighbours.
const LARGE: usize = 64;

/// A dimension that is wanted, and the tenant's code of each of the segment's.
type Codes = Option<(Dimension, Vec<u32>)>;

/// The ids of a segment, by themselves and as the dictionary of its blocks.
type Shared = (Arc<SegmentIds>, Arc<Ids>);

impl Loader<'_> {
    pub(super) fn settled(&self, segment: &Settled) -> Loaded {
        let is_wanted = |block: &&SettledBlock| self.wanted.is_none_or(|wanted| wanted.measure == block.measure);
        let wanted: Vec<&SettledBlock> = segment.blocks.iter().filter(is_wanted).collect();
        if wanted.is_empty() {
            return Loaded::default();
        }
        let codes = self.dimension_codes(segment, &wanted);
        let mut ids: HashMap<SubjectKind, Shared> = HashMap::new();
        let mut blocks = Vec::new();
        for block in wanted {
            for part in parts(block.rows, self.block_rows) {
                let subject = self.subjects(segment, block, &part, &mut ids);
                blocks.push((block.measure.clone(), build(block, &part, &codes, subject)));
            }
        }
        Loaded {
            blocks,
            ids: ids.into_values().map(|(segment, _)| segment).collect(),
        }
    }

    /// For each dimension of the segment.
    fn dimension_codes(&self, segment: &Settled, blocks: &[&SettledBlock]) -> Vec<Codes> {
        let mut texts = self.dictionaries.write();
        let mut codes = Vec::with_capacity(segment.dimensions.len());
        for (at, (dimension, own)) in segment.dimensions.iter().enumerate() {
            let occurs = || {
                blocks
                    .iter()
                    .any(|block| block.dimensions.iter().any(|(other, _)| *other == at))
            };
            codes.push(
                (self.wanted.is_none_or(|wanted| wanted.has(dimension)) && occurs()).then(|| {
                    let known = own.iter().flatten().map(|text| texts.value(dimension, text));
                    (dimension.clone(), std::iter::once(0).chain(known).collect())
                }),
            );
        }
        codes
    }

    fn subjects(
        &self,
        segment: &Settled,
        block: &SettledBlock,
        rows: &Range<usize>,
        ids: &mut HashMap<SubjectKind, Shared>,
    ) -> SubjectColumn {
        if self.wanted.is_some_and(|wanted| !wanted.subjects) {
            return SubjectColumn::coded(Packed::constant(0));
        }
        let large = rows.len() * LARGE > self.block_rows;
        if large && let Some(kind) = block.kind.single() {
            let kind = SubjectKind::from_code(kind as u8).expect("kinds were checked");
            let (_, ids) = ids.entry(kind).or_insert_with(|| {
                let own = Sequence::new(segment.ids(kind).iter().flatten());
                let own = Arc::new(SegmentIds::new(kind, own));
                let ids = Arc::new(Ids::of_segment(&own, self.dictionaries));
                (own, ids)
            });
            return SubjectColumn::of_segment(part(&block.subject, block.rows, rows), ids);
        }
        let mut subjects = self.dictionaries.write_subjects();
        let code = |row: usize| {
            let kind = block.kind(row);
            subjects.code(kind, segment.ids(kind).value(block.subject.at(row) as usize))
        };
        let codes: Vec<u32> = rows.clone().map(code).collect();
        SubjectColumn::coded(Packed::new(&codes))
    }
}

fn build(block: &SettledBlock, rows: &Range<usize>, codes: &[Codes], subject: SubjectColumn) -> Block {
    let column = |packed: &Packed| part(packed, block.rows, rows);
    let dimensions = block.dimensions.iter().filter_map(|(at, own)| {
        let (dimension, map) = codes[*at].as_ref()?;
        let mapped = if rows.len() == block.rows {
            own.mapped(map, block.rows)
        } else {
            own.part(rows.clone()).mapped(map, rows.len())
        };
        Some((dimension, mapped))
    });
    let dimensions: Vec<(&Dimension, Packed)> = dimensions.collect();
    let mut fields = Fields::default();
    fields.instant = column(&block.instant);
    fields.commit = column(&block.commit);
    fields.subject = subject;
    fields.value = column(&block.value);
    fields.count = column(&block.count);
    let reps = dimensions.iter().find(|(dimension, _)| **dimension == Dimension::Rep);
    let days = (column(&block.date), column(&block.origin));
    fields.place_packed(days, reps.map(|(_, codes)| codes), rows.len());
    for (dimension, codes) in dimensions {
        fields.set(dimension, codes);
    }
    fields.into_block()
}

/// A part of a column of so many rows.
fn part(packed: &Packed, all: usize, rows: &Range<usize>) -> Packed {
    if rows.len() == all {
        packed.owned()
    } else {
        packed.part(rows.clone())
    }
}
