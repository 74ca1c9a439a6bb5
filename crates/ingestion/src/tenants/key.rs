//! API keys. The secret is shown once; what is stored cannot be used.

use std::collections::BTreeSet;

use jiff::Timestamp;
use scoreline_proto::{encode, reader::Reader, tenants::v1 as wire};
use scoreline_server::{
    api_key,
    principal::{Principal, Role, Scope},
    status::{Kind, Problem, Violation},
};
use scoreline_storage::{ApiKey, KeyRecord};

use super::{Tenants, access, failed, page::page, tenant};

pub(super) async fn create(
    tenants: &Tenants,
    caller: &Principal,
    request: &wire::CreateApiKeyRequest,
) -> Result<wire::CreateApiKeyResponse, Problem> {
    let id = access::tenant(caller, &request.tenant_id)?;
    let now = Timestamp::now();
    let wanted = Wanted::read(request, now)?;
    wanted.may_be_given_by(caller)?;
    let pepper = tenants.pepper.as_ref().ok_or_else(|| {
        Problem::new(
            Kind::FailedPrecondition,
            "PEPPER_MISSING",
            "keys are hashed with auth.pepper, which is not set",
        )
    })?;
    let key = api_key::ApiKey::generate().map_err(|error| Problem::internal(&error))?;
    let record = KeyRecord {
        key_id: key.id().to_owned(),
        display_name: wanted.display_name,
        digest: key.hash(pepper).0.to_vec(),
        role: wanted.role.as_str().to_owned(),
        scopes: wanted.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        created_at: now,
        expires_at: wanted.expires_at,
    };
    tenants
        .tenancy
        .create_key(&id, &record)
        .await
        .map_err(|error| failed(&error))?;
    tracing::info!(tenant = %id, key_id = record.key_id, role = record.role, "api key created");
    let stored = ApiKey {
        tenant: id,
        record,
        revoked_at: None,
        last_used_at: None,
    };
    Ok(wire::CreateApiKeyResponse {
        api_key: Some(encoded(&stored)),
        secret: key.reveal().to_owned(),
    })
}

pub(super) async fn list(
    tenants: &Tenants,
    caller: &Principal,
    request: &wire::ListApiKeysRequest,
) -> Result<wire::ListApiKeysResponse, Problem> {
    let id = tenant::find(tenants, &access::tenant(caller, &request.tenant_id)?)
        .await?
        .id;
    let mut all = tenants.tenancy.keys(&id).await.map_err(|error| failed(&error))?;
    all.sort_by(|one, other| one.record.key_id.cmp(&other.record.key_id));
    let (found, next_page_token) = page(all, |key| &key.record.key_id, request.page_size, &request.page_token)?;
    Ok(wire::ListApiKeysResponse {
        api_keys: found.iter().map(encoded).collect(),
        next_page_token,
    })
}

/// Revoking twice is as good as once.
pub(super) async fn revoke(
    tenants: &Tenants,
    caller: &Principal,
    request: &wire::RevokeApiKeyRequest,
) -> Result<wire::RevokeApiKeyResponse, Problem> {
    let id = access::tenant(caller, &request.tenant_id)?;
    if tenants
        .tenancy
        .revoke_key(&id, &request.key_id, Timestamp::now())
        .await
        .map_err(|error| failed(&error))?
    {
        tracing::info!(tenant = %id, key_id = request.key_id, "api key revoked");
    }
    let mut all = tenants
        .tenancy
        .keys(&id)
        .await
        .map_err(|error| failed(&error))?
        .into_iter();
    let key = all.find(|key| key.record.key_id == request.key_id).ok_or_else(|| {
        Problem::new(
            Kind::NotFound,
            "KEY_UNKNOWN",
            format!("there is no API key {:?}", request.key_id),
        )
    })?;
    Ok(wire::RevokeApiKeyResponse {
        api_key: Some(encoded(&key)),
    })
}

/// A key as it is asked for.
struct Wanted {
    display_name: String,
    role: Role,
    scopes: BTreeSet<Scope>,
    expires_at: Option<Timestamp>,
}

impl Wanted {
    fn read(request: &wire::CreateApiKeyRequest, now: Timestamp) -> Result<Self, Problem> {
        let mut reader = Reader::new();
        let display_name = reader.text("display_name", &request.display_name).unwrap_or_default();
        let role = reader.required_choice("role", request.role, role);
        let scopes = reader.each("scopes", &request.scopes, |reader, number| {
            reader.required_choice("", *number, scope)
        });
        let expires_at = reader.instant("expire_time", request.expire_time.as_ref());
        let allowed = role.map(Role::scopes).unwrap_or_default();
        let beyond: Vec<_> = scopes
            .iter()
            .filter(|scope| role.is_some() && !allowed.contains(scope))
            .collect();
        let mut violations: Vec<_> = beyond
            .iter()
            .map(|scope| Violation::new("scopes", format!("{scope} is not among the scopes of the role")))
            .collect();
        if expires_at.is_some_and(|end| end <= now) {
            violations.push(Violation::new("expire_time", "must lie in the future"));
        }
        let read = reader.finish(role).map_err(|found| {
            violations.extend(found.into_iter().map(|one| Violation::new(one.field, one.description)));
        });
        match read {
            Ok(role) if violations.is_empty() => Ok(Self {
                display_name,
                role,
                scopes: scopes.into_iter().collect(),
                expires_at,
            }),
            _ => Err(Problem::new(
                Kind::InvalidArgument(violations),
                "KEY_REFUSED",
                "the API key cannot be made like this",
            )),
        }
    }

