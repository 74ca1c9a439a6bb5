//! Settled segments to one. The rows of each stand in order, so that they are copied range by range: what is put in order
//! anew are runs of rows with one measure, date and commit.

use std::ops::Range;

use arrow_array::{StringArray, builder::StringBuilder};

use super::{Settled, SettledBlock};
use crate::{
    ledger::{
        BLOCK_ROWS,
        packed::{Packed, Rows},
        segment::order::beginning,
    },
    measure::Measure,
};

/// All rows, none of which is cancelled against another. The same whichever of them were merged before, as long as no
/// commit is in two parts.
pub(in crate::ledger::segment) fn merged(parts: &[Settled]) -> Settled {
    let (subjects, subject_codes) = united(parts, |part| &part.subjects, 0);
    let (dimensions, dimension_codes) = united(parts, |part| &part.dimensions, 1);
    let mut measures: Vec<&Measure> = parts.iter().flat_map(Settled::measures).collect();
    measures.sort_unstable();
    measures.dedup();
    let mut blocks = Vec::new();
    for measure in measures {
        let codes = subject_codes.iter().zip(&dimension_codes);
        let sources: Vec<Source<'_>> = parts
            .iter()
            .zip(codes)
            .flat_map(|(part, codes)| part.blocks.iter().map(move |block| (part, block, codes)))
            .filter(|(_, block, _)| block.measure == *measure)
            .map(|(part, block, codes)| Source::new(part, block, codes, dimensions.len()))
            .collect();
        let whole = by_blocks(&in_order(&sources));
        blocks.extend(whole.iter().map(|rows| joined(measure, &sources, rows)));
    }
    Settled {
        subjects,
        dimensions,
        blocks,
    }
}

/// The texts of a dictionary, under its name.
type Dictionary<K> = (K, StringArray);

/// Which of the new dictionaries a part's own has become, and what has become of each of its codes.
type Became = (usize, Vec<u32>);

/// The dictionaries of all parts in the order of their names, and by part what became of each of its own, whose codes begin
/// with `first`; smaller ones stay.
fn united<'a, K: Clone + Ord + 'a>(
    parts: &'a [Settled],
    own: impl Fn(&'a Settled) -> &'a Vec<Dictionary<K>>,
    first: u32,
) -> (Vec<Dictionary<K>>, Vec<Vec<Became>>) {
    let mut names: Vec<&K> = parts.iter().flat_map(&own).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let mut became: Vec<Vec<Became>> = parts
        .iter()
        .map(|part| vec![Became::default(); own(part).len()])
        .collect();
    let mut all = Vec::with_capacity(names.len());
    for (number, name) in names.into_iter().enumerate() {
        let find = |part| own(part).iter().position(|(known, _)| known == name);
        let having: Vec<(usize, usize)> = (parts.iter().enumerate())
            .filter_map(|(part, settled)| Some((part, find(settled)?)))
            .collect();
        let texts: Vec<&StringArray> = having.iter().map(|(part, at)| &own(&parts[*part])[*at].1).collect();
        let (texts, codes) = sorted(&texts, first);
        for ((part, at), codes) in having.into_iter().zip(codes) {
            became[part][at] = (number, codes);
        }
        all.push((name.clone(), texts));
    }
    (all, became)
}

/// A text of a dictionary.
struct Text<'a> {
    beginning: u128,
    text: &'a str,
    dictionary: u32,
    code: u32,
}

/// All texts in order, each once, and for each dictionary what became of its codes.
fn sorted(dictionaries: &[&StringArray], first: u32) -> (StringArray, Vec<Vec<u32>>) {
    let unknown = |texts: &&StringArray| (0..first).chain(texts.iter().map(|_| 0)).collect();
    let mut codes: Vec<Vec<u32>> = dictionaries.iter().map(unknown).collect();
    let mut texts: Vec<Text<'_>> = Vec::with_capacity(codes.iter().map(Vec::len).sum());
    for (texts_of_one, dictionary) in dictionaries.iter().zip(0..) {
        let numbered = texts_of_one.iter().flatten().zip(first..);
        texts.extend(numbered.map(|(text, code)| Text {
            beginning: beginning(text),
            text,
            dictionary,
            code,
        }));
    }
    // Each dictionary is in order: a stable sort merges them.
    texts.sort_by(|left, right| (left.beginning, left.text).cmp(&(right.beginning, right.text)));
    let bytes = texts.iter().map(|text| text.text.len()).sum();
    let mut all = StringBuilder::with_capacity(texts.len(), bytes);
    let same = texts.chunk_by(|left, right| left.beginning == right.beginning && left.text == right.text);
    for (new, same) in (first..).zip(same) {
        for text in same {
            codes[text.dictionary as usize][text.code as usize] = new;
        }
        all.append_value(same[0].text);
    }
    (all.finish(), codes)
}

/// A block whose rows are merged.
struct Source<'a> {
    block: &'a SettledBlock,
    /// By number of a kind, what becomes of its subjects' codes.
    subjects: Vec<&'a [u32]>,
    /// By new dimension, its codes and what becomes of them, if there are any.
    dimensions: Vec<Option<(&'a Packed, &'a [u32])>>,
}

/// Neighbouring rows of a source.
#[derive(Debug, Clone)]
struct Run {
    source: usize,
    rows: Range<usize>,
}

