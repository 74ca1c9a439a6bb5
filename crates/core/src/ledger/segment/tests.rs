use std::{io::Cursor, sync::Arc};

use arrow_array::{
    Array as _, ArrayRef, DictionaryArray, RecordBatch,
    cast::AsArray as _,
    types::{UInt8Type, UInt32Type},
};
use arrow_ipc::{reader::StreamReader, writer::StreamWriter};
use arrow_schema::DataType;
use jiff::{Timestamp, civil::date};
use proptest::prelude::*;

use super::*;
use crate::{
    dimension::Dimension,
    id::Name,
    ledger::Entry,
    measure::{Builtin, Dimensions, Measure, Measurement},
    subject::{Subject, SubjectKind},
};

fn name(text: &str) -> Name {
    Name::new(text).expect("a test name")
}

fn sale(commit: u64, day: i8, value: i64, rep: Option<&str>) -> Entry {
    Entry {
        commit,
        count: 1,
        measurement: Measurement {
            measure: Measure::Builtin(Builtin::Revenue),
            date: date(2026, 3, day),
            origin_date: date(2026, 2, 28),
            instant: Timestamp::from_second(1_772_000_000 + i64::from(day)).expect("in range"),
            subject: Subject::new(SubjectKind::Order, &name("o-1")),
            dimensions: Dimensions::new()
                .with(Dimension::Rep, rep.map(name).as_ref())
                .with(Dimension::Attribute(name("language")), Some(&name("de"))),
            value,
        },
    }
}

fn entries() -> Vec<Entry> {
    let own = Measure::Own(name("walk_ins"));
    let mut walk_in = sale(2, 3, -7, None);
    walk_in.measurement.measure = own;
    walk_in.measurement.subject.kind = SubjectKind::Event;
    walk_in.count = -1;
    vec![
        sale(9, 30, i64::MAX, Some("ann")),
        walk_in,
        sale(3, 1, 5, Some("bob")),
        sale(1, 1, 5, Some("ann")),
    ]
}

/// Makes rows that no ledger holds.
type Damage<'a> = &'a dyn Fn(&mut SegmentRows);

#[test]
fn a_segment_gives_back_its_rows_and_says_what_it_covers() {
    let segment = encode(&entries()).expect("few rows");
    let rows = decode(&segment.bytes).expect("just made");
    assert_eq!(rows.entries().collect::<Vec<_>>(), entries());
    let meta = Meta {
        first_commit: 1,
        last_commit: 9,
        min_date: date(2026, 3, 1),
        max_date: date(2026, 3, 30),
        rows: 4,
    };
    assert_eq!((segment.meta, rows.meta()), (Some(meta), Some(meta)));
    let empty = encode(&[]).expect("no rows");
    assert_eq!((empty.meta, decode(&empty.bytes).expect("just made").len()), (None, 0));
}

/// The record batch of a segment.
fn batch(bytes: &[u8]) -> RecordBatch {
    let (_, stream) = seal::open(bytes).expect("just made");
    let mut reader = StreamReader::try_new(Cursor::new(stream), None).expect("a stream");
    reader.next().expect("a batch").expect("sound")
}

#[test]
fn keys_are_as_wide_as_a_column_has_texts() {
    for (texts, width) in [
        (256, DataType::UInt8),
        (257, DataType::UInt16),
        (65_536, DataType::UInt16),
        (65_537, DataType::UInt32),
    ] {
        let of = |number: usize| {
            let mut entry = sale(1, 2, 3, (number == 1).then_some("ann"));
            entry.measurement.subject.id = name(&format!("s{number}"));
            entry
        };
        let entries: Vec<Entry> = (0..texts).map(of).collect();
        let segment = encode(&entries).expect("fits");
        let subject = batch(&segment.bytes)
            .column_by_name("subject")
            .expect("a column")
            .data_type()
            .clone();
        assert_eq!(subject, DataType::Dictionary(Box::new(width), Box::new(DataType::Utf8)));
        assert!(decode(&segment.bytes).expect("just made").entries().eq(entries));
    }
}

