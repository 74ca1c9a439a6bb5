//! From settings to a store that may be used: opened, with the newest schema, and with a tenant to begin with.

use jiff::Timestamp;
use scoreline_core::id::TenantId;
use scoreline_server::{config::Settings, secrecy::ExposeSecret as _};
use scoreline_storage::{Database, Error as StoreError, Options, Tenancy};

use crate::tenants::settings;

/// The tenant that callers have who name none, where keys are switched off.
const DEFAULT_TENANT: &str = "default";

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database can't be opened.
    #[error("the database {url} can't be opened")]
    Open {
        /// Its URL, without the password.
        url: String,
        /// Why.
        source: StoreError,
    },
    /// The schema can't be read.
    #[error("the schema of the database {url} can't be read")]
    Schema {
        /// Its URL, without the password.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The schema is older than this program.
    #[error("the database {url} lacks {} migration(s): {}; bring it up to date with `scoreline migrate up`, then start again", .pending.len(), .pending.join(", "))]
    Pending {
        /// Its URL, without the password.
        url: String,
        /// What it lacks.
        pending: Vec<String>,
    },
    /// The first tenant can't be made.
    #[error("the tenant \"default\" can't be made")]
    DefaultTenant(#[source] StoreError),
}

/// Opens the database and checks that it has the newest schema. Nothing is changed.
///
/// # Errors
/// When it can't be opened, or lacks migrations.
pub async fn open(settings: &Settings) -> Result<Database, Error> {
    let url = settings.database.redacted_url();
    let options = Options {
        url: settings.database.url.expose_secret().to_owned(),
        max_connections: connections(settings),
        acquire_timeout: settings.database.acquire_timeout,
    };
    let database = Database::open(&options).await.map_err(|source| Error::Open {
        url: url.clone(),
        source,
    })?;
    let status = scoreline_migrations::status(database.writer()).await;
    let status = status.map_err(|source| Error::Schema {
        url: url.clone(),
        source: source.into(),
    })?;
    let pending: Vec<_> = status
        .into_iter()
        .filter(|migration| !migration.applied)
        .map(|migration| migration.name)
        .collect();
    if pending.is_empty() {
        Ok(database)
    } else {
        Err(Error::Pending { url, pending })
    }
}

fn connections(settings: &Settings) -> u32 {
    let database = &settings.database;
    if database.url.expose_secret().starts_with("sqlite:") {
        database.readers
    } else {
        database.max_connections
    }
}

/// Makes the tenant that callers have who name none, where keys are switched off.
///
/// # Errors
/// When the database fails.
pub async fn ensure_default_tenant(tenancy: &dyn Tenancy, settings: &Settings) -> Result<(), Error> {
    if settings.auth.enabled {
        return Ok(());
    }
    let id = TenantId::new(DEFAULT_TENANT).expect("a fixed name");
    match tenancy
        .create_tenant(&id, &settings::defaults(), Timestamp::now())
        .await
    {
        Ok(_) => {
            tracing::info!(tenant = %id, "tenant created");
            Ok(())
        }
        // It was here before, or another process was faster.
        Err(StoreError::Exists { .. }) => Ok(()),
        Err(error) => Err(Error::DefaultTenant(error)),
    }
}
