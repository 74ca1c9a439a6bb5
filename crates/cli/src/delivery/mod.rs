//! Events on their way to the server: batches on one stream, as many under way as the server's window allows.
//!
//! What can't be sent (a line that nobody can read, an event that no batch can hold) travels in the same queue, so that
//! everything is settled in the order in which it came. When the server ends a stream, or the connection breaks, a new
//! stream is opened and what was not acknowledged is sent again: event ids make that safe.

mod batch;
mod progress;
mod rejects;
mod session;

use std::{iter::Peekable, sync::Arc, time::Duration};

use anyhow::bail;
use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{EventOutcome, StreamAck},
    types::v1::FieldViolation,
};
use tonic::Code;

use self::{
    batch::{Batch, Limits, Queue},
    session::{Heard, Session},
};
pub(crate) use self::{progress::Progress, rejects::Rejects};
use crate::connection::Connection;

/// How many streams in a row may end without an acknowledgement.
const MAX_FRUITLESS: u32 = 8;
/// How long to wait after the first of them; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Where an event stands in what it was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The file, when there are several.
    pub(crate) file: Option<Arc<str>>,
    /// Its line, from 1.
    pub(crate) line: u64,
    /// How many bytes the file has up to the end of that line.
    pub(crate) end: u64,
    /// The line itself, when it could not be read.
    pub(crate) text: Option<String>,
}

/// Something to be settled.
#[derive(Debug, Clone)]
pub(crate) enum Parcel {
    /// An event to send.
    Event(Origin, Box<Event>),
    /// What can't be sent, and why.
    Refused(Origin, Option<Box<Event>>, Vec<FieldViolation>),
}

/// What became of a parcel.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// Where it came from.
    pub(crate) origin: Origin,
    /// The event, when there is one.
    pub(crate) event: Option<Box<Event>>,
    /// What became of it.
    pub(crate) outcome: EventOutcome,
    /// Why, when it was rejected.
    pub(crate) violations: Vec<FieldViolation>,
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Events that are stored now.
    pub(crate) accepted: u64,
    /// Events that were stored already.
    pub(crate) duplicate: u64,
    /// Events whose id another event has.
    pub(crate) conflict: u64,
    /// Everything that is not stored, whether the server or this program refused it.
    pub(crate) rejected: u64,
    /// The commit that holds all that is stored.
    pub(crate) commit: i64,
}

impl Tally {
    /// Whether everything is stored.
    pub(crate) fn is_clean(&self) -> bool {
        self.conflict == 0 && self.rejected == 0
    }

    fn count(&mut self, outcome: EventOutcome) {
        match outcome {
            EventOutcome::Accepted => self.accepted += 1,
            EventOutcome::Duplicate => self.duplicate += 1,
            EventOutcome::Conflict => self.conflict += 1,
            EventOutcome::Rejected | EventOutcome::Unspecified => self.rejected += 1,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} accepted, {} duplicate, {} conflict, {} rejected",
            self.accepted, self.duplicate, self.conflict, self.rejected
        )
    }
}

/// Sends everything, at most `batch` events at a time, and tells `settle` in order what became of it.
///
/// # Errors
/// When the server refuses the call as a whole, can't be reached for long, or `settle` fails.
pub(crate) async fn deliver(
    connection: &Connection,
    batch: usize,
    parcels: impl Iterator<Item = anyhow::Result<Parcel>>,
    mut settle: impl FnMut(&[Settled], &Tally) -> anyhow::Result<()>,
) -> anyhow::Result<Tally> {
    let mut parcels = parcels.peekable();
    let mut queue = Queue::default();
    let mut tally = Tally::default();
    let mut fruitless = 0;
    while parcels.peek().is_some() || !queue.is_empty() {
        let before = queue.settled();
        match converse(connection, batch, &mut parcels, &mut queue, &mut tally, &mut settle).await? {
            None => return Ok(tally),
            Some(reason) => {
                fruitless = if queue.settled() > before { 0 } else { fruitless + 1 };
                if fruitless >= MAX_FRUITLESS {
                    bail!(
                        "the server ended {MAX_FRUITLESS} streams without an acknowledgement, the last with: {reason}"
                    );
                }
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(fruitless)).await;
            }
        }
    }
    Ok(tally)
}

/// One stream, from its opening to its end. Gives why to open another one, or nothing when everything is settled.
async fn converse<I: Iterator<Item = anyhow::Result<Parcel>>>(
    connection: &Connection,
    batch: usize,
    parcels: &mut Peekable<I>,
    queue: &mut Queue,
    tally: &mut Tally,
    settle: &mut impl FnMut(&[Settled], &Tally) -> anyhow::Result<()>,
) -> anyhow::Result<Option<String>> {
    let mut session = match Session::open(connection, queue.first_offset()).await {
        Ok(session) => session,
        Err(error) => return retriable(error),
    };
    let limits = Limits::new(batch, &session.opened);
    let mut sent = 0;
    loop {
        while sent < queue.len() || (queue.len() < limits.batches && parcels.peek().is_some()) {
            if sent == queue.len() {
                queue.push(Batch::fill(parcels, limits)?);
            }
            if !session.send(queue.message(sent)).await {
                break;
            }
            sent += 1;
        }
        while let Some(batch) = queue.pop_unsent() {
            sent -= 1;
            settle_batch(batch, &StreamAck::default(), tally, settle)?;
        }
        if queue.is_empty() {
            if parcels.peek().is_none() {
                return Ok(None);
            }
            continue;
        }
        match session.hear().await {
            Ok(Heard::Acknowledged(ack)) => {
                let Some(batch) = queue.pop(ack.offset) else {
                    bail!(
                        "the server acknowledged the offset {}, which was not the next one",
                        ack.offset
                    );
                };
                sent -= 1;
                settle_batch(batch, &ack, tally, settle)?;
            }
            Ok(Heard::Closed(reason)) => return Ok(Some(reason)),
            Err(error) => return retriable(error),
        }
    }
}

fn settle_batch(
    batch: Batch,
    ack: &StreamAck,
    tally: &mut Tally,
    settle: &mut impl FnMut(&[Settled], &Tally) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let settled = batch.settle(&ack.results);
    for parcel in &settled {
        tally.count(parcel.outcome);
    }
    tally.commit = tally.commit.max(ack.commit);
    settle(&settled, tally)
}

/// Why to try again, where that may help.
fn retriable(error: tonic::Status) -> anyhow::Result<Option<String>> {
    let broken = matches!(error.code(), Code::Unavailable | Code::Aborted | Code::Cancelled)
        || (error.code() == Code::Unknown && std::error::Error::source(&error).is_some());
    if broken {
        Ok(Some(error.message().to_owned()))
    } else {
        Err(error.into())
    }
}
