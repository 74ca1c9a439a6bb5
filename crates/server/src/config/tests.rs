use std::io::Write as _;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> LoadOptions {
    LoadOptions {
        environment: pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..LoadOptions::default()
    }
}

fn file_with(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("it can be written");
    file
}

fn problems(options: &LoadOptions) -> Vec<Problem> {
    match Settings::load(options) {
        Err(LoadError::Invalid(Problems(problems))) => problems,
        other => panic!("expected problems, got {other:?}"),
    }
}

#[test]
fn the_defaults_are_valid_and_listen_on_loopback_only() {
    let settings = Settings::load(&LoadOptions::default()).expect("the defaults are valid");
    assert_eq!(settings.listen.address.to_string(), "127.0.0.1:7464");
    assert_eq!(settings.database.url.expose_secret(), "sqlite://scoreline.db");
    assert_eq!(settings.limits.max_elements_per_batch, 1000);
    assert_eq!(settings.shutdown.drain, Duration::from_secs(20));
    assert!(!settings.auth.enabled);
}

#[test]
fn every_documented_setting_is_read() {
    let settings = Settings::load(&LoadOptions::default()).expect("the defaults are valid");
    let documented = Sources::collect(&LoadOptions::default())
        .expect("the defaults are TOML")
        .defaults;
    for key in documented.keys() {
        assert!(
            settings.effective.iter().any(|setting| setting.key == key),
            "{key} is documented but never read"
        );
    }
}

#[test]
fn file_then_environment_then_command_line() {
    let file = file_with("[limits]\nmax_streams = 1\nmax_requests = 1\nmax_buckets = 1\n");
    let options = LoadOptions {
        file: Some(file.path().to_owned()),
        overrides: vec![("limits.max_buckets".to_owned(), "3".to_owned())],
        ..environment(&[
            ("SCORELINE__LIMITS__MAX_REQUESTS", "2"),
            ("SCORELINE__LIMITS__MAX_BUCKETS", "2"),
            ("SCORELINE_DATA", "not a setting: one underscore"),
            ("HOME", "/nowhere"),
        ])
    };
    let limits = Settings::load(&options).expect("all layers are valid").limits;
    assert_eq!((limits.max_streams, limits.max_requests, limits.max_buckets), (1, 2, 3));
}

#[test]
fn values_from_the_environment_are_not_rewritten() {
    let options = environment(&[("SCORELINE__AUTH__PEPPER", "0123456789012345")]);
    let pepper = Settings::load(&options)
        .expect("a pepper of digits is a pepper")
        .auth
        .pepper;
    assert_eq!(pepper.expect("it was given").expose_secret(), "0123456789012345");
}

#[test]
fn all_problems_are_named_at_once() {
    let options = environment(&[
        ("SCORELINE__LIMITS__MAX_STREAMS", "0"),
        ("SCORELINE__LIMITS__DEFAULT_DEADLINE", "soon"),
        ("SCORELINE__LIMITS__MAX_STRAEMS", "5"),
        ("SCORELINE__DATBASE__URL", "sqlite://x"),
        ("SCORELINE__TELEMETRY__LOG_FORMAT", "xml"),
        ("SCORELINE__AUTH__ENABLED", "yes"),
    ]);
    let found = problems(&options);
    let keys: Vec<&str> = found.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "auth.enabled",
            "limits.max_streams",
            "limits.default_deadline",
            "telemetry.log_format",
            "datbase.url",
            "limits.max_straems",
        ]
    );
    assert_eq!(
        found[1].to_string(),
        "limits.max_streams = \"0\" (from the environment): must be a whole number from 1 to 1000000"
    );
    assert!(
        found[4].explanation.contains("the sections are: analytics, auth,"),
        "{}",
        found[4]
    );
    assert!(found[5].explanation.contains("max_streams"), "{}", found[5]);
}

#[test]
fn without_auth_only_loopback_is_served() {
    let open = environment(&[("SCORELINE__LISTEN__ADDRESS", "0.0.0.0:7464")]);
    assert_eq!(problems(&open)[0].key, "listen.address");
    let guarded = environment(&[
        ("SCORELINE__LISTEN__ADDRESS", "0.0.0.0:7464"),
        ("SCORELINE__AUTH__ENABLED", "true"),
        ("SCORELINE__AUTH__PEPPER", "sixteen or more characters"),
    ]);
    Settings::load(&guarded).expect("with auth any address will do");
    Settings::load(&environment(&[("SCORELINE__LISTEN__ADDRESS", "[::1]:1")])).expect("IPv6 loopback is loopback");
}

#[test]
fn auth_without_a_pepper_does_not_start() {
    assert_eq!(
        problems(&environment(&[("SCORELINE__AUTH__ENABLED", "true")]))[0].key,
        "auth.pepper"
    );
    let short = problems(&environment(&[("SCORELINE__AUTH__PEPPER", "short")]));
    assert_eq!(short[0].explanation, "must have at least 16 characters");
    assert_eq!(short[0].value, None, "a secret is not repeated in an error");
}

#[test]
fn a_secret_may_come_from_a_file_but_not_from_two_places() {
    let file = file_with("postgres://scoreline:hunter2@db/scoreline\n");
    let path = file.path().to_str().expect("a plain path");
    let options = environment(&[("SCORELINE__DATABASE__URL_FILE", path)]);
    let settings = Settings::load(&options).expect("the file holds the URL");
    assert_eq!(
        settings.database.url.expose_secret(),
        "postgres://scoreline:hunter2@db/scoreline"
    );

    let twice = environment(&[
        ("SCORELINE__DATABASE__URL_FILE", path),
        ("SCORELINE__DATABASE__URL", "sqlite://x"),
    ]);
    assert_eq!(problems(&twice)[0].key, "database.url_file");
    let missing = environment(&[("SCORELINE__AUTH__PEPPER_FILE", "/no/such/file")]);
    assert!(problems(&missing)[0].explanation.starts_with("the file cannot be read"));
}

#[test]
fn printing_the_settings_hides_secrets_and_says_where_they_came_from() {
    let options = environment(&[
        ("SCORELINE__DATABASE__URL", "postgres://scoreline:hunter2@db/scoreline"),
        ("SCORELINE__AUTH__PEPPER", "an unguessable pepper"),
    ]);
    let settings = Settings::load(&options).expect("valid");
    let printed = settings.redacted();
    assert!(
        printed.contains("database.url = \"postgres://scoreline:***@db/scoreline\"  # the environment"),
        "{printed}"
    );
    assert!(printed.contains("auth.pepper = \"***\""), "{printed}");
    assert!(printed.contains("limits.max_streams = \"256\"  # default"), "{printed}");
    assert!(!printed.contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
    assert!(!printed.contains("unguessable") && !format!("{settings:?}").contains("unguessable"));
}

#[test]
fn a_file_that_is_named_must_exist_and_be_toml() {
    let missing = LoadOptions {
        file: Some("/no/such/file.toml".into()),
        ..LoadOptions::default()
    };
    assert!(matches!(Settings::load(&missing), Err(LoadError::Unreadable(_))));
    let broken = file_with("[limits\n");
    let options = LoadOptions {
        file: Some(broken.path().to_owned()),
        ..LoadOptions::default()
    };
    assert!(matches!(Settings::load(&options), Err(LoadError::Unreadable(_))));
}
