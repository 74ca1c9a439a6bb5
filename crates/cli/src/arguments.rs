//! The arguments that all commands share, and the list of commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::command::{
    demo, explain, export, import, ingest, keys, metrics, migrate, query, rebuild, serve, settings, tenants, verify,
};

/// Scoreline measures sales performance: events in, every metric of a sales organisation out.
#[derive(Debug, Parser)]
#[command(name = "scoreline", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) local: Local,
    #[command(flatten)]
    pub(crate) remote: Remote,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// For commands that open the database.
#[derive(Debug, Clone, Args)]
pub(crate) struct Local {
    /// A configuration file (TOML). Environment variables SCORELINE__SECTION__KEY win over it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The database: sqlite://PATH or postgres://USER@HOST/NAME.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,
}

/// For commands that speak to a running server.
#[derive(Debug, Clone, Args)]
pub(crate) struct Remote {
    /// Where the server listens.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SCORELINE_ENDPOINT",
        default_value = "http://127.0.0.1:7464"
    )]
    pub(crate) endpoint: String,
    /// The API key, where the server asks for one.
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "SCORELINE_API_KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Option<String>,
    /// The tenant, where the server asks for no key.
    #[arg(
        long,
        global = true,
        value_name = "ID",
        env = "SCORELINE_TENANT",
        default_value = "default"
    )]
    pub(crate) tenant: String,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a made-up sales organisation, measured.
    Demo(demo::Arguments),
    /// Serve ingestion and analytics in one process.
    Serve(serve::Arguments),
    /// Bring the database's schema to the newest version, or show what it has.
    Migrate(migrate::Arguments),
    /// Fold the whole log again and compare it with the ledger.
    Rebuild(rebuild::Arguments),
    /// Check log, ledger and sequence against each other.
    Verify(verify::Arguments),
    /// Send events from a file, one a line, to the server.
    Ingest(ingest::Arguments),
    /// Send events that a mapping makes from the rows of other files.
    Import(import::Arguments),
    /// Ask metrics, by period and dimension.
    Query(query::Arguments),
    /// List the records behind one number.
    Explain(explain::Arguments),
    /// List, show, add and remove metrics.
    Metrics(metrics::Arguments),
    /// Show and change the tenant's settings.
    Settings(settings::Arguments),
    /// Add and list tenants.
    Tenants(tenants::Arguments),
    /// Write the events and the ledger as Parquet.
    Export(export::Arguments),
    /// Create, list and revoke API keys.
    Keys(keys::Arguments),
}
