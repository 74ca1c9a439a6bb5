//! Who may use whom: the house's one-way streets, as `crates/ARCHITECTURE.md` draws them.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

/// Every allowed edge between our packages. Build and test dependencies count as well, but for those below.
const ALLOWED: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("proto", &["core"]),
    ("storage", &["core"]),
    ("server", &["core"]),
    ("ingestion", &["core", "proto", "storage", "server", "migrations"]),
    ("analytics", &["core", "proto", "storage", "server", "migrations"]),
    (
        "cli",
        &[
            "core",
            "proto",
            "storage",
            "server",
            "ingestion",
            "analytics",
            "migrations",
        ],
    ),
    ("migrations", &[]),
    ("tests", &["core", "proto"]),
    ("bench", &["core", "proto", "tests"]),
];

/// What tests of a package may use beside: storage is tested on a database with the newest schema.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] = &[("storage", &["migrations"])];

/// Packages that core must never see.
const BANNED_IN_CORE: &[&str] = &[
    "tonic",
    "prost",
    "tokio",
    "sea-orm",
    "sqlx",
    "rand",
    "getrandom",
    "tracing",
];

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let arguments = [
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
        "--manifest-path",
        manifest,
    ];
    let output = Command::new(cargo).args(arguments).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value[key].as_array().cloned().unwrap_or_default()
}

fn allowed<'a>(table: &'a [(&str, &[&'a str])], package: &str) -> &'a [&'a str] {
    table
        .iter()
        .find(|(name, _)| *name == package)
        .map_or(&[], |(_, allowed)| allowed)
}

#[test]
fn every_edge_between_our_packages_is_an_allowed_one() {
    let mut seen = BTreeSet::new();
    for package in list(&metadata(), "packages") {
        let name = text(&package, "name")
            .strip_prefix("scoreline-")
            .expect("a package of ours")
            .to_owned();
        for dependency in list(&package, "dependencies") {
            let Some(used) = text(&dependency, "name").strip_prefix("scoreline-") else {
                continue;
            };
            let in_tests = text(&dependency, "kind") == "dev";
            let fine =
                allowed(ALLOWED, &name).contains(&used) || in_tests && allowed(ALLOWED_IN_TESTS, &name).contains(&used);
            assert!(fine, "{name} must not use {used}");
        }
        seen.insert(name);
    }
    let drawn: BTreeSet<_> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(seen, drawn, "the packages are those of the drawing");
}

#[test]
fn core_is_pure() {
    for package in list(&metadata(), "packages") {
        if text(&package, "name") != "scoreline-core" {
            continue;
        }
        for dependency in list(&package, "dependencies") {
            let name = text(&dependency, "name");
            assert!(!BANNED_IN_CORE.contains(&name), "core must not use {name}");
        }
    }
}
