//! What an event costs on its way through the process, without network and database: from its bytes on the wire to what
//! a commit would write. It stands beside the bars of ingestion and says which part of them is our own arithmetic.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use prost::Message as _;
use scoreline_core::{
    event::Event,
    fold::{
        Key, Occurrence, What,
        batch::{Batch, Body, Changes, Family, Needs, Progress},
        correction::said,
    },
    id::EventId,
    ledger::{self, Segment},
    policy::Policies,
    subject::Subject,
};
use scoreline_proto::{decode, events::v1 as wire, ingestion::v1::StreamBatch};
use sha2::{Digest as _, Sha256};

use crate::ingestion::live::{self, Ids};

#[derive(Args)]
pub(crate) struct Options {
    /// Events, after as many that only fill the store.
    #[arg(long, default_value_t = 50_000)]
    events: usize,
    /// Events of a commit.
    #[arg(long, value_delimiter = ',', default_value = "1000,64,10,1")]
    commits: Vec<usize>,
    /// Segments that are merged into one.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(2..))]
    merged: u16,
}

/// Where the time went.
#[derive(Default)]
struct Spent {
    wire: Duration,
    read: Duration,
    check: Duration,
    json: Duration,
    hash: Duration,
    fold: Duration,
    segment: Duration,
    rows: usize,
    bytes: usize,
    records: usize,
    histories: usize,
    json_bytes: usize,
    record_bytes: usize,
}

/// The log, the records and the histories, as a database would have them.
#[derive(Default)]
struct Store {
    log: HashMap<EventId, Event>,
    records: HashMap<Subject, Vec<u8>>,
    histories: HashMap<Subject, HashMap<Key, Body>>,
}

/// Tells each size of a commit its own line.
///
/// # Errors
/// When an event can't be read or folded.
pub(crate) fn measure(options: &Options, seed: u64) -> anyhow::Result<()> {
    println!(
        "µs an event  wire   read  check   json   hash   fold  segment    all   rows  segment bytes  records  histories  event bytes  record bytes"
    );
    for commit in &options.commits {
        let mut events = live::batches(seed, Ids::Ordered).flatten();
        let mut store = Store::default();
        let policies = Arc::new(Policies::default());
        let mut number = 0;
        let mut segments = Vec::new();
        for counted in [false, true] {
            let mut spent = Spent::default();
            let mut left = options.events;
            while left > 0 {
                // What only fills the store needs no commits of their own.
                let size = left.min(if counted { *commit } else { 1_000 });
                left -= size;
                number += 1;
                let batch: Vec<wire::Event> = events.by_ref().take(size).collect();
                let bytes = StreamBatch {
                    offset: 0,
                    events: batch,
                }
                .encode_to_vec();
                let segment = store.commit(&bytes, &policies, number, &mut spent)?;
                segments.extend(segment.filter(|_| counted));
            }
            if counted {
                spent.tell(*commit, options.events);
            }
        }
        merges(segments, options.merged.into())?;
    }
    Ok(())
}

/// Merges segments as often as it takes until there is one, and tells what a row costs each time.
fn merges(mut segments: Vec<Segment>, merged: usize) -> anyhow::Result<()> {
    while segments.len() > 1 {
        let (mut spent, mut next) = (Duration::default(), Vec::new());
        for some in segments.chunks(merged) {
            let some: Vec<Vec<u8>> = some.iter().map(|segment| segment.bytes.clone()).collect();
            next.push(timed(&mut spent, || ledger::merge(some))?);
        }
        let rows: usize = next
            .iter()
            .filter_map(|segment| segment.meta)
            .map(|meta| meta.rows)
            .sum();
        println!(
            "{} segments merged to {}: {:.2} µs a row, of {rows}",
            segments.len(),
            next.len(),
            spent.as_secs_f64() * 1e6 / rows as f64
        );
        segments = next;
    }
    Ok(())
}

impl Spent {
    fn tell(&self, commit: usize, events: usize) {
        let micros = |spent: Duration| spent.as_secs_f64() * 1e6 / events as f64;
        let all = self.wire + self.read + self.check + self.json + self.hash + self.fold + self.segment;
        println!(
            "by {commit:>8} {:6.2} {:6.2} {:6.2} {:6.2} {:6.2} {:6.2} {:8.2} {:6.2} {:6.2} {:14.1} {:8.2} {:10} {:12.1} {:13.1}",
            micros(self.wire),
            micros(self.read),
            micros(self.check),
            micros(self.json),
            micros(self.hash),
            micros(self.fold),
            micros(self.segment),
            micros(all),
            self.rows as f64 / events as f64,
            self.bytes as f64 / events as f64,
            self.records as f64 / events as f64,
            self.histories,
            self.json_bytes as f64 / events as f64,
            self.record_bytes as f64 / events as f64,
        );
    }
}

