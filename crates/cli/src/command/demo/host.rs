//! The server of the demo, in this process, on a database that goes when it ends.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

use anyhow::Context as _;
use scoreline_server::{serve::Ended, shutdown::Shutdown, telemetry};
use scoreline_storage::Database;

use crate::{
    arguments::Local,
    command::serve::Server,
    local,
    output::{line, note},
};

/// Warnings may matter to whoever watches; that a statement took long on a busy machine does not.
const LOG_FILTER: &str = "warn,sqlx=error";

/// A running server.
pub(super) struct Host {
    server: Server,
    database: Database,
    shutdown: Shutdown,
    /// Goes when it is dropped.
    _folder: Option<Folder>,
}

impl Host {
    /// Starts both services on the given database, or else on a new temporary one.
    pub(super) async fn start(local: &Local, anywhere: bool) -> anyhow::Result<Self> {
        let folder = if local.database.is_none() {
            Some(Folder::new()?)
        } else {
            None
        };
        let mut overrides = vec![("telemetry.log_filter", LOG_FILTER.to_owned())];
        overrides.extend(folder.as_ref().map(|folder| ("database.url", folder.url())));
        let mut settings = local::settings(local, &overrides)?;
        if anywhere || is_taken(settings.listen.address) {
            settings.listen.address.set_port(0);
        }
        telemetry::init(&settings.telemetry)?;
        let database = local::open(&settings).await?;
        scoreline_migrations::up(database.writer()).await.context("migrating")?;
        let shutdown = Shutdown::new();
        shutdown.on_signals().context("signals can't be received")?;
        let server = Server::start(&settings, &database, shutdown.clone()).await?;
        note(format_args!(
            "serving {} on {}",
            settings.database.redacted_url(),
            server.address()
        ));
        Ok(Self {
            server,
            database,
            shutdown,
            _folder: folder,
        })
    }

    /// Where it listens, as a URL.
    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Resolves when somebody wants the process to stop.
    pub(super) async fn stopping(&self) {
        self.shutdown.begun().await;
    }

    /// Serves until somebody wants the process to stop.
    pub(super) async fn serve_on(self) -> anyhow::Result<()> {
        line(format_args!("\nServing on {} until Ctrl-C.", self.server.address()));
        self.ended().await
    }

    /// Stops in order.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.begin();
        self.ended().await
    }

    async fn ended(self) -> anyhow::Result<()> {
        if self.server.ended().await? == Ended::Drained {
            self.database.close().await?;
        }
        Ok(())
    }
}

fn is_taken(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err()
}

/// A temporary folder of this process.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let started = jiff::Timestamp::now().as_millisecond();
        let path = std::env::temp_dir().join(format!("scoreline-demo-{}-{started}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self(path))
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.0.join("scoreline.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            note(format_args!("{} could not be removed: {error}", self.0.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_goes_with_its_owner() -> anyhow::Result<()> {
        let folder = Folder::new()?;
        let path = folder.0.clone();
        fs::write(path.join("scoreline.db"), "")?;
        assert!(folder.url().ends_with("/scoreline.db"));
        drop(folder);
        assert!(!path.exists());
        Ok(())
    }

    #[test]
    fn an_address_in_use_is_seen() -> anyhow::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        assert!(is_taken(listener.local_addr()?));
        Ok(())
    }
}
