//! The real program, as a shell runs it.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

fn scoreline(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scoreline"));
    // Nothing of whoever runs the tests comes in.
    command.env_clear().current_dir(folder).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    told(&scoreline(folder, arguments).output().expect("the program starts"))
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// An address where nobody listens.
const NOBODY: [&str; 2] = ["--endpoint", "http://127.0.0.1:1"];

#[test]
fn help_names_every_command() {
    let folder = folder();
    let (code, out, _) = run(folder.path(), &["--help"]);
    assert_eq!(code, Some(0));
    let commands = [
        "serve", "migrate", "rebuild", "verify", "ingest", "import", "query", "explain", "metrics", "settings",
        "tenants", "export", "keys", "demo",
    ];
    for command in commands {
        assert!(
            out.lines().any(|line| line.trim_start().starts_with(command)),
            "{command} is not in\n{out}"
        );
        let (code, out, _) = run(folder.path(), &[command, "--help"]);
        assert_eq!((code, out.contains("Usage: scoreline")), (Some(0), true), "{command}");
    }
}

#[test]
fn a_database_is_migrated_and_says_so() {
    let folder = folder();
    let database = ["--database", "sqlite://test.db"];
    let migrate = |action: &str| run(folder.path(), &[&["migrate", action], &database[..]].concat());
    let (code, out, error) = migrate("status");
    assert_eq!((code, out.contains("pending")), (Some(1), true), "{out}{error}");
    let (code, out, error) = migrate("up");
    assert_eq!((code, out.contains("pending")), (Some(0), false), "{out}{error}");
    let (code, out, _) = migrate("status");
    assert_eq!((code, out.contains("applied")), (Some(0), true), "{out}");
    assert!(folder.path().join("test.db").exists());
}

#[test]
fn the_first_key_is_made_on_the_database() {
    let folder = folder();
    let database = ["--database", "sqlite://test.db"];
    let with = |arguments: &[&str]| scoreline(folder.path(), &[arguments, &database[..]].concat());
    let create = [
        "keys", "create", "--local", "--name", "first", "--role", "admin", "--tenant", "acme",
    ];

    let (code, _, error) = told(&with(&create).output().expect("the program starts"));
    assert_eq!((code, error.contains("auth.pepper")), (Some(1), true), "{error}");

    let pepper = ("SCORELINE__AUTH__PEPPER", "long enough to be a pepper");
    let (code, _, error) = told(
        &with(&create)
            .env(pepper.0, pepper.1)
            .output()
            .expect("the program starts"),
    );
    assert_eq!((code, error.contains("migrate up")), (Some(1), true), "{error}");

    assert_eq!(
        told(&with(&["migrate", "up"]).output().expect("the program starts")).0,
        Some(0)
    );
    let (code, out, error) = told(
        &with(&create)
            .env(pepper.0, pepper.1)
            .output()
            .expect("the program starts"),
    );
    assert_eq!(code, Some(0), "{error}");
    assert!(
        out.starts_with("sk_") && out.lines().count() == 1,
        "only the key is on standard output"
    );
    assert!(
        error.contains("tenant acme is new") && !error.contains(out.trim()),
        "{error}"
    );
}

#[test]
fn bad_arguments_are_told_before_anything_happens() {
    let folder = folder();
    let cases: [(&[&str], &str); 9] = [
        (&["quarry"], "quarry"),
        (&["query"], "METRIC"),
        (&["query", "revenue", "--grain", "fortnight"], "fortnight"),
        (&["query", "revenue", "--from", "2026-01-01"], "--to"),
        (
            &["query", "revenue", "--from", "2026-02-30", "--to", "2026-03-01"],
            "2026-02-30",
        ),
        (
            &[
                "query",
                "revenue",
                "--period",
                "2026",
                "--from",
                "2026-01-01",
                "--to",
                "2026-02-01",
            ],
            "cannot be used",
        ),
        (
            &["keys", "create", "--name", "x", "--role", "king"],
            "reader, writer, analyst, admin",
        ),
        (&["export"], "--events"),
        (&["ingest", "f", "--batch", "0"], "--batch"),
    ];
    for (arguments, said) in cases {
        let (code, _, error) = run(folder.path(), arguments);
        assert_eq!((code, error.contains(said)), (Some(2), true), "{arguments:?}: {error}");
    }
    let (code, _, error) = run(folder.path(), &["query", "win_rate(weight", "--period", "2026"]);
    assert_eq!((code, error.contains("lacks a )")), (Some(1), true), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_told_with_its_address() {
    let folder = folder();
    fs::write(folder.path().join("e.ndjson"), "{}\n").expect("it writes");
    for command in [
        &["query", "revenue"][..],
        &["ingest", "e.ndjson"],
        &["keys", "list"],
        &["metrics", "list"],
    ] {
        let (code, out, error) = run(folder.path(), &[command, &NOBODY[..]].concat());
        assert_eq!((code, out.as_str()), (Some(1), ""), "{command:?}");
        assert!(error.contains("no server answers at http://127.0.0.1:1"), "{error}");
    }
}

const MAPPING: &str = "
    [mapping]
    source = 'crm'
    [[table]]
    file = 'leads.csv'
    [[table.event]]
    kind = 'lead_created'
    id = 'lead:${id}'
    occurred_at = '${day}'
    fields = { lead_id = '${id}' }
";

#[test]
fn an_import_is_tried_without_a_server() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it writes");
    write("m.toml", MAPPING);
    write("leads.csv", "id,day\n1,2026-01-01\n2,soon\n3,2026-01-03\n");
    let import = |arguments: &[&str]| {
        run(
            folder.path(),
            &[&["import", "--mapping", "m.toml", "leads.csv"], arguments].concat(),
        )
    };

    let (code, out, error) = import(&["--dry-run"]);
    assert_eq!(code, Some(3), "{error}");
    assert!(
        out.contains("\"eventId\":\"lead:1\"") && out.contains("leads.csv:3: day: "),
        "{out}"
    );
    assert!(out.contains("2 events would be sent, 1 problems"), "{out}");

    let (code, out, error) = import(&["--out", "e.ndjson"]);
    assert_eq!((code, out.trim()), (Some(3), "2 events are in e.ndjson"), "{error}");
    assert_eq!(
        fs::read_to_string(folder.path().join("e.ndjson"))
            .expect("it is there")
            .lines()
            .count(),
        2
    );
    let rejects = fs::read_to_string(folder.path().join("import.rejects.ndjson")).expect("it is there");
    assert!(rejects.contains("\"line\":3") && rejects.contains("soon"), "{rejects}");

    write("m.toml", &MAPPING.replace("${day}", "${date}"));
    let (code, _, error) = import(&["--dry-run"]);
    assert_eq!((code, error.contains("no column \"date\"")), (Some(1), true), "{error}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it writes");
    write("m.toml", MAPPING);
    let rows: String = (0..20_000).map(|id| format!("{id},2026-01-01\n")).collect();
    write("leads.csv", &format!("id,day\n{rows}"));
    let arguments = [
        "import",
        "--mapping",
        "m.toml",
        "leads.csv",
        "--dry-run",
        "--show",
        "100000",
    ];
    let mut child = scoreline(folder.path(), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let (code, _, error) = told(&child.wait_with_output().expect("it ends"));
    assert_eq!((code, error.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_is_no_file_to_resume() {
    let folder = folder();
    let mut child = scoreline(folder.path(), &[&["ingest", "-", "--resume"], &NOBODY[..]].concat())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The program may end before it reads.
    let _ = child.stdin.take().map(|mut input| input.write_all(b"{}\n"));
    let (code, _, error) = told(&child.wait_with_output().expect("it ends"));
    assert_eq!(
        (code, error.contains("--resume needs a file")),
        (Some(1), true),
        "{error}"
    );
}
