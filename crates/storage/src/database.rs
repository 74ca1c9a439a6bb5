//! A database of ours: the implementation of the traits.

use std::future::Future;

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, TransactionTrait as _,
};

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::{
    Error, Upkeep as _,
    connect::{Connections, Options},
    inserts::Inserts,
    log::{self, Lanes},
    transaction::{self, WriteTransaction},
};

/// From how many events on work is done where no other task waits for the thread.
const LARGE: usize = 16;

/// What a process keeps in memory of the tenants for whom it writes, unless it is told otherwise.
const WRITE_CACHE_BYTES: usize = 128 << 20;

/// A database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    connections: Connections,
    lanes: Lanes,
}

impl Database {
    /// Connects, and refuses a database that would not keep our promises.
    ///
    /// # Errors
    /// When it can't be reached, or is unfit.
    pub async fn open(options: &Options) -> Result<Self, Error> {
        Ok(Self {
            connections: Connections::open(options).await?,
            lanes: Lanes::new(WRITE_CACHE_BYTES),
        })
    }

    /// The same with so many bytes for the subjects that are lately written to. What does not fit is read again.
    #[must_use]
    pub fn with_write_cache(self, bytes: usize) -> Self {
        Self {
            lanes: Lanes::new(bytes),
            ..self
        }
    }

    /// The connections that write, for migrations.
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.connections.writer
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.connections.reader
    }

    pub(crate) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Works on so many events. Where they are many, other tasks move to another thread meanwhile.
    pub(crate) fn aside<T>(events: usize, work: impl FnOnce() -> T) -> T {
        let has_threads = || Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
        if events >= LARGE && has_threads() {
            tokio::task::block_in_place(work)
        } else {
            work()
        }
    }

    /// A transaction that writes. On SQLite it is the only one from its first statement on. Begun as one that reads is.
    pub(crate) async fn begin_write(&self) -> Result<WriteTransaction, Error> {
        let writer = self.writer().clone();
        Self::detached(async move { Ok(WriteTransaction::begin(&writer).await?) }).await
    }

    /// Writes rows in a transaction of their own; says whether the tenant's row, if it was to move on, did.
    pub(crate) async fn write(&self, inserts: Inserts) -> Result<bool, DbErr> {
        transaction::write(self.writer(), inserts).await
    }

    /// What the database is.
    pub(crate) fn backend(&self) -> DbBackend {
        self.reader().get_database_backend()
    }

    /// A transaction that reads one snapshot.
    ///
    /// It is begun in a task of its own: one whose beginning was cancelled half-way would stay open on its connection, and
    /// the next one to borrow that would write inside it.
    pub(crate) async fn begin_read(&self) -> Result<DatabaseTransaction, Error> {
        let (reader, backend) = (self.reader().clone(), self.backend());
        Self::detached(async move {
            let begun = match backend {
                DbBackend::Postgres => {
                    let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                    reader.begin_with_config(Some(level), Some(access)).await
                }
                _ => reader.begin().await,
            };
            Ok(begun?)
        })
        .await
    }

    /// Runs a write in a task of its own: a caller that goes away can't stop it half-way.
    pub(crate) async fn detached<T: Send + 'static>(
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        tokio::spawn(work).await.map_err(|error| match error.is_panic() {
            // Trying the same again would panic again: whoever shares the write must not wait for that.
            true => Error::Fold("it panicked, which is a defect of ours".to_owned()),
            false => Error::Stopped,
        })?
    }

    /// Writes what is only known from the log of the state of subjects, and closes all connections.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(self) -> Result<(), Error> {
        for tenant in self.lanes.tenants() {
            if let Err(error) = self.catch_up(&tenant).await {
                // It follows from the log: the next process takes it from there.
                log::warn(&tenant, &error);
                if error.is_transient() {
                    // The others would wait as long.
                    break;
                }
            }
        }
        self.connections.reader.close_by_ref().await?;
        self.connections.writer.close_by_ref().await?;
        Ok(())
    }
}
