//! A real server of ours: the binary `scoreline serve` on a database of its own.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use crate::postgres;

/// The database of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// A file in the server's folder.
    Sqlite,
    /// A database of a private cluster.
    Postgres,
}

/// The engines that this machine has; both where `SCORELINE_REQUIRE_POSTGRES` is set.
pub fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    engines.extend(postgres::shared().map(|_| Engine::Postgres));
    engines
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    folder: tempfile::TempDir,
    database: String,
    environment: Vec<(String, String)>,
    process: Option<Child>,
    address: String,
}

/// The program under test, built beside the test that runs.
///
/// # Panics
/// When it was not built.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test
        .ancestors()
        .find(|folder| folder.ends_with("debug") || folder.ends_with("release"))
        .expect("a cargo target folder");
    let program = folder.join("scoreline");
    assert!(
        program.exists(),
        "{} is missing: run `cargo test --workspace`, which builds it",
        program.display()
    );
    program
}

impl Server {
    /// Starts a server on a new database of an engine.
    pub fn start(engine: &Engine) -> Self {
        Self::start_with(engine, &[])
    }

    /// Starts a server with settings given as environment variables (`SCORELINE__SECTION__KEY`).
    ///
    /// # Panics
    /// When the engine is missing or the server does not come up.
    pub fn start_with(engine: &Engine, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("scoreline-test")
            .tempdir()
            .expect("a temporary folder");
        let database = match engine {
            Engine::Sqlite => format!("sqlite://{}", folder.path().join("scoreline.db").display()),
            Engine::Postgres => postgres::shared().expect("the machine has PostgreSQL").database(),
        };
        Self::start_on(folder, database, environment)
    }

    /// Starts a server on a database that exists, or will by migrating.
    pub fn start_on(folder: tempfile::TempDir, database: String, environment: &[(&str, &str)]) -> Self {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut server = Self {
            folder,
            database,
            environment,
            process: None,
            address: String::new(),
        };
        server.run(&["migrate", "up"]);
        server.restart();
        server
    }

    /// A command of `scoreline` with this server's database.
    pub fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .current_dir(self.folder.path())
            .env("SCORELINE__DATABASE__URL", &self.database);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `scoreline` with arguments to its end and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("scoreline starts");
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success(),
            "scoreline {arguments:?} failed with {}:\n{out}\n{err}",
            output.status
        );
        out.into_owned()
    }

    /// Starts the server's process, also after [`Server::kill`] and [`Server::stop`].
    ///
    /// # Panics
    /// When it does not say within a minute that it listens.
    pub fn restart(&mut self) {
        let mut command = self.command();
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(self.log());
        let mut process = command.spawn().expect("scoreline starts");
        let output = process.stdout.take().expect("a piped output");
        self.process = Some(process);
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("listening on ") {
                    // The receiver may have given up; then the test has failed already.
                    let _ = send.send(address.trim().to_owned());
                }
            }
        });
        self.address = receive
            .recv_timeout(Duration::from_secs(60))
            .unwrap_or_else(|_| panic!("the server did not come up:\n{}", self.log_text()));
    }

    fn log(&self) -> Stdio {
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("server.log"));
        Stdio::from(file.expect("a log file in an own folder"))
    }

    /// What the server logged.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    /// Where it listens: `http://HOST:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of its database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Ends it at once, without a word (`kill -9`).
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        process.kill().expect("an own child can be killed");
        process.wait().expect("an own child can be waited for");
    }

    /// Asks it to end (`SIGTERM`) and waits until it has.
    ///
    /// # Panics
    /// When it ends badly.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        let status = Command::new("kill")
            .args(["-TERM", &process.id().to_string()])
            .status()
            .expect("kill starts");
        assert!(status.success(), "the server was gone already");
        let status = process.wait().expect("an own child can be waited for");
        assert!(status.success(), "the server ended with {status}:\n{}", self.log_text());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Nothing is left to do when it is gone already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
