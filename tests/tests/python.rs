//! A client in another language, generated from the contracts.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use scoreline_tests::{
    faults, require,
    server::{Engine, Server},
};

/// Fewer checks than this mean that the client stopped early.
const LEAST_CHECKS: usize = 30;

/// `$SCORELINE_PYTHON`, else the machine's own Python, if it can generate and speak gRPC.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("SCORELINE_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let can = Command::new(&python)
        .args(["-c", "import grpc_tools.protoc, grpc_status.rpc_status"])
        .output();
    let found = can.is_ok_and(|output| output.status.success()).then_some(python);
    require::or_say(
        found,
        "SCORELINE_REQUIRE_PYTHON",
        "there is no Python with the packages of .ci/requirements.txt (name one in SCORELINE_PYTHON)",
    )
}

#[test]
fn a_python_client_ingests_queries_and_reads_errors() {
    let Some(python) = python() else { return };
    let server = Server::start(&Engine::Sqlite);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let endpoint = server.endpoint();
    let address = endpoint.strip_prefix("http://").expect("an endpoint is a URL");
    let mut client = Command::new(python);
    client
        .arg(here.join("python/client.py"))
        .arg(address)
        .arg(here.join("../proto"));
    let output = client
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}\n{}", server.log_text());
    let checks = out
        .trim()
        .strip_prefix("ok ")
        .and_then(|rest| rest.strip_suffix(" checks"));
    let checks: usize = checks
        .and_then(|checks| checks.parse().ok())
        .unwrap_or_else(|| panic!("the client says {out}"));
    assert!(checks >= LEAST_CHECKS, "only {checks} checks");
    faults::say(&format!("the Python client made {checks} checks"));
}
