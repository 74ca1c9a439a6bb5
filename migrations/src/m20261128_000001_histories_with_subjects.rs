//! Histories beside the state of their subjects, in chapters, instead of a row an occurrence.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect;

/// Histories beside the state of their subjects, in chapters, instead of a row an occurrence.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await?;
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        dialect::run(manager, if postgres { POSTGRES } else { SQLITE }).await?;
        dialect::run(manager, &["DROP TABLE occurrence"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}

const UP: &[&str] = &[
    // Goes up whenever the settings or the state of all subjects are written anew: whoever keeps them in memory compares.
    "ALTER TABLE tenant ADD COLUMN revision BIGINT NOT NULL DEFAULT 0",
    // What entered and left the subject's history since its last chapter was closed, and how many chapters there are.
    "ALTER TABLE subject ADD COLUMN recent {bytes} NOT NULL DEFAULT {empty}",
    "ALTER TABLE subject ADD COLUMN chapters INTEGER NOT NULL DEFAULT 0",
    // A subject's row is written with each of its events, a chapter once for many.
    "CREATE TABLE chapter (
        tenant_id {text} NOT NULL,
        kind SMALLINT NOT NULL,
        subject_id {text} NOT NULL,
        number INTEGER NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, kind, subject_id, number)
    )",
    "UPDATE subject SET chapters = 1 WHERE EXISTS (
        SELECT 1 FROM occurrence WHERE occurrence.tenant_id = subject.tenant_id
            AND occurrence.kind = subject.kind AND occurrence.subject_id = subject.subject_id)",
];

/// What is there becomes a chapter in JSON: `[[occurred_at, occurrence_id, body_event_id, signal in hex], …]`.
const SQLITE: &[&str] = &["INSERT INTO chapter (tenant_id, kind, subject_id, number, data)
        SELECT tenant_id, kind, subject_id, 0,
            CAST(json_group_array(json_array(occurred_at, occurrence_id, body_event_id, hex(signal))) AS BLOB)
        FROM occurrence GROUP BY tenant_id, kind, subject_id"];

const POSTGRES: &[&str] = &[
    "INSERT INTO chapter (tenant_id, kind, subject_id, number, data)
        SELECT tenant_id, kind, subject_id, 0,
            convert_to(json_agg(json_build_array(occurred_at, occurrence_id, body_event_id, encode(signal, 'hex')))::text, 'UTF8')
        FROM occurrence GROUP BY tenant_id, kind, subject_id",
    // Room for the next version of a row on its page: then no index has to be touched.
    "ALTER TABLE subject SET (fillfactor = 50)",
    // A segment is columns of small numbers and is merged soon: compressing it costs more than it saves.
    "ALTER TABLE ledger_segment ALTER COLUMN data SET STORAGE EXTERNAL",
];

/// The way back keeps the log and the ledger; `rebuild` writes the state of subjects from them.
const DOWN: &[&str] = &[
    "CREATE TABLE occurrence (
        tenant_id {text} NOT NULL,
        kind SMALLINT NOT NULL,
        subject_id {text} NOT NULL,
        occurred_at BIGINT NOT NULL,
        occurrence_id {text} NOT NULL,
        body_event_id {text} NOT NULL,
        signal {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, kind, subject_id, occurred_at, occurrence_id)
    ){clustered}",
    "DROP TABLE chapter",
    "DELETE FROM subject",
    "ALTER TABLE subject DROP COLUMN chapters",
    "ALTER TABLE subject DROP COLUMN recent",
    "ALTER TABLE tenant DROP COLUMN revision",
];
