//! `scoreline keys create|list|revoke`.

use std::{process::ExitCode, time::SystemTime};

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use scoreline_core::policy::Policies;
use scoreline_proto::tenants::v1::{
    ApiKey as Listed, CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest, Role as WireRole,
    Scope as WireScope,
};
use scoreline_server::{
    api_key::ApiKey,
    principal::{Role, Scope},
};
use scoreline_storage::{KeyRecord, Tenancy as _};

use crate::{
    arguments::{Local, Remote},
    connection::{Connection, request},
    local,
    output::{Columns, line, note},
};

/// Arguments of `keys`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key and show its secret, once.
    Create(Create),
    /// List the tenant's keys, without their secrets.
    List,
    /// Revoke a key, for ever.
    Revoke {
        /// The key's id: the part after `sk_`.
        key_id: String,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// Its name, for people.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What its holder may do: reader, writer, analyst or admin.
    #[arg(long, value_name = "ROLE")]
    role: Role,
    /// Only these of the role's scopes, such as metrics:read.
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<Scope>,
    /// After how many days it is refused; never unless given.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    expires_in_days: Option<u16>,
    /// Make it directly in the database of --config and --database, and the tenant too where it is missing: for the
    /// first key of an installation, which no server would let anybody make. Needs auth.pepper.
    #[arg(long)]
    local: bool,
}

