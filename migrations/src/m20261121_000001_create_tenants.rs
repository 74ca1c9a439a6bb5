//! Tenants, their settings, API keys and own metrics.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// Tenants, their settings, API keys and own metrics.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}

const UP: &[&str] = &[
    // `last_commit` is the tenant's newest commit; whoever writes for the tenant locks this row.
    "CREATE TABLE tenant (
        tenant_id {text} NOT NULL PRIMARY KEY,
        settings TEXT NOT NULL,
        last_commit BIGINT NOT NULL,
        created_at BIGINT NOT NULL
    ){clustered}",
    "CREATE TABLE api_key (
        tenant_id {text} NOT NULL,
        key_id {text} NOT NULL,
        display_name TEXT NOT NULL,
        digest {bytes} NOT NULL,
        role TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        revoked_at BIGINT,
        last_used_at BIGINT,
        PRIMARY KEY (tenant_id, key_id)
    )",
    // A key is looked up by its id alone before its tenant is known.
    "CREATE INDEX api_key_by_id ON api_key (key_id)",
    "CREATE TABLE metric_definition (
        tenant_id {text} NOT NULL,
        metric_id {text} NOT NULL,
        version BIGINT NOT NULL,
        definition TEXT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, metric_id)
    )",
];

const DOWN: &[&str] = &[
    "DROP TABLE metric_definition",
    "DROP TABLE api_key",
    "DROP TABLE tenant",
];
