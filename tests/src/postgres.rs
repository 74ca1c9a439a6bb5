//! A private PostgreSQL cluster from the system's own binaries.

use std::{
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::require;

/// Settings of a server, each as `name=value`.
pub type Settings = &'static [&'static str];

/// Of a server that shares a machine with many others, as those of tests do.
pub const SMALL: Settings = &["shared_buffers=64MB", "max_connections=200"];

/// The cluster that the tests of one process share. It ends when the process does.
///
/// `None` where the machine has no PostgreSQL.
///
/// # Panics
/// When there is none and `SCORELINE_REQUIRE_POSTGRES` is set, or when it can't be started.
pub fn shared() -> Option<&'static Cluster> {
    shared_with(SMALL)
}

/// The same with other settings, for whoever is the first to ask for it in a process.
///
/// # Panics
/// As [`shared`].
pub fn shared_with(settings: Settings) -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    let start = |binaries: PathBuf| Cluster::start(&binaries, Lifetime::OfThisProcess, settings);
    let found = SHARED.get_or_init(|| binaries().map(start));
    require::or_say(
        found.as_ref(),
        "SCORELINE_REQUIRE_POSTGRES",
        "there is no PostgreSQL on this machine",
    )
}

/// The folder of the newest PostgreSQL's programs.
pub fn binaries() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").exists() && folder.join("postgres").exists())
        .collect();
    found.sort();
    let on_path = || {
        std::env::split_paths(&std::env::var_os("PATH")?)
            .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
    };
    found.pop().map(|(_, folder)| folder).or_else(on_path)
}

/// Who ends a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// It ends with this process, however that ends.
    OfThisProcess,
    /// Its owner kills and restarts it as it likes.
    OfItsOwner,
}

/// A running cluster in a folder of its own.
#[derive(Debug)]
pub struct Cluster {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
    lifetime: Lifetime,
    settings: Settings,
}

/// The user whose server it is: PostgreSQL refuses to run as root.
fn unprivileged(command: &mut Command) -> &mut Command {
    match unprivileged_ids() {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn unprivileged_ids() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !is_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |wanted: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{wanted}:")))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody"))
}

impl Cluster {
    /// Makes and starts a cluster.
    ///
    /// # Panics
    /// When PostgreSQL can't be started.
    pub fn start(binaries: &Path, lifetime: Lifetime, settings: Settings) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("scoreline-pg")
            .tempdir()
            .expect("a temporary folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("own folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("an empty folder takes a sub-folder");
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).expect("own folder");
        if let Some((user, group)) = unprivileged_ids() {
            for path in [folder.path(), &data] {
                std::os::unix::fs::chown(path, Some(user), Some(group)).expect("root may give a folder away");
            }
        }
        let mut initdb = Command::new(binaries.join("initdb"));
        initdb.arg("-D").arg(&data).args([
            "-U",
            "scoreline",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        check(
            &unprivileged(&mut initdb)
                .current_dir(folder.path())
                .output()
                .expect("initdb starts"),
            "initdb",
        );
        let port = free_port();
        let mut cluster = Self {
            binaries: binaries.to_owned(),
            folder,
            port,
            server: None,
            lifetime,
            settings,
        };
        cluster.restart();
        cluster
    }

    /// Starts the server, also after [`Cluster::kill`].
    ///
    /// # Panics
    /// When it does not come up within a minute.
    pub fn restart(&mut self) {
        let data = self.folder.path().join("data");
        let server = self.binaries.join("postgres");
        let mut command = match self.lifetime {
            Lifetime::OfItsOwner => Command::new(server),
            // The shell waits for the end of its standard input, which ends with this process. Nobody else is there then to
            // take the folder away.
            Lifetime::OfThisProcess => {
                let mut shell = Command::new("/bin/sh");
                let script = r#"folder=$1; server=$2; shift 2; "$server" "$@" & read -r _; kill -INT $!; wait $!
                    cd /; rm -rf -- "$folder""#;
                shell.args(["-c", script, "sh"]).arg(self.folder.path()).arg(server);
                shell.stdin(Stdio::piped());
                shell
            }
        };
        command
            .arg("-D")
            .arg(data)
            .args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        command.arg("-k").arg(self.folder.path());
        for setting in self.settings {
            command.args(["-c", setting]);
        }
        command
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.server = Some(unprivileged(&mut command).spawn().expect("postgres starts"));
        let give_up = Instant::now() + Duration::from_secs(60);
        while !self.answers() {
            assert!(
                Instant::now() < give_up,
                "postgres does not answer on port {}",
                self.port
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        self.psql("postgres", "SELECT 1").status.success()
    }

    /// Ends the server as a power cut would end its process: at once and without a word.
    ///
    /// # Panics
    /// When the cluster is shared, or not running.
    pub fn kill(&mut self) {
        assert_eq!(
            self.lifetime,
            Lifetime::OfItsOwner,
            "a shared cluster is not to be killed"
        );
        let mut server = self.server.take().expect("the server runs");
        server.kill().expect("an own child can be killed");
        server.wait().expect("an own child can be waited for");
    }

    /// A new, empty database and its URL.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn database(&self) -> String {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        check(
            &self.psql("postgres", &format!("CREATE DATABASE {name}")),
            "CREATE DATABASE",
        );
        format!("postgres://scoreline@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement as the superuser.
    pub fn psql(&self, database: &str, sql: &str) -> Output {
        Command::new(self.binaries.join("psql"))
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                "scoreline",
                "-d",
                database,
                "-X",
                "-A",
                "-t",
                "-c",
                sql,
            ])
            .output()
            .expect("psql starts")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            if self.lifetime == Lifetime::OfThisProcess {
                drop(server.stdin.take());
            } else {
                // A failure leaves nothing to do: the process ends with its parent's container at the latest.
                let _ = server.kill();
            }
            let _ = server.wait();
        }
    }
}

fn check(output: &Output, what: &str) {
    assert!(
        output.status.success(),
        "{what} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A port that nobody listens on at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").port()
}