impl Store {
    fn commit(
        &mut self,
        bytes: &[u8],
        policies: &Arc<Policies>,
        number: u64,
        spent: &mut Spent,
    ) -> anyhow::Result<Option<Segment>> {
        let sent = timed(&mut spent.wire, || StreamBatch::decode(bytes))?;
        let events: Result<Vec<Event>, _> = timed(&mut spent.read, || sent.events.iter().map(decode::event).collect());
        let events = events.map_err(|found| anyhow::anyhow!("{found:?}"))?;
        let fine = timed(&mut spent.check, || {
            let mut fine = events.iter().map(|event| policies.payload_violations(&event.payload));
            fine.all(|found| found.is_empty())
        });
        anyhow::ensure!(fine, "an event breaks the policies");
        let stored: Vec<Vec<u8>> = timed(&mut spent.json, || events.iter().map(Event::to_json).collect());
        spent.json_bytes += stored.iter().map(Vec::len).sum::<usize>();
        timed(&mut spent.hash, || {
            for data in &stored {
                std::hint::black_box(Sha256::digest(data));
            }
        });
        let kept = events.clone();
        let changes = self.fold(events, policies, spent)?;
        let rows = &changes.measurements;
        let mut segment = None;
        if !rows.is_empty() {
            let encoded = timed(&mut spent.segment, || ledger::encode_commit(number, rows))?;
            spent.bytes += encoded.bytes.len();
            segment = Some(encoded);
        }
        spent.rows += rows.len();
        spent.records += changes.records.len();
        spent.record_bytes += changes.records.iter().map(|(_, record)| record.len()).sum::<usize>();
        self.write(kept, changes);
        Ok(segment)
    }

    fn fold(&self, events: Vec<Event>, policies: &Arc<Policies>, spent: &mut Spent) -> anyhow::Result<Changes> {
        let mut batch = timed(&mut spent.fold, || Batch::new(Arc::clone(policies), events, |_| false));
        loop {
            match timed(&mut spent.fold, || batch.advance())? {
                Progress::Done(changes) => return Ok(changes),
                Progress::Needs(needs) => self.supply(&mut batch, &needs, spent)?,
            }
        }
    }

    fn supply(&self, batch: &mut Batch, needs: &Needs, spent: &mut Spent) -> anyhow::Result<()> {
        anyhow::ensure!(
            needs.families.iter().all(|id| !self.log.contains_key(id)),
            "the mix has no corrections"
        );
        let families: Vec<Family> = needs.families.iter().map(|_| Family::default()).collect();
        timed(&mut spent.fold, || {
            for (id, family) in needs.families.iter().zip(families) {
                batch.supply_family(id, family);
            }
        });
        let found: Vec<_> = needs
            .records
            .iter()
            .map(|subject| (subject, self.records.get(subject)))
            .collect();
        timed(&mut spent.fold, || {
            found
                .into_iter()
                .try_for_each(|(subject, record)| batch.supply_record(subject, record.map(Vec::as_slice)))
        })?;
        spent.histories += needs.histories.len();
        for subject in &needs.histories {
            let history = self.history(subject)?;
            timed(&mut spent.fold, || batch.supply_history(subject, history));
        }
        Ok(())
    }

    fn history(&self, subject: &Subject) -> anyhow::Result<Vec<Occurrence>> {
        let stored = self.histories.get(subject).into_iter().flatten();
        stored
            .map(|(key, body)| {
                let what = match body {
                    Body::Signal(signal) => What::Signal(signal.clone()),
                    Body::Event { body_event, .. } => {
                        let event = self.log.get(body_event).context("an event of the log")?;
                        What::Event(said(event.payload.clone()))
                    }
                };
                Ok(Occurrence { key: key.clone(), what })
            })
            .collect()
    }

    fn write(&mut self, events: Vec<Event>, changes: Changes) {
        self.log
            .extend(events.into_iter().map(|event| (event.id.clone(), event)));
        self.records.extend(changes.records);
        for (subject, key) in &changes.removed {
            self.histories.entry(subject.clone()).or_default().remove(key);
        }
        for (subject, occurrence) in changes.added {
            let history = self.histories.entry(subject).or_default();
            history.insert(occurrence.key, occurrence.body);
        }
    }
}

fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    *spent += began.elapsed();
    done
}