    /// Nobody gives what they do not have: a narrowed key cannot make a wide one.
    fn may_be_given_by(&self, caller: &Principal) -> Result<(), Problem> {
        let given = if self.scopes.is_empty() {
            self.role.scopes().iter().copied().collect()
        } else {
            self.scopes.clone()
        };
        match given.into_iter().find(|scope| !caller.may(*scope)) {
            None => Ok(()),
            Some(scope) => {
                let message = format!("the scope {scope} cannot be given by a caller that does not have it");
                Err(Problem::new(Kind::PermissionDenied, "SCOPE_NOT_YOURS", message).with("scope", scope))
            }
        }
    }
}

fn role(role: wire::Role) -> Option<Role> {
    match role {
        wire::Role::Unspecified => None,
        wire::Role::Reader => Some(Role::Reader),
        wire::Role::Writer => Some(Role::Writer),
        wire::Role::Analyst => Some(Role::Analyst),
        wire::Role::Admin => Some(Role::Admin),
    }
}

fn scope(scope: wire::Scope) -> Option<Scope> {
    match scope {
        wire::Scope::Unspecified => None,
        wire::Scope::EventsWrite => Some(Scope::EventsWrite),
        wire::Scope::EventsRead => Some(Scope::EventsRead),
        wire::Scope::MetricsRead => Some(Scope::MetricsRead),
        wire::Scope::MetricsWrite => Some(Scope::MetricsWrite),
        wire::Scope::SettingsRead => Some(Scope::SettingsRead),
        wire::Scope::SettingsWrite => Some(Scope::SettingsWrite),
        wire::Scope::KeysWrite => Some(Scope::KeysWrite),
    }
}

/// The wire value whose meaning is `meaning`. Names that an older version stored and this one does not know are not stated.
fn wire_scope(name: &str) -> i32 {
    let known = (1..=Scope::ALL.len()).filter_map(|number| wire::Scope::try_from(i32::try_from(number).ok()?).ok());
    let found = known
        .into_iter()
        .find(|candidate| scope(*candidate).is_some_and(|scope| scope.as_str() == name));
    found.unwrap_or_default().into()
}

fn wire_role(name: &str) -> i32 {
    let known = (1..=Role::ALL.len()).filter_map(|number| wire::Role::try_from(i32::try_from(number).ok()?).ok());
    let found = known
        .into_iter()
        .find(|candidate| role(*candidate).is_some_and(|role| role.as_str() == name));
    found.unwrap_or_default().into()
}

/// A key that was not narrowed has the scopes of its role.
fn encoded(key: &ApiKey) -> wire::ApiKey {
    let record = &key.record;
    let narrowed = record.scopes.iter().map(String::as_str).collect::<Vec<_>>();
    let whole = || {
        record
            .role
            .parse()
            .map(|role: Role| role.scopes().iter().map(|scope| scope.as_str()).collect())
    };
    let scopes = if narrowed.is_empty() {
        whole().unwrap_or_default()
    } else {
        narrowed
    };
    wire::ApiKey {
        key_id: record.key_id.clone(),
        display_name: record.display_name.clone(),
        role: wire_role(&record.role),
        scopes: scopes.into_iter().map(wire_scope).collect(),
        create_time: Some(encode::instant(record.created_at)),
        revoke_time: key.revoked_at.map(encode::instant),
        last_used_time: key.last_used_at.map(encode::instant),
        expire_time: record.expires_at.map(encode::instant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_and_scope_is_on_the_wire() {
        for one in Role::ALL {
            assert_eq!(
                wire::Role::try_from(wire_role(one.as_str())).ok().and_then(role),
                Some(one)
            );
        }
        for one in Scope::ALL {
            assert_eq!(
                wire::Scope::try_from(wire_scope(one.as_str())).ok().and_then(scope),
                Some(one)
            );
        }
        assert_eq!(wire_scope("of another version"), 0);
    }

    #[test]
    fn a_narrow_key_does_not_make_a_wide_one() {
        let caller = |scopes: &[Scope]| Principal {
            tenant: "acme".to_owned(),
            key_id: Some("k".to_owned()),
            role: Role::Admin,
            scopes: scopes.iter().copied().collect(),
        };
        let wanted = Wanted {
            display_name: String::new(),
            role: Role::Writer,
            scopes: BTreeSet::new(),
            expires_at: None,
        };
        assert!(wanted.may_be_given_by(&caller(&[])).is_ok());
        assert!(
            wanted
                .may_be_given_by(&caller(&[Scope::KeysWrite, Scope::EventsWrite]))
                .is_ok()
        );
        assert!(wanted.may_be_given_by(&caller(&[Scope::KeysWrite])).is_err());
    }

    #[test]
    fn everything_that_is_wrong_with_a_key_is_told() {
        let request = wire::CreateApiKeyRequest {
            display_name: "a\0b".to_owned(),
            role: wire::Role::Writer.into(),
            scopes: vec![wire::Scope::KeysWrite.into(), 99],
            expire_time: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
            ..wire::CreateApiKeyRequest::default()
        };
        let problem = Wanted::read(&request, Timestamp::now()).err().expect("refused");
        let Kind::InvalidArgument(violations) = problem.kind else {
            panic!("{problem:?}")
        };
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["scopes", "expire_time", "display_name", "scopes[1]"]);
    }
}