/// Versions before wrote keys of 32 bits whatever the number of texts.
#[test]
fn a_segment_with_wide_keys_is_read() {
    let narrow = batch(&encode(&entries()).expect("few rows").bytes);
    let widen = |array: &ArrayRef| -> ArrayRef {
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            return Arc::clone(array);
        };
        let keys = dictionary
            .keys()
            .as_primitive::<UInt8Type>()
            .unary::<_, UInt32Type>(u32::from);
        Arc::new(DictionaryArray::try_new(keys, Arc::clone(dictionary.values())).expect("the same texts"))
    };
    let columns: Vec<(&str, ArrayRef)> = narrow
        .schema_ref()
        .fields()
        .iter()
        .zip(narrow.columns())
        .map(|(field, array)| (field.name().as_str(), widen(array)))
        .collect();
    let wide = RecordBatch::try_from_iter(columns).expect("the same rows");
    let mut writer = StreamWriter::try_new(Vec::new(), wide.schema_ref()).expect("a stream");
    writer.write(&wide).expect("written");
    let bytes = seal::close(seal::Form::Flat, writer.into_inner().expect("written"));
    assert_eq!(decode(&bytes).expect("sound").entries().collect::<Vec<_>>(), entries());
}

#[test]
fn a_merge_sorts_by_measure_date_and_commit_and_keeps_what_cancels() {
    let mut taken_back = sale(9, 30, i64::MAX, Some("ann"));
    taken_back.commit = 10;
    taken_back.count = -1;
    let (first, second) = (
        encode(&entries()).expect("few"),
        encode(&[taken_back.clone()]).expect("one"),
    );
    let merged = merge([first.bytes.clone(), second.bytes.clone()]).expect("fits");
    let [sold, walk_in, bob, ann] = entries().try_into().expect("four");
    let rows: Vec<_> = decode(&merged.bytes).expect("just made").entries().collect();
    assert_eq!(rows, [ann, bob, sold, taken_back, walk_in]);
    assert_eq!(merge([second.bytes, first.bytes]).expect("fits").meta, merged.meta);
}

#[test]
fn damage_is_named_and_never_panics() {
    let bytes = encode(&entries()).expect("few rows").bytes;
    assert!(matches!(decode(&[]), Err(Error::Short { bytes: 0 })));
    assert!(matches!(decode(&bytes[..bytes.len() - 1]), Err(Error::NoSeal)));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        assert!(decode(&damaged).is_err(), "a flipped bit at {at}");
    }
}

#[test]
fn damage_of_a_settled_segment_is_named_too() {
    let bytes = settle(&entries()).expect("few rows").bytes;
    assert!(open(bytes.clone()).is_ok() && !is_flat(&bytes));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        assert!(open(damaged).is_err(), "a flipped bit at {at}");
    }
}

