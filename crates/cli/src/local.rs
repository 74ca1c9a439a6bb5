//! Settings and database for the commands that need no server.

use anyhow::Context as _;
use scoreline_core::id::TenantId;
use scoreline_ingestion::startup;
use scoreline_server::{
    config::{LoadOptions, Settings},
    secrecy::ExposeSecret as _,
};
use scoreline_storage::{Database, Options};

use crate::arguments::{Local, Remote};

/// Reads all layers of the configuration.
pub(crate) fn settings(local: &Local, overrides: &[(&str, String)]) -> anyhow::Result<Settings> {
    let mut options = LoadOptions::from_process_environment();
    options.file.clone_from(&local.config);
    if let Some(url) = &local.database {
        options.overrides.push(("database.url".to_owned(), url.clone()));
    }
    options
        .overrides
        .extend(overrides.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    Ok(Settings::load(&options)?)
}

/// Opens the configured database, whatever its schema.
pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Database> {
    let url = settings.database.url.expose_secret();
    let is_sqlite = url.starts_with("sqlite:");
    let options = Options {
        url: url.to_owned(),
        max_connections: if is_sqlite {
            settings.database.readers
        } else {
            settings.database.max_connections
        },
        acquire_timeout: settings.database.acquire_timeout,
    };
    Database::open(&options)
        .await
        .with_context(|| format!("opening {}", settings.database.redacted_url()))
}

/// Opens the configured database and refuses it unless it has the newest schema, as the services do.
pub(crate) async fn open_migrated(settings: &Settings) -> anyhow::Result<Database> {
    Ok(startup::open(settings).await?)
}

/// The tenant of the arguments.
pub(crate) fn tenant(remote: &Remote) -> anyhow::Result<TenantId> {
    TenantId::new(&remote.tenant).with_context(|| format!("--tenant {:?}", remote.tenant))
}
