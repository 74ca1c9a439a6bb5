//! The settings by section. `defaults.toml` says what each is for; here stand their types and limits.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;

use super::reader::{Reader, redacted};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const MIN_PEPPER_CHARACTERS: usize = 16;

/// Where gRPC is served.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The address; port 0 lets the system choose.
    pub address: SocketAddr,
}

impl Listen {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let address = reader.text("listen.address").parse();
        if address.is_err() {
            reader.reject(
                "listen.address",
                "must be an IP address and a port, such as 127.0.0.1:7464 or [::1]:7464",
            );
        }
        Self {
            address: address.unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0))),
        }
    }
}

/// The database and the connections to it.
#[derive(Debug, Clone)]
pub struct Database {
    /// The URL, which may carry a password.
    pub url: SecretString,
    /// Connections to PostgreSQL.
    pub max_connections: u32,
    /// Reading connections on SQLite.
    pub readers: u32,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
}

impl Database {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let url = reader.secret("database.url", "database.url_file").unwrap_or_default();
        if !["sqlite:", "postgres:", "postgresql:"]
            .iter()
            .any(|scheme| url.expose_secret().starts_with(scheme))
        {
            reader.reject("database.url", "must begin with sqlite:// or postgres://");
        }
        Self {
            url,
            max_connections: small(reader.size("database.max_connections", 1..=1000)),
            readers: small(reader.size("database.readers", 1..=64)),
            acquire_timeout: reader.duration("database.acquire_timeout", SECOND / 10..=SECOND * 60),
        }
    }

    /// The URL without its password, for logs.
    pub fn redacted_url(&self) -> String {
        redacted(self.url.expose_secret())
    }
}

/// Whether callers must show a key.
#[derive(Debug, Clone)]
pub struct Auth {
    /// On: every call but health and reflection needs a key.
    pub enabled: bool,
    /// The secret that keys are hashed with.
    pub pepper: Option<SecretString>,
}

impl Auth {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let auth = Self {
            enabled: reader.boolean("auth.enabled"),
            pepper: reader.secret("auth.pepper", "auth.pepper_file"),
        };
        match &auth.pepper {
            None if auth.enabled => reader.reject(
                "auth.pepper",
                "is required when auth.enabled is true; set it or auth.pepper_file",
            ),
            Some(pepper) if pepper.expose_secret().chars().count() < MIN_PEPPER_CHARACTERS => {
                reader.reject(
                    "auth.pepper",
                    format!("must have at least {MIN_PEPPER_CHARACTERS} characters"),
                );
            }
            _ => {}
        }
        auth
    }
}

/// What one call, one connection and the process may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request message.
    pub max_message_bytes: usize,
    /// Largest response message.
    pub max_response_bytes: usize,
    /// Events in one batch.
    pub max_elements_per_batch: usize,
    /// Calls in flight on one connection.
    pub max_concurrent_streams_per_connection: u32,
    /// Unary calls in flight.
    pub max_requests: usize,
    /// Streaming calls open.
    pub max_streams: usize,
    /// Deadline of a call that names none.
    pub default_deadline: Duration,
    /// Longest deadline that counts.
    pub max_deadline: Duration,
    /// Events ahead of their acknowledgements on one stream.
    pub stream_window_events: usize,
    /// Cells of one answer.
    pub max_query_cells: usize,
    /// Time buckets of one question.
    pub max_buckets: usize,
    /// Age at which a connection is asked to reconnect.
    pub max_connection_age: Duration,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let limits = Self {
            max_message_bytes: reader.size("limits.max_message_bytes", 1024..=64 << 20),
            max_response_bytes: reader.size("limits.max_response_bytes", 1024..=256 << 20),
            max_elements_per_batch: reader.size("limits.max_elements_per_batch", 1..=100_000),
            max_concurrent_streams_per_connection: small(
                reader.size("limits.max_concurrent_streams_per_connection", 1..=10_000),
            ),
            max_requests: reader.size("limits.max_requests", 1..=1_000_000),
            max_streams: reader.size("limits.max_streams", 1..=1_000_000),
            default_deadline: reader.duration("limits.default_deadline", SECOND / 100..=HOUR),
            max_deadline: reader.duration("limits.max_deadline", SECOND / 100..=HOUR),
            stream_window_events: reader.size("limits.stream_window_events", 1..=1_000_000),
            max_query_cells: reader.size("limits.max_query_cells", 1..=100_000_000),
            max_buckets: reader.size("limits.max_buckets", 1..=1_000_000),
            max_connection_age: reader.duration("limits.max_connection_age", SECOND * 10..=HOUR * 24),
        };
        if limits.default_deadline > limits.max_deadline {
            reader.reject("limits.default_deadline", "must not be longer than limits.max_deadline");
        }
        limits
    }
}