#[test]
fn a_settled_segment_that_no_ledger_holds_is_refused_by_column() {
    let rows = decode(&settle(&entries()).expect("few rows").bytes).expect("just made");
    let refused = |change: &dyn Fn(&mut SegmentRows)| {
        let mut rows = rows.clone();
        change(&mut rows);
        let bytes = settled::write(&settled::packed(&rows))
            .expect("arrow does not mind")
            .bytes;
        open(bytes).expect_err("no ledger has it").to_string()
    };
    let cases: [(&str, Damage<'_>); 5] = [
        ("column `count` is out of range", &|rows| rows.count[2] = 0),
        ("column `origin_date` is out of range", &|rows| {
            rows.origin[0] = i32::MIN;
        }),
        ("column `instant` is out of range", &|rows| rows.instant[1] = i64::MAX),
        ("column `rep` has a code without a text", &|rows| {
            rows.dimensions[0].codes[0] = 9;
        }),
        ("column `team` is not a stored dimension", &|rows| {
            rows.dimensions[0].dimension = Dimension::Team;
        }),
    ];
    for (problem, change) in cases {
        assert_eq!(refused(change), problem);
    }
}

#[test]
fn rows_of_a_measure_fill_blocks_and_keep_the_kinds_of_their_subjects() {
    let many: Vec<Entry> = (0..70_000_u32)
        .map(|number| {
            let day = if number % 3 == 0 { 1 } else { 2 };
            let mut entry = sale(u64::from(number % 7) + 1, day, i64::from(number), Some("ann"));
            let subject = &mut entry.measurement.subject;
            subject.id = name(&format!("s{:05}", number / 2));
            if number % 2 == 1 {
                subject.kind = SubjectKind::Opportunity;
            }
            entry
        })
        .collect();
    let segment = settle(&many).expect("fits");
    let Form::Settled(settled) = open(segment.bytes.clone()).expect("just made").0 else {
        panic!("a merge settles");
    };
    let rows: Vec<usize> = settled.blocks.iter().map(|block| block.rows).collect();
    assert_eq!(rows, [65_536, 70_000 - 65_536]);
    let by_value = |entries: &mut Vec<Entry>| entries.sort_by_key(|entry| entry.measurement.value);
    let mut read: Vec<Entry> = decode(&segment.bytes).expect("just made").entries().collect();
    by_value(&mut read);
    assert!(read == many, "all rows come back");
    let of_commit = |commit| {
        many.iter()
            .filter(|entry| entry.commit == commit)
            .cloned()
            .collect::<Vec<_>>()
    };
    let parts = (1..=7).map(|commit| settle(&of_commit(commit)).expect("fits").bytes);
    assert!(merge(parts).expect("fits").bytes == segment.bytes, "merged as settled");
}

#[test]
fn a_sealed_stream_that_no_ledger_holds_is_refused_by_column() {
    let mut rows = decode(&encode(&entries()).expect("few rows").bytes).expect("just made");
    rows.count[2] = 0;
    let bytes = encode::write(rows.clone()).expect("arrow does not mind").bytes;
    assert_eq!(
        decode(&bytes).expect_err("a count of 0").to_string(),
        "column `count`, row 2: is out of range"
    );
    rows.count[2] = 1;
    rows.date[0] = i32::MAX;
    rows.dimensions[0].dimension = Dimension::Team;
    let columns = rows.dimensions.clone();
    rows.dimensions.clear();
    rows.commit = vec![0; 4];
    let meta_free = SegmentRows {
        date: vec![0; 4],
        ..rows.clone()
    };
    let with_team = SegmentRows {
        dimensions: columns,
        ..meta_free
    };
    let bytes = encode::write(with_team).expect("arrow does not mind").bytes;
    assert_eq!(
        decode(&bytes).expect_err("team is derived").to_string(),
        "column `team` is not a stored dimension"
    );
}

proptest! {
    #[test]
    fn any_rows_survive_and_a_merge_does_not_depend_on_the_split(
        rows in prop::collection::vec((1_u64..9, 1_i8..28, any::<i64>(), prop::option::of("[a-c]{1,2}"), any::<bool>()), 0..40),
        splits in (0_u64..10, 0_u64..10),
    ) {
        let entries: Vec<Entry> = rows.iter().map(|(commit, day, value, rep, minus)| {
            let mut entry = sale(*commit, *day, *value, rep.as_deref());
            entry.count = if *minus { -1 } else { 1 };
            entry
        }).collect();
        let whole = encode(&entries)?;
        prop_assert_eq!(&decode(&whole.bytes)?.entries().collect::<Vec<_>>(), &entries);
        let settled = settle(&entries)?.bytes;
        prop_assert_eq!(&merge([whole.bytes])?.bytes, &settled);
        let part = |commits: std::ops::Range<u64>| -> Vec<Entry> {
            entries.iter().filter(|entry| commits.contains(&entry.commit)).cloned().collect()
        };
        let (first, rest) = (splits.0.min(splits.1), splits.0.max(splits.1));
        let [old, late, new] = [part(0..first), part(first..rest), part(rest..u64::MAX)].map(|part| encode(&part));
        let (old, late, new) = (old?.bytes, late?.bytes, new?.bytes);
        prop_assert_eq!(&merge([new.clone(), old.clone(), late.clone()])?.bytes, &settled);
        let merged = merge([old, late])?.bytes;
        prop_assert_eq!(&merge([merged, new])?.bytes, &settled);
        let read: Vec<Entry> = decode(&settled)?.entries().collect();
        let sorted = |mut entries: Vec<Entry>| {
            entries.sort_by(|one, other| (one.commit, &one.measurement, one.count).cmp(&(other.commit, &other.measurement, other.count)));
            entries
        };
        prop_assert!(read.is_sorted_by_key(|entry| (entry.measurement.date, entry.commit)));
        prop_assert_eq!(sorted(read), sorted(entries));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for form in [seal::Form::Flat, seal::Form::Settled] {
            let _ = decode(&seal::close(form, bytes.clone()));
        }
    }
}
