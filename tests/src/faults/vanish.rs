//! Callers that vanish.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use scoreline_proto::{
    events::v1::Event,
    ingestion::v1::{
        EventOutcome, EventResult, IngestEventsRequest, StreamBatch, StreamEventsRequest, StreamOpen,
        stream_events_request::Message,
    },
    tenants::v1::CreateTenantRequest,
};
use tokio::sync::oneshot;
use tokio_stream::StreamExt as _;

use super::{book::Book, findings, maker::Maker};
use crate::{client::Clients, reference::dice::Dice};

/// What one caller did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that were cancelled before they had an answer.
    pub cut: usize,
    /// Calls that were faster.
    pub finished: usize,
    /// Calls between them that nobody cancelled.
    pub honest: usize,
    /// Events of calls that were cut which turned out to be stored.
    pub kept: usize,
    /// Events of calls that were cut which turned out not to be stored.
    pub dropped: usize,
}

impl Tally {
    /// The sum of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cut: self.cut + other.cut,
            finished: self.finished + other.finished,
            honest: self.honest + other.honest,
            kept: self.kept + other.kept,
            dropped: self.dropped + other.dropped,
        }
    }
}

/// Polls a future so many times at most, then drops it.
pub async fn after_polls<F: Future>(polls: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// A caller that cancels most of its calls, and makes honest ones in between.
#[derive(Debug)]
pub struct Caller {
    clients: Clients,
    ordinal: i32,
    maker: Maker,
    dice: Dice,
    book: Book,
    /// Batches of which it does not know what became.
    unknown: Vec<Vec<Event>>,
    /// Whether it uses calls of ingestion only, and no streams.
    plain: bool,
    tally: Tally,
}

impl Caller {
    /// A caller with its own numbers and dice.
    pub fn new(clients: Clients, ordinal: i32, seed: u64, book: Book) -> Self {
        let dice = Dice::new(seed.wrapping_mul(1_000).wrapping_add(u64::from(ordinal.unsigned_abs())));
        let (maker, unknown, tally) = (Maker::new(ordinal), Vec::new(), Tally::default());
        Self {
            clients,
            ordinal,
            maker,
            dice,
            book,
            unknown,
            plain: false,
            tally,
        }
    }

    /// A caller that uses calls of ingestion only, and no streams.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { plain: true, ..self }
    }

    /// Makes so many calls that are cancelled, and honest ones in between. In the end it sends again what it does not
    /// know of.
    ///
    /// # Errors
    /// When an honest call fails.
    pub async fn run(mut self, calls: usize) -> anyhow::Result<Tally> {
        for call in 0..calls {
            let finished = self.vanish(call).await;
            self.tally.finished += usize::from(finished);
            self.tally.cut += usize::from(!finished);
            if call % 4 == 0 {
                self.be_honest().await?;
            }
        }
        while let Some(batch) = self.unknown.pop() {
            self.ask_for(batch).await?;
        }
        Ok(self.tally)
    }

    /// Makes a call that is cancelled at a random point, unless it is faster. Returns whether it was.
    async fn vanish(&mut self, call: usize) -> bool {
        match self.dice.between(0, 100) {
            _ if self.plain => self.ingest().await,
            0..14 => self.stream().await,
            14..20 => self.ask().await,
            20..24 => self.create_tenant(call).await,
            _ => self.ingest().await,
        }
    }

    async fn ingest(&mut self) -> bool {
        let size = self.dice.between(1, 6);
        let batch = self.maker.batch(&mut self.dice, size);
        self.book.open().sending(&batch);
        let mut request = tonic::Request::new(IngestEventsRequest {
            events: batch.clone(),
            ..IngestEventsRequest::default()
        });
        let how = self.dice.between(0, 10);
        if how == 0 {
            request.set_timeout(Duration::from_millis(1));
        }
        let delay = self.delay();
        let call = self.clients.ingestion.ingest_events(request);
        let answer = match how {
            0 => Some(call.await),
            1..5 => after_polls(self.dice.between(1, 14).unsigned_abs(), call).await,
            _ => tokio::time::timeout(delay, call).await.ok(),
        };
        // A call that failed was cancelled by its own deadline.
        let Some(Ok(answer)) = answer else {
            self.unknown.push(batch);
            return false;
        };
        let answer = answer.into_inner();
        self.heard(&batch, &answer.results, answer.commit);
        true
    }

    /// Opens a stream, sends some batches, hears some answers, and is gone.
    async fn stream(&mut self) -> bool {
        let open = StreamOpen {
            producer_id: "vanishes".to_owned(),
            resume_offset: 0,
        };
        let mut messages = vec![Message::Open(open)];
        let mut offset = 0;
        for _ in 0..self.dice.between(0, 4) {
            let events = self.maker.batch(&mut self.dice, 2);
            self.book.open().sending(&events);
            self.unknown.push(events.clone());
            messages.push(Message::Batch(StreamBatch { offset, events }));
            offset += 2;
        }
        let heard = self.dice.between(0, 5);
        let messages = messages
            .into_iter()
            .map(|message| StreamEventsRequest { message: Some(message) });
        // The stream stays open behind its last message as long as the caller is there. Longer, the transport would keep
        // it open for a caller that is gone, and the service would take it for one that is silent.
        let (listens, gone) = oneshot::channel::<()>();
        let silence = futures::StreamExt::take_until(tokio_stream::pending(), gone);
        let requests = tokio_stream::iter(messages).chain(silence);
        let delay = self.delay();
        let listen = async {
            let _listens = listens;
            let mut answers = self.clients.ingestion.stream_events(requests).await?.into_inner();
            for _ in 0..heard {
                answers.message().await?;
            }
            Ok::<_, tonic::Status>(())
        };
        // What it heard does not matter: it sends everything again.
        drop(tokio::time::timeout(delay, listen).await);
        false
    }

    async fn ask(&mut self) -> bool {
        let delay = self.delay();
        tokio::time::timeout(delay, findings::leads_counted(&mut self.clients, 0))
            .await
            .is_ok()
    }

    async fn create_tenant(&mut self, call: usize) -> bool {
        let tenant_id = format!("tenant-{}-{call}", self.ordinal);
        let delay = self.delay();
        let request = CreateTenantRequest {
            tenant_id,
            settings: None,
        };
        tokio::time::timeout(delay, self.clients.tenants.create_tenant(request))
            .await
            .is_ok()
    }

    /// A call that nobody cancels must succeed, whoever was cancelled before on the same connection.
    async fn be_honest(&mut self) -> anyhow::Result<()> {
        if self.unknown.len() > 20 {
            let batch = self.unknown.swap_remove(0);
            self.ask_for(batch).await?;
        }
        let batch = self.maker.batch(&mut self.dice, 2);
        self.send(batch).await?;
        if !self.plain && self.dice.percent(20) {
            findings::leads_counted(&mut self.clients, 0).await?;
            self.tally.honest += 1;
        }
        Ok(())
    }

    /// Sends what it does not know of again, and learns what had become of it.
    async fn ask_for(&mut self, batch: Vec<Event>) -> anyhow::Result<()> {
        let (accepted, duplicates) = self.send(batch).await?;
        self.tally.dropped += accepted;
        self.tally.kept += duplicates;
        Ok(())
    }

    /// Returns how many events were accepted, and how many were there already.
    async fn send(&mut self, batch: Vec<Event>) -> anyhow::Result<(usize, usize)> {
        self.book.open().sending(&batch);
        let answer = self.clients.ingest(batch.clone()).await?;
        self.heard(&batch, &answer.results, answer.commit);
        self.tally.honest += 1;
        let count = |outcome| {
            answer
                .results
                .iter()
                .filter(|result| result.outcome() == outcome)
                .count()
        };
        Ok((count(EventOutcome::Accepted), count(EventOutcome::Duplicate)))
    }

    fn heard(&self, batch: &[Event], results: &[EventResult], commit: i64) {
        let outcomes: Vec<EventOutcome> = results.iter().map(EventResult::outcome).collect();
        self.book.open().answered(batch, &outcomes, commit);
    }

    fn delay(&mut self) -> Duration {
        Duration::from_micros(self.dice.between(0, 5_000).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_future_is_dropped_after_so_many_polls() {
        let twice = || async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(after_polls(1, twice()).await, None);
        assert_eq!(after_polls(2, twice()).await, Some(7));
    }
}
