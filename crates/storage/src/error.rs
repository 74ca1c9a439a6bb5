//! What can go wrong in storage.

use scoreline_core::policy::Violation;
use sea_orm::{DbErr, RuntimeErr};

/// Why an operation on the store failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// No tenant has this id.
    #[error("there is no tenant {0:?}")]
    UnknownTenant(String),
    /// The thing exists already.
    #[error("{kind} {id:?} exists already")]
    Exists {
        /// What kind of thing.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// The settings, or something else that was sent, may not be stored.
    #[error("{} field(s) are wrong, first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Invalid(Vec<Violation>),
    /// The thing was changed since the caller read it.
    #[error("{kind} {id:?} was changed meanwhile: its version is {actual}, not {expected}")]
    Stale {
        /// What kind of thing.
        kind: &'static str,
        /// Its id.
        id: String,
        /// The version that the caller read.
        expected: String,
        /// The version that is stored.
        actual: String,
    },
    /// What is stored can't be read: the database was damaged or written by other hands.
    #[error("{what} is damaged: {problem}")]
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The fold refused: a defect of ours, nothing was stored.
    #[error("the fold failed: {0}")]
    Fold(String),
    /// The database is not fit for use.
    #[error("the database can't be used: {0}")]
    Unfit(String),
    /// A task of ours was stopped.
    #[error("the write was stopped before it was done")]
    Stopped,
}

impl Error {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Stopped => true,
            Self::Database(error) => match error {
                DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
                DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
                    is_transient(error)
                }
                _ => false,
            },
            _ => false,
        }
    }

    pub(crate) fn damaged(what: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        Self::Damaged {
            what: what.into(),
            problem: problem.to_string(),
        }
    }
}

/// Connection lost, server going down (57P01 to 57P03), serialisation failure, deadlock, or SQLite busy.
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            ["57P01", "57P02", "57P03", "40001", "40P01", "5", "517"].contains(&code.as_ref())
        }
        _ => false,
    }
}