impl<'a> Source<'a> {
    fn new(
        part: &'a Settled,
        block: &'a SettledBlock,
        (subject_codes, dimension_codes): (&'a Vec<Became>, &'a Vec<Became>),
        count: usize,
    ) -> Self {
        let mut subjects: Vec<&[u32]> = Vec::new();
        for ((kind, _), (_, codes)) in part.subjects.iter().zip(subject_codes) {
            let number = usize::from(kind.code());
            subjects.resize(subjects.len().max(number + 1), &[]);
            subjects[number] = codes;
        }
        let mut dimensions = vec![None; count];
        for (own, packed) in &block.dimensions {
            let (number, codes) = &dimension_codes[*own];
            dimensions[*number] = Some((packed, codes.as_slice()));
        }
        Self {
            block,
            subjects,
            dimensions,
        }
    }
}

/// The rows of all sources in the order of a settled segment, those that are neighbours then as before together.
fn in_order(sources: &[Source<'_>]) -> Vec<Run> {
    let mut keyed: Vec<((i32, u64), Run)> = Vec::new();
    let (mut dates, mut commits): (Vec<i32>, Vec<u64>) = (Vec::new(), Vec::new());
    for (source, Source { block, .. }) in sources.iter().enumerate() {
        dates.clear();
        commits.clear();
        block.date.read(Rows::Run(0, block.rows), &mut dates);
        block.commit.read(Rows::Run(0, block.rows), &mut commits);
        for row in 0..block.rows {
            let key = (dates[row], commits[row]);
            match keyed.last_mut() {
                Some((last, run)) if *last == key && run.source == source => run.rows.end = row + 1,
                _ => keyed.push((
                    key,
                    Run {
                        source,
                        rows: row..row + 1,
                    },
                )),
            }
        }
    }
    // The runs of each source are in order: a stable sort merges them.
    keyed.sort_by_key(|(key, _)| *key);
    let mut runs: Vec<Run> = Vec::new();
    for (_, run) in keyed {
        match runs.last_mut() {
            Some(last) if last.source == run.source && last.rows.end == run.rows.start => last.rows.end = run.rows.end,
            _ => runs.push(run),
        }
    }
    runs
}

/// The runs of each block, which has as many rows as it may have.
fn by_blocks(runs: &[Run]) -> Vec<Vec<Run>> {
    let (mut blocks, mut room) = (Vec::<Vec<Run>>::new(), 0);
    for Run { source, rows } in runs {
        let mut rest = rows.clone();
        while !rest.is_empty() {
            if room == 0 {
                blocks.push(Vec::new());
                room = BLOCK_ROWS;
            }
            let rows = rest.start..rest.end.min(rest.start + room);
            (rest.start, room) = (rows.end, room - rows.len());
            let last = blocks.last_mut().expect("there is one with room");
            last.push(Run { source: *source, rows });
        }
    }
    blocks
}

/// Appends what a column of a source has in some rows.
type Read<'a> = dyn Fn(&Source<'_>, Range<usize>, &mut Vec<i64>) + 'a;

/// The block of some rows.
fn joined(measure: &Measure, sources: &[Source<'_>], runs: &[Run]) -> SettledBlock {
    let mut values: Vec<i64> = Vec::with_capacity(BLOCK_ROWS);
    let mut column = |read: &Read<'_>| {
        values.clear();
        runs.iter()
            .for_each(|run| read(&sources[run.source], run.rows.clone(), &mut values));
        Packed::without_runs(&values)
    };
    let mut plain = |of: fn(&SettledBlock) -> &Packed| {
        column(&|source, rows, values| of(source.block).read(Rows::Run(rows.start, rows.len()), values))
    };
    let [date, origin, instant, commit, kind, value, count] = [
        plain(|block| &block.date),
        plain(|block| &block.origin),
        plain(|block| &block.instant),
        plain(|block| &block.commit),
        plain(|block| &block.kind),
        plain(|block| &block.value),
        plain(|block| &block.count),
    ];
    let subject = column(&|source, rows, values| {
        let first = values.len();
        source.block.subject.read(Rows::Run(rows.start, rows.len()), values);
        let codes = &mut values[first..];
        match source.block.kind.single() {
            Some(kind) => recode(codes, source.subjects[kind as usize]),
            None => {
                for (code, row) in codes.iter_mut().zip(rows) {
                    let kind = source.block.kind.at(row) as usize;
                    recode(std::slice::from_mut(code), source.subjects[kind]);
                }
            }
        }
    });
    let count_of_dimensions = sources.first().map_or(0, |source| source.dimensions.len());
    let mut dimensions = Vec::new();
    for number in 0..count_of_dimensions {
        if runs.iter().all(|run| sources[run.source].dimensions[number].is_none()) {
            continue;
        }
        let codes = column(&|source, rows, values| match source.dimensions[number] {
            None => values.resize(values.len() + rows.len(), 0),
            Some((packed, became)) => {
                let first = values.len();
                packed.read(Rows::Run(rows.start, rows.len()), values);
                recode(&mut values[first..], became);
            }
        });
        if codes.single() != Some(0) {
            dimensions.push((number, codes));
        }
    }
    SettledBlock {
        measure: measure.clone(),
        rows: runs.iter().map(|run| run.rows.len()).sum(),
        date,
        origin,
        instant,
        commit,
        kind,
        subject,
        value,
        count,
        dimensions,
    }
}

fn recode(codes: &mut [i64], became: &[u32]) {
    codes
        .iter_mut()
        .for_each(|code| *code = i64::from(became[*code as usize]));
}
