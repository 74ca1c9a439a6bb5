//! Settings and database for the commands that need no server.

use anyhow::{Context as _, bail};
use scoreline_core::id::TenantId;
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

/// Opens the configured database and refuses it unless it has the newest schema.
pub(crate) async fn open_migrated(settings: &Settings) -> anyhow::Result<Database> {
    let database = open(settings).await?;
    let pending = pending(&database).await?;
    if !pending.is_empty() {
        let url = settings.database.redacted_url();
        bail!(
            "the schema of {url} lacks {}: run `scoreline migrate up`",
            pending.join(", ")
        );
    }
    Ok(database)
}

/// The migrations that the database does not have.
pub(crate) async fn pending(database: &Database) -> anyhow::Result<Vec<String>> {
    let all = scoreline_migrations::status(database.writer())
        .await
        .context("reading the schema's version")?;
    Ok(all
        .into_iter()
        .filter(|migration| !migration.applied)
        .map(|migration| migration.name)
        .collect())
}

/// The tenant of the arguments.
pub(crate) fn tenant(remote: &Remote) -> anyhow::Result<TenantId> {
    TenantId::new(&remote.tenant).with_context(|| format!("--tenant {:?}", remote.tenant))
}
