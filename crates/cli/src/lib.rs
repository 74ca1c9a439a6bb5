//! The command line of Scoreline: serve it, feed it, ask it, look after it.
//!
//! `serve`, `migrate`, `rebuild` and `verify` open the database; everything else speaks gRPC to a running server.

mod arguments;
mod command;
mod connection;
mod delivery;
mod local;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::{Arguments, Command};

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(4 << 20)
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            output::problem(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { local, remote, command } = arguments;
    match command {
        Command::Demo(demo) => command::demo::run(&local, &remote, &demo).await,
        Command::Serve(serve) => command::serve::run(&local, &serve).await,
        Command::Migrate(migrate) => command::migrate::run(&local, &migrate).await,
        Command::Rebuild(rebuild) => command::rebuild::run(&local, &remote, &rebuild).await,
        Command::Verify(verify) => command::verify::run(&local, &remote, &verify).await,
        Command::Ingest(ingest) => command::ingest::run(&remote, &ingest).await,
        Command::Import(import) => command::import::run(&remote, &import).await,
        Command::Query(query) => command::query::run(&remote, &query).await,
        Command::Explain(explain) => command::explain::run(&remote, &explain).await,
        Command::Metrics(metrics) => command::metrics::run(&remote, &metrics).await,
        Command::Settings(settings) => command::settings::run(&remote, &settings).await,
        Command::Tenants(tenants) => command::tenants::run(&remote, &tenants).await,
        Command::Export(export) => command::export::run(&remote, &export).await,
        Command::Keys(keys) => command::keys::run(&local, &remote, &keys).await,
    }
}
