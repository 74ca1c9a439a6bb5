//! Kills under load, and what must still hold afterwards.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::task::JoinHandle;

use super::{
    book::Book,
    findings::{self, Findings},
    front::Front,
    writer::{Way, Writer},
};
use crate::{client::Clients, postgres::Cluster, reference::dice::Dice, server::Server};

/// How long a cycle waits for acknowledgements before it kills all the same.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a server may need to write again after its database came back.
const RECOVERY: Duration = Duration::from_secs(20);

/// Several writers on a server that is killed again and again.
#[derive(Debug)]
pub struct Campaign {
    /// The server.
    pub server: Server,
    front: Option<Front>,
    writers: Vec<Writer>,
    book: Book,
    dice: Dice,
}

impl Campaign {
    /// Two writers with calls, and two with streams.
    pub fn new(server: Server, seed: u64) -> Self {
        Self::with(server, seed, &[Way::Calls, Way::Stream, Way::Calls, Way::Stream])
    }

    /// Two writers with calls, on a service with a bug that stands before the server.
    pub fn behind(front: Front, server: Server, seed: u64) -> Self {
        Self {
            front: Some(front),
            ..Self::with(server, seed, &[Way::Calls, Way::Calls])
        }
    }

    fn with(server: Server, seed: u64, ways: &[Way]) -> Self {
        let book = Book::default();
        let writers = (1..)
            .zip(ways)
            .map(|(ordinal, way)| Writer::new(*way, ordinal, seed, book.clone()))
            .collect();
        Self {
            server,
            front: None,
            writers,
            book,
            dice: Dice::new(seed),
        }
    }

    fn endpoint(&self) -> String {
        self.front
            .as_ref()
            .map_or_else(|| self.server.endpoint(), Front::endpoint)
    }

    /// One cycle: load, `kill -9` of the server at a random moment, and a new start on the same database.
    ///
    /// # Errors
    /// When a writer panics.
    pub async fn kill_server(&mut self) -> anyhow::Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let load = self.load(&stop);
        let batches = self.dice.between(1, 16).unsigned_abs();
        self.wait_for(batches).await;
        tokio::time::sleep(Duration::from_micros(self.dice.between(0, 6_000).unsigned_abs())).await;
        self.server.kill();
        stop.store(true, Ordering::Relaxed);
        self.unload(load).await?;
        self.server.restart();
        if let Some(front) = &self.front {
            front.moved(self.server.endpoint());
        }
        Ok(())
    }

    /// One cycle: load, `kill -9` of the database's server, its new start, and load until something is stored again.
    ///
    /// # Errors
    /// When the service does not come back by itself.
    pub async fn kill_database(&mut self, cluster: &mut Cluster) -> anyhow::Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let load = self.load(&stop);
        let batches = self.dice.between(1, 16).unsigned_abs();
        self.wait_for(batches).await;
        cluster.kill();
        tokio::time::sleep(Duration::from_millis(self.dice.between(0, 200).unsigned_abs())).await;
        cluster.restart();
        let (began, before) = (Instant::now(), self.book.acknowledged_batches());
        while self.book.acknowledged_batches() < before + 4 {
            anyhow::ensure!(
                began.elapsed() < RECOVERY,
                "nothing is stored {RECOVERY:?} after the database came back"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.store(true, Ordering::Relaxed);
        self.unload(load).await
    }

    fn load(&mut self, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<Writer>> {
        let endpoint = self.endpoint();
        let start = |mut writer: Writer| {
            let (endpoint, stop) = (endpoint.clone(), Arc::clone(stop));
            tokio::spawn(async move {
                writer.run(&endpoint, &stop).await;
                writer
            })
        };
        std::mem::take(&mut self.writers).into_iter().map(start).collect()
    }

    async fn unload(&mut self, load: Vec<JoinHandle<Writer>>) -> anyhow::Result<()> {
        for writer in load {
            self.writers.push(writer.await?);
        }
        Ok(())
    }

    async fn wait_for(&self, batches: u64) {
        let (began, before) = (Instant::now(), self.book.acknowledged_batches());
        while self.book.acknowledged_batches() < before + batches && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Sends again what got no answer, and compares everything that was said with everything that is stored.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn findings(&mut self) -> anyhow::Result<Findings> {
        let endpoint = self.endpoint();
        for writer in &mut self.writers {
            writer
                .settle(&endpoint)
                .await
                .context("what got no answer is sent again")?;
        }
        let mut clients = Clients::connect(&self.server.endpoint(), "default").await?;
        findings::look(&mut clients, &self.book).await
    }

    /// The server's own checks: the log against itself, and the ledger against the log.
    ///
    /// # Errors
    /// When they find something.
    pub fn own_checks(&self) -> anyhow::Result<()> {
        own_checks(&self.server)
    }
}

/// The server's own checks: the log against itself, and the ledger against the log.
///
/// # Errors
/// When they find something.
///
/// # Panics
/// When a command fails.
pub fn own_checks(server: &Server) -> anyhow::Result<()> {
    let verified = server.run(&["verify"]);
    anyhow::ensure!(verified.contains("all is well"), "verify says {verified}");
    let rebuilt = server.run(&["rebuild"]);
    anyhow::ensure!(rebuilt.contains("; 0 differ"), "rebuild says {rebuilt}");
    let log = server.log_text();
    let panicked = log.lines().find(|line| line.contains("panic"));
    anyhow::ensure!(panicked.is_none(), "the server's log says {panicked:?}");
    Ok(())
}