pub(crate) async fn run(arguments: &Local, remote: &Remote, keys: &Arguments) -> anyhow::Result<ExitCode> {
    match &keys.action {
        Action::Create(create) if create.local => create_locally(arguments, remote, create).await?,
        Action::Create(create) => create_remotely(remote, create).await?,
        Action::List => list(remote).await?,
        Action::Revoke { key_id } => revoke(remote, key_id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create_locally(arguments: &Local, remote: &Remote, create: &Create) -> anyhow::Result<()> {
    let settings = local::settings(arguments, &[])?;
    let pepper = settings
        .auth
        .pepper
        .as_ref()
        .context("auth.pepper is not set: a key could never be checked")?;
    let database = local::open_migrated(&settings).await?;
    let tenant = local::tenant(remote)?;
    let now = Timestamp::now();
    if database.tenant(&tenant).await?.is_none() {
        database.create_tenant(&tenant, &Policies::default(), now).await?;
        note(format_args!("tenant {tenant} is new"));
    }
    let record_of = |key: &ApiKey| -> anyhow::Result<KeyRecord> {
        Ok(KeyRecord {
            key_id: key.id().to_owned(),
            display_name: create.name.clone(),
            digest: key.hash(pepper).0.to_vec(),
            role: create.role.as_str().to_owned(),
            scopes: scopes(create)?.iter().map(|scope| scope.as_str().to_owned()).collect(),
            created_at: now,
            expires_at: expires_at(create, now)?,
        })
    };
    let key = ApiKey::generate().context("the system has no randomness")?;
    database.create_key(&tenant, &record_of(&key)?).await?;
    show(key.id(), key.reveal(), remote);
    Ok(())
}

async fn create_remotely(remote: &Remote, create: &Create) -> anyhow::Result<()> {
    let expires = expires_at(create, Timestamp::now())?;
    let message = CreateApiKeyRequest {
        tenant_id: String::new(),
        display_name: create.name.clone(),
        role: wire_role(create.role).into(),
        scopes: scopes(create)?.iter().map(|scope| wire_scope(*scope).into()).collect(),
        expire_time: expires.map(|at| SystemTime::from(at).into()),
    };
    let answer = Connection::open(remote)
        .await?
        .tenants()
        .create_api_key(request(message))
        .await?
        .into_inner();
    let key = answer.api_key.unwrap_or_default();
    show(&key.key_id, &answer.secret, remote);
    Ok(())
}

fn show(key_id: &str, secret: &str, remote: &Remote) {
    note(format_args!(
        "key {key_id} of tenant {}; this is the only time it is shown:",
        remote.tenant
    ));
    line(secret);
}

async fn list(remote: &Remote) -> anyhow::Result<()> {
    let mut client = Connection::open(remote).await?.tenants();
    let mut columns = Columns::new(&[
        "id",
        "name",
        "role",
        "scopes",
        "created",
        "last used",
        "expires",
        "state",
    ]);
    let mut page_token = String::new();
    loop {
        let message = ListApiKeysRequest {
            page_token,
            ..ListApiKeysRequest::default()
        };
        let page = client.list_api_keys(request(message)).await?.into_inner();
        for key in &page.api_keys {
            columns.row(&row(key, Timestamp::now()));
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    line(columns.render());
    Ok(())
}

fn row(key: &Listed, now: Timestamp) -> [String; 8] {
    let at = |time: &Option<_>| time.as_ref().and_then(instant);
    let shown =
        |time: &Option<_>| at(time).map_or_else(|| "–".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string());
    let state = if key.revoke_time.is_some() {
        "revoked"
    } else if at(&key.expire_time).is_some_and(|end| end <= now) {
        "expired"
    } else {
        "valid"
    };
    let scopes = key
        .scopes()
        .map(|scope| word(scope.as_str_name(), "SCOPE_").replacen('_', ":", 1))
        .collect::<Vec<_>>();
    [
        key.key_id.clone(),
        key.display_name.clone(),
        word(key.role().as_str_name(), "ROLE_"),
        scopes.join(" "),
        shown(&key.create_time),
        shown(&key.last_used_time),
        shown(&key.expire_time),
        state.to_owned(),
    ]
}

async fn revoke(remote: &Remote, key_id: &str) -> anyhow::Result<()> {
    let message = RevokeApiKeyRequest {
        tenant_id: String::new(),
        key_id: key_id.to_owned(),
    };
    Connection::open(remote)
        .await?
        .tenants()
        .revoke_api_key(request(message))
        .await?;
    line(format_args!("key {key_id} is revoked"));
    Ok(())
}

/// The scopes of the arguments, which the role must have.
fn scopes(create: &Create) -> anyhow::Result<&[Scope]> {
    for scope in &create.scope {
        ensure!(
            create.role.scopes().contains(scope),
            "--scope {scope}: not one of the scopes of the role {}: {}",
            create.role,
            create
                .role
                .scopes()
                .iter()
                .map(|scope| scope.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    Ok(&create.scope)
}

fn expires_at(create: &Create, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
    let later = |days: u16| now.checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    Ok(create.expires_in_days.map(later).transpose()?)
}

fn instant(time: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// The word of an enumeration's name on the wire.
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

fn wire_role(role: Role) -> WireRole {
    match role {
        Role::Reader => WireRole::Reader,
        Role::Writer => WireRole::Writer,
        Role::Analyst => WireRole::Analyst,
        Role::Admin => WireRole::Admin,
    }
}

fn wire_scope(scope: Scope) -> WireScope {
    match scope {
        Scope::EventsWrite => WireScope::EventsWrite,
        Scope::EventsRead => WireScope::EventsRead,
        Scope::MetricsRead => WireScope::MetricsRead,
        Scope::MetricsWrite => WireScope::MetricsWrite,
        Scope::SettingsRead => WireScope::SettingsRead,
        Scope::SettingsWrite => WireScope::SettingsWrite,
        Scope::KeysWrite => WireScope::KeysWrite,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(role: Role, scope: Vec<Scope>) -> Create {
        Create {
            name: "ci".into(),
            role,
            scope,
            expires_in_days: Some(2),
            local: false,
        }
    }

    #[test]
    fn a_scope_beyond_the_role_is_refused() {
        assert!(scopes(&create(Role::Reader, vec![Scope::MetricsRead])).is_ok());
        let error = scopes(&create(Role::Reader, vec![Scope::EventsWrite])).expect_err("a reader does not write");
        assert!(error.to_string().contains("metrics:read, settings:read"), "{error}");
    }

    #[test]
    fn a_key_expires_after_whole_days() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
        let end = expires_at(&create(Role::Reader, Vec::new()), now).expect("in range");
        assert_eq!(end.map(|end| end.to_string()).as_deref(), Some("2026-03-03T12:00:00Z"));
    }

    #[test]
    fn a_listed_key_shows_words_and_its_state() {
        let key = Listed {
            key_id: "k1".into(),
            role: WireRole::Analyst.into(),
            scopes: vec![WireScope::MetricsRead.into()],
            expire_time: Some(prost_types::Timestamp { seconds: 10, nanos: 0 }),
            ..Listed::default()
        };
        let row = row(&key, Timestamp::UNIX_EPOCH + SignedDuration::from_secs(10));
        assert_eq!(
            (row[2].as_str(), row[3].as_str(), row[7].as_str()),
            ("analyst", "metrics:read", "expired")
        );
    }
}
