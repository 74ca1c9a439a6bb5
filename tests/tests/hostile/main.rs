//! Hostile input: every call gets a status with a reason and, where a field is wrong, its path. Never a panic, and the server
//! still serves.

mod bytes;
mod events;
mod metrics;
mod settings;
mod streams;

use scoreline_tests::{
    client::Clients,
    faults::maker::Maker,
    reference::dice::Dice,
    server::{Engine, Server},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What a refusal says: its code, its reason, and the first wrong field, where one is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    code: Code,
    reason: String,
    field: String,
}

impl Refusal {
    /// What a status says.
    fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
        let violations = details
            .bad_request()
            .map(|request| request.field_violations.as_slice())
            .unwrap_or_default();
        let field = violations
            .first()
            .map(|violation| violation.field.clone())
            .unwrap_or_default();
        Self {
            code: status.code(),
            reason,
            field,
        }
    }

    /// What is expected of a call with a wrong field.
    fn field(reason: &str, field: &str) -> Self {
        Self {
            code: Code::InvalidArgument,
            reason: reason.to_owned(),
            field: field.to_owned(),
        }
    }

    /// What is expected of a call that is refused for another cause.
    fn whole(code: Code, reason: &str) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            field: String::new(),
        }
    }
}

/// A list of what did not go as it should.
#[derive(Debug, Default)]
struct Complaints {
    checked: usize,
    found: Vec<String>,
}

impl Complaints {
    /// Expects a refusal.
    fn expect<T: std::fmt::Debug>(&mut self, what: &str, answer: Result<T, Status>, expected: &Refusal) {
        self.checked += 1;
        match answer {
            Ok(answer) => self.found.push(format!("{what}: answered {answer:.200?}")),
            Err(status) if Refusal::of(&status) != *expected => {
                let told = Refusal::of(&status);
                self.found.push(format!(
                    "{what}: expected {expected:?}, told {told:?} ({})",
                    status.message()
                ));
            }
            Err(status) if status.message().is_empty() => self.found.push(format!("{what}: no message")),
            Err(_) => {}
        }
    }

    /// Expects an answer.
    fn welcome<T>(&mut self, what: &str, answer: Result<T, Status>) {
        self.checked += 1;
        if let Err(status) = answer {
            self.found.push(format!(
                "{what}: refused with {:?} ({})",
                Refusal::of(&status),
                status.message()
            ));
        }
    }

    fn done(self, at_least: usize) {
        assert!(
            self.found.is_empty(),
            "{} of {}:\n{}",
            self.found.len(),
            self.checked,
            self.found.join("\n")
        );
        assert!(self.checked >= at_least, "only {} were checked", self.checked);
    }
}

/// A server that is to be attacked.
struct Target {
    server: Server,
    clients: Clients,
}

impl Target {
    async fn start() -> anyhow::Result<Self> {
        let server = Server::start(&Engine::Sqlite);
        let clients = Clients::connect(&server.endpoint(), "default").await?;
        Ok(Self { server, clients })
    }

    /// After the attack: the process is the same one, it serves, and it never panicked.
    async fn still_serves(mut self) -> anyhow::Result<()> {
        let answer = self.clients.ingest(Maker::new(999).batch(&mut Dice::new(1), 3)).await?;
        anyhow::ensure!(answer.accepted_count == 3, "{answer:?}");
        let log = self.server.log_text();
        let is_bad = |line: &&str| line.contains("panic") || line.contains("internal error");
        let bad: Vec<_> = log.lines().filter(is_bad).collect();
        anyhow::ensure!(bad.is_empty(), "the server's log says {bad:#?}");
        self.server.stop();
        Ok(())
    }
}
