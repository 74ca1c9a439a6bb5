//! Configuration in layers: commented defaults, a file, the environment, secret files, the command line.
//!
//! Settings are read once, in `main`, validated as a whole and passed on as values. A start that fails names everything
//! that is wrong, not the first thing.

use std::fmt::Write as _;

mod problem;
mod reader;
mod sections;
mod sources;

pub use problem::{LoadError, Problem, Problems};
pub use sections::{
    Analytics, Auth, Compaction, Database, Ingestion, Limits, Listen, LogFormat, Reflection, Shutdown, Telemetry,
};
pub use sources::LoadOptions;

use reader::{Effective, Reader};
use sources::Sources;

/// Every setting of a Scoreline process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where gRPC is served.
    pub listen: Listen,
    /// The database.
    pub database: Database,
    /// Who may call.
    pub auth: Auth,
    /// How much a caller may take.
    pub limits: Limits,
    /// The ingestion service.
    pub ingestion: Ingestion,
    /// The analytics service.
    pub analytics: Analytics,
    /// Background merging of ledger segments.
    pub compaction: Compaction,
    /// Logs.
    pub telemetry: Telemetry,
    /// Service descriptions for clients.
    pub reflection: Reflection,
    /// How the process stops.
    pub shutdown: Shutdown,
    effective: Vec<Effective>,
}

impl Settings {
    /// Reads all layers and validates them as a whole.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`] when the file is missing or not TOML; else [`LoadError::Invalid`] with every problem.
    pub fn load(options: &LoadOptions) -> Result<Self, LoadError> {
        let mut reader = Reader::new(Sources::collect(options)?);
        let mut settings = Self {
            listen: Listen::read(&mut reader),
            database: Database::read(&mut reader),
            auth: Auth::read(&mut reader),
            limits: Limits::read(&mut reader),
            ingestion: Ingestion::read(&mut reader),
            analytics: Analytics::read(&mut reader),
            compaction: Compaction::read(&mut reader),
            telemetry: Telemetry::read(&mut reader),
            reflection: Reflection::read(&mut reader),
            shutdown: Shutdown::read(&mut reader),
            effective: Vec::new(),
        };
        if !settings.auth.enabled && !settings.listen.address.ip().is_loopback() {
            reader.reject(
                "listen.address",
                "is not loopback, so auth.enabled must be true: anyone who reaches the port would have every right",
            );
        }
        settings.effective = reader.finish()?;
        Ok(settings)
    }

    /// The settings as loaded, one a line, with where each came from and without secrets.
    pub fn redacted(&self) -> String {
        self.effective.iter().fold(String::new(), |mut text, setting| {
            let Effective { key, value, origin } = setting;
            writeln!(text, "{key} = {value:?}  # {origin}").expect("writing to a String does not fail");
            text
        })
    }
}

#[cfg(test)]
mod tests;
