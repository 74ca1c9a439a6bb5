//! Logs to standard error: pretty for people, JSON for machines.
//!
//! The request id and the trace id are fields of the span around each call (see `layers::trace`), so they stand on every
//! line that is written inside it.

use std::backtrace::Backtrace;

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{LogFormat, Telemetry};

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is not one.
    #[error("the log filter is not valid")]
    Filter(#[from] ParseError),
    /// Someone set up logging before.
    #[error("logging is already set up")]
    Twice(#[from] TryInitError),
}

/// Starts logging for the whole process, and sends panics the same way. Call once, in `main`.
///
/// # Errors
/// When the filter is wrong or logging was started before.
pub fn init(settings: &Telemetry) -> Result<(), InitError> {
    let filter = EnvFilter::try_new(&settings.log_filter)?;
    tracing_subscriber::registry()
        .with(lines(settings.log_format))
        .with(filter)
        .try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// JSON lines list all spans around them: the ids stand on the outermost, whatever a service opens inside.
fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let base = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Pretty => base.compact().boxed(),
        LogFormat::Json => base
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(true)
            .boxed(),
    }
}

/// In the thread of the panic, so the line still carries the request it happened in.
fn log_panic(info: &std::panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no message");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    tracing::error!(message, location, %backtrace, "panic");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused_before_anything_is_set_up() {
        let settings = Telemetry {
            log_format: LogFormat::Json,
            log_filter: "info,sqlx=loud".to_owned(),
        };
        assert!(matches!(init(&settings), Err(InitError::Filter(_))));
    }
}
