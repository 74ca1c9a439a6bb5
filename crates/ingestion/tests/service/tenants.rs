//! Tenants, settings and keys through a real server.

use std::time::Duration;

use jiff::Timestamp;
use scoreline_ingestion::tenants::settings;
use scoreline_proto::tenants::v1 as wire;
use scoreline_server::{api_key, secrecy::SecretString};
use scoreline_storage::{KeyRecord, Tenancy as _};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{PEPPER, Server, batch, lead, odd_lead, start, tenant, with_key};

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_made_found_and_listed() {
    let server = start(&[]).await;
    let mut client = server.tenants().await;
    for id in ["acme", "beta"] {
        let request = wire::CreateTenantRequest {
            tenant_id: id.to_owned(),
            settings: None,
        };
        let made = client
            .create_tenant(request.clone())
            .await
            .expect("made")
            .into_inner()
            .tenant
            .expect("a tenant");
        assert_eq!((made.tenant_id.as_str(), made.commit), (id, 0));
        assert_eq!(
            client.create_tenant(request).await.expect_err("made twice").code(),
            Code::AlreadyExists
        );
    }
    let page = |page_size, token: &str| wire::ListTenantsRequest {
        page_size,
        page_token: token.to_owned(),
    };
    let first = client.list_tenants(page(2, "")).await.expect("a page").into_inner();
    let second = client
        .list_tenants(page(2, &first.next_page_token))
        .await
        .expect("a page")
        .into_inner();
    let ids: Vec<_> = first
        .tenants
        .iter()
        .chain(&second.tenants)
        .map(|tenant| tenant.tenant_id.as_str())
        .collect();
    assert_eq!(
        (ids, second.next_page_token.as_str()),
        (vec!["acme", "beta", "default"], "")
    );
    let status = client
        .get_tenant(wire::GetTenantRequest {
            tenant_id: "nobody".to_owned(),
        })
        .await
        .expect_err("unknown");
    assert_eq!(status.code(), Code::NotFound);
    let bad = wire::CreateTenantRequest {
        tenant_id: "a b".to_owned(),
        settings: None,
    };
    assert_eq!(
        client.create_tenant(bad).await.expect_err("refused").code(),
        Code::InvalidArgument
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_as_a_whole_or_by_field_and_never_over_a_change_that_was_not_seen() {
    let server = start(&[]).await;
    let mut client = server.tenants().await;
    let before = client
        .get_settings(wire::GetSettingsRequest::default())
        .await
        .expect("settings")
        .into_inner();
    let before = before.settings.expect("settings");
    let change = |settings: wire::Settings, paths: &[&str]| wire::UpdateSettingsRequest {
        settings: Some(settings),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(ToString::to_string).collect(),
        }),
        ..wire::UpdateSettingsRequest::default()
    };
    let attributes = wire::Settings {
        attributes: vec!["mood".to_owned()],
        etag: before.etag.clone(),
        ..wire::Settings::default()
    };

    let dry = wire::UpdateSettingsRequest {
        validate_only: true,
        ..change(attributes.clone(), &["attributes"])
    };
    client.update_settings(dry).await.expect("fine");
    let after = client
        .update_settings(change(attributes.clone(), &["attributes"]))
        .await
        .expect("changed")
        .into_inner();
    let after = after.settings.expect("settings");
    assert_ne!(after.etag, before.etag);
    assert_eq!(
        wire::Settings {
            attributes: vec![],
            etag: before.etag.clone(),
            ..after.clone()
        },
        before,
        "nothing else changed"
    );
    let response = server
        .ingestion()
        .await
        .ingest_events(batch(vec![odd_lead("e")]))
        .await
        .expect("taken")
        .into_inner();
    assert_eq!(response.accepted_count, 1, "the attribute is declared now");

    let stale = client
        .update_settings(change(attributes, &["attributes"]))
        .await
        .expect_err("stale");
    assert_eq!(stale.code(), Code::Aborted);
    let wrong = wire::Settings {
        time_zone: "Nowhere".to_owned(),
        crediting: 9,
        ..wire::Settings::default()
    };
    let status = client
        .update_settings(change(wrong, &["time_zone", "crediting"]))
        .await
        .expect_err("wrong");
    let details = status.get_error_details();
    let fields: Vec<_> = details
        .bad_request()
        .expect("fields")
        .field_violations
        .iter()
        .map(|one| one.field.clone())
        .collect();
    assert_eq!(fields, ["settings.time_zone", "settings.crediting"]);
    let status = client
        .update_settings(change(after.clone(), &["etag"]))
        .await
        .expect_err("not a field");
    assert_eq!(status.code(), Code::InvalidArgument);

    let zone = wire::Settings {
        time_zone: "Asia/Tokyo".to_owned(),
        ..wire::Settings::default()
    };
    let folded = client
        .update_settings(change(zone, &["time_zone"]))
        .await
        .expect("changed")
        .into_inner();
    assert_eq!(folded.settings.expect("settings").time_zone, "Asia/Tokyo");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unit_of_a_measure_never_changes() {
    let server = start(&[]).await;
    let mut client = server.tenants().await;
    let with_unit = |unit: wire::MeasureUnit| wire::UpdateSettingsRequest {
        settings: Some(wire::Settings {
            measures: vec![wire::DeclaredMeasure {
                name: "visits".to_owned(),
                unit: unit.into(),
            }],
            ..wire::Settings::default()
        }),
        ..wire::UpdateSettingsRequest::default()
    };
    client
        .update_settings(with_unit(wire::MeasureUnit::Number))
        .await
        .expect("declared");
    let status = client
        .update_settings(with_unit(wire::MeasureUnit::Money))
        .await
        .expect_err("refused");
    assert_eq!(
        status.get_error_details().error_info().expect("a reason").reason,
        "UNIT_CHANGED"
    );
}

/// A server with keys, two tenants, and the key of an administrator of the first, made on the database.
async fn with_keys() -> (Server, String) {
    let server = start(&[("auth.enabled", "true"), ("auth.pepper", PEPPER)]).await;
    for id in ["acme", "other"] {
        server
            .database
            .create_tenant(&tenant(id), &settings::defaults(), Timestamp::now())
            .await
            .expect("made");
    }
    let key = api_key::ApiKey::generate().expect("randomness");
    let record = KeyRecord {
        key_id: key.id().to_owned(),
        display_name: "the first".to_owned(),
        digest: key.hash(&SecretString::from(PEPPER)).0.to_vec(),
        role: "admin".to_owned(),
        scopes: Vec::new(),
        created_at: Timestamp::now(),
        expires_at: None,
    };
    server
        .database
        .create_key(&tenant("acme"), &record)
        .await
        .expect("made");
    (server, key.reveal().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_used_and_revoked() {
    let (server, admin) = with_keys().await;
    let (mut tenants, mut ingestion) = (server.tenants().await, server.ingestion().await);
    let request = wire::CreateApiKeyRequest {
        display_name: "crm".to_owned(),
        role: wire::Role::Writer.into(),
        ..wire::CreateApiKeyRequest::default()
    };
    let made = tenants
        .create_api_key(with_key(request, &admin))
        .await
        .expect("made")
        .into_inner();
    let key = made.api_key.expect("a key");
    assert_eq!(
        (key.role(), key.scopes.as_slice()),
        (wire::Role::Writer, &[i32::from(wire::Scope::EventsWrite)][..])
    );

    ingestion
        .ingest_events(with_key(batch(vec![lead("e", "l")]), &made.secret))
        .await
        .expect("it writes");
    assert_eq!(
        server
            .database
            .tenant(&tenant("acme"))
            .await
            .expect("read")
            .expect("there")
            .last_commit,
        1
    );
    let status = tenants
        .get_settings(with_key(wire::GetSettingsRequest::default(), &made.secret))
        .await;
    assert_eq!(status.expect_err("it only writes").code(), Code::PermissionDenied);

    let listed = tenants
        .list_api_keys(with_key(wire::ListApiKeysRequest::default(), &admin))
        .await
        .expect("listed");
    assert_eq!(listed.into_inner().api_keys.len(), 2);
    let revoke = wire::RevokeApiKeyRequest {
        key_id: key.key_id,
        ..wire::RevokeApiKeyRequest::default()
    };
    for _ in 0..2 {
        let revoked = tenants
            .revoke_api_key(with_key(revoke.clone(), &admin))
            .await
            .expect("revoked")
            .into_inner();
        assert!(revoked.api_key.expect("a key").revoke_time.is_some());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let status = ingestion
        .ingest_events(with_key(batch(vec![lead("f", "l")]), &made.secret))
        .await
        .expect_err("revoked");
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reaches_its_own_tenant_only() {
    let (server, admin) = with_keys().await;
    let mut client = server.tenants().await;
    let named = |id: &str| {
        with_key(
            wire::GetTenantRequest {
                tenant_id: id.to_owned(),
            },
            &admin,
        )
    };
    assert!(client.get_tenant(named("acme")).await.is_ok());
    assert!(client.get_tenant(named("")).await.is_ok());
    for id in ["other", "nobody"] {
        let status = client.get_tenant(named(id)).await.expect_err("not the caller's");
        assert_eq!(
            (status.code(), status.message()),
            (Code::PermissionDenied, "the API key belongs to another tenant"),
            "the same whether it exists or not"
        );
    }
    let create = wire::CreateTenantRequest {
        tenant_id: "new".to_owned(),
        settings: None,
    };
    let status = client
        .create_tenant(with_key(create, &admin))
        .await
        .expect_err("not with a key");
    assert_eq!(status.code(), Code::PermissionDenied);
    let status = client
        .list_tenants(with_key(wire::ListTenantsRequest::default(), &admin))
        .await
        .expect_err("neither");
    assert_eq!(status.code(), Code::PermissionDenied);
    let status = client
        .get_tenant(wire::GetTenantRequest::default())
        .await
        .expect_err("without a key");
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_pepper_there_are_no_keys() {
    let server = start(&[]).await;
    let request = wire::CreateApiKeyRequest {
        role: wire::Role::Reader.into(),
        ..wire::CreateApiKeyRequest::default()
    };
    let status = server
        .tenants()
        .await
        .create_api_key(request)
        .await
        .expect_err("refused");
    assert_eq!(status.code(), Code::FailedPrecondition);
}
