//! The ledger as immutable columnar segments, and the facts of the dimension tables.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// The ledger as immutable columnar segments, and the facts of the dimension tables.
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
    // A commit appends one segment; the compactor replaces a run of segments by one that covers the same commits.
    "CREATE TABLE ledger_segment (
        tenant_id {text} NOT NULL,
        first_commit BIGINT NOT NULL,
        last_commit BIGINT NOT NULL,
        min_date INTEGER NOT NULL,
        max_date INTEGER NOT NULL,
        row_count BIGINT NOT NULL,
        checksum {bytes} NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, first_commit)
    )",
    // Whoever tails the ledger asks for what came after a commit.
    "CREATE UNIQUE INDEX ledger_segment_by_last ON ledger_segment (tenant_id, last_commit)",
    "CREATE TABLE dimension_fact (
        tenant_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        ordinal INTEGER NOT NULL,
        row_sign SMALLINT NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, commit_number, ordinal)
    )",
];

const DOWN: &[&str] = &["DROP TABLE dimension_fact", "DROP TABLE ledger_segment"];