/// How ingestion groups commits.
#[derive(Debug, Clone)]
pub struct Ingestion {
    /// Most events of one transaction.
    pub group_commit_max_events: usize,
    /// How long the first request of a group waits for others.
    pub group_commit_max_delay: Duration,
}

impl Ingestion {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            group_commit_max_events: reader.size("ingestion.group_commit_max_events", 1..=100_000),
            group_commit_max_delay: reader.duration("ingestion.group_commit_max_delay", Duration::ZERO..=SECOND),
        }
    }
}

/// How analytics holds and scans ledger images.
#[derive(Debug, Clone)]
pub struct Analytics {
    /// Memory for all images.
    pub image_memory_budget_bytes: u64,
    /// For what questions were told before, so that asking again reads only what is new; 0: nothing is kept.
    pub kept_answers_budget_bytes: u64,
    /// How often an image looks for new commits.
    pub tail_interval: Duration,
    /// Scanning threads; 0 means one per core.
    pub query_threads: usize,
}

impl Analytics {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            image_memory_budget_bytes: reader.integer("analytics.image_memory_budget_bytes", 0..=1 << 42),
            kept_answers_budget_bytes: reader.integer("analytics.kept_answers_budget_bytes", 0..=1 << 40),
            tail_interval: reader.duration("analytics.tail_interval", SECOND / 1000..=SECOND * 60),
            query_threads: reader.size("analytics.query_threads", 0..=1024),
        }
    }
}

/// Merging small ledger segments in the background.
#[derive(Debug, Clone)]
pub struct Compaction {
    /// Whether this process does it.
    pub enabled: bool,
    /// How often it looks for work.
    pub interval: Duration,
    /// Small segments that make a merge worthwhile.
    pub min_segments: usize,
    /// Rows at which a segment is left alone.
    pub target_rows: usize,
}

impl Compaction {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            enabled: reader.boolean("compaction.enabled"),
            interval: reader.duration("compaction.interval", SECOND / 100..=HOUR),
            min_segments: reader.size("compaction.min_segments", 2..=100_000),
            target_rows: reader.size("compaction.target_rows", 1000..=16 << 20),
        }
    }
}

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Logs.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// The shape of the lines.
    pub log_format: LogFormat,
    /// Which lines are written.
    pub log_filter: String,
}

impl Telemetry {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let log_format = reader.choice(
            "telemetry.log_format",
            &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
        );
        let log_filter = reader.text("telemetry.log_filter");
        if let Err(error) = EnvFilter::try_new(&log_filter) {
            reader.reject(
                "telemetry.log_filter",
                format!("is not a filter such as \"info,sqlx=warn\": {error}"),
            );
        }
        Self { log_format, log_filter }
    }
}

/// Whether clients may ask for descriptors.
#[derive(Debug, Clone)]
pub struct Reflection {
    /// On: reflection v1 and v1alpha are served.
    pub enabled: bool,
}

impl Reflection {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            enabled: reader.boolean("reflection.enabled"),
        }
    }
}

/// How the process stops.
#[derive(Debug, Clone)]
pub struct Shutdown {
    /// Still accepting, already "not serving".
    pub propagation: Duration,
    /// For calls in flight to finish.
    pub drain: Duration,
}

impl Shutdown {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            propagation: reader.duration("shutdown.propagation", Duration::ZERO..=SECOND * 120),
            drain: reader.duration("shutdown.drain", SECOND / 10..=SECOND * 600),
        }
    }
}

fn small(size: usize) -> u32 {
    u32::try_from(size).expect("the allowed range ends below u32::MAX")
}
