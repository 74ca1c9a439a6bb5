//! The log in its own order, and histories as links of it: a commit appends instead of writing all over the tables.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// The log in its own order, and histories as links of it.
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
    // How often all that is stored of the tenant's subjects was written anew: what was read of it before is void.
    "ALTER TABLE tenant ADD COLUMN refolds BIGINT NOT NULL DEFAULT 0",
    // A rebuild and an export read the log in the order in which it grew, and so it is kept.
    "CREATE TABLE event_in_order (
        tenant_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        ordinal INTEGER NOT NULL,
        event_id {text} NOT NULL,
        occurred_at BIGINT NOT NULL,
        content_hash {bytes} NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, commit_number, ordinal)
    ){clustered}",
    "INSERT INTO event_in_order
        SELECT tenant_id, commit_number, ordinal, event_id, occurred_at, content_hash, data
        FROM event ORDER BY tenant_id, commit_number, ordinal",
    "DROP TABLE event",
    "ALTER TABLE event_in_order RENAME TO event",
    // An id is taken for ever; and corrections name events by their ids.
    "CREATE UNIQUE INDEX event_by_id ON event (tenant_id, event_id)",
    // What concerns a subject, put where its commit put it, with the place of what came to the same history before (0, 0:
    // nothing did). An event has an empty `signal`, a signal of another subject an empty `body_event_id`; what was taken
    // out again has an empty `occurrence_id`. What there was before gets places in a commit 0.
    "CREATE TABLE history (
        tenant_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        ordinal INTEGER NOT NULL,
        previous_commit BIGINT NOT NULL,
        previous_ordinal INTEGER NOT NULL,
        occurred_at BIGINT NOT NULL,
        occurrence_id {text} NOT NULL,
        body_event_id {text} NOT NULL,
        signal {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, commit_number, ordinal)
    ){clustered}",
    "INSERT INTO history
        SELECT tenant_id, 0, place, 0, CASE WHEN nth = 1 THEN 0 ELSE place - 1 END, occurred_at, occurrence_id,
            body_event_id, signal
        FROM (SELECT occurrence.*,
                ROW_NUMBER() OVER (PARTITION BY tenant_id ORDER BY kind, subject_id, occurred_at, occurrence_id) AS place,
                ROW_NUMBER() OVER (PARTITION BY tenant_id, kind, subject_id ORDER BY occurred_at, occurrence_id) AS nth
            FROM occurrence) AS numbered",
    // Where a subject's history ends.
    "ALTER TABLE subject ADD COLUMN history_commit BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE subject ADD COLUMN history_ordinal INTEGER NOT NULL DEFAULT 0",
    "UPDATE subject SET history_ordinal = ends.place
        FROM (SELECT tenant_id, kind, subject_id, MAX(place) AS place
            FROM (SELECT tenant_id, kind, subject_id,
                    ROW_NUMBER() OVER (PARTITION BY tenant_id ORDER BY kind, subject_id, occurred_at, occurrence_id) AS place
                FROM occurrence) AS numbered
            GROUP BY tenant_id, kind, subject_id) AS ends
        WHERE subject.tenant_id = ends.tenant_id AND subject.kind = ends.kind AND subject.subject_id = ends.subject_id",
    "DROP TABLE occurrence",
];

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
    "INSERT INTO occurrence
        WITH RECURSIVE chain AS (
            SELECT subject.kind, subject.subject_id, history.* FROM subject
                JOIN history ON history.tenant_id = subject.tenant_id
                AND history.commit_number = subject.history_commit AND history.ordinal = subject.history_ordinal
            UNION ALL
            SELECT chain.kind, chain.subject_id, history.* FROM chain
                JOIN history ON history.tenant_id = chain.tenant_id
                AND history.commit_number = chain.previous_commit AND history.ordinal = chain.previous_ordinal
        )
        SELECT tenant_id, kind, subject_id, occurred_at, occurrence_id, body_event_id, signal
        FROM chain WHERE occurrence_id <> ''",
    "DROP TABLE history",
    "ALTER TABLE subject DROP COLUMN history_commit",
    "ALTER TABLE subject DROP COLUMN history_ordinal",
    "CREATE TABLE event_of_id (
        tenant_id {text} NOT NULL,
        event_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        ordinal INTEGER NOT NULL,
        occurred_at BIGINT NOT NULL,
        content_hash {bytes} NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, event_id)
    )",
    "INSERT INTO event_of_id
        SELECT tenant_id, event_id, commit_number, ordinal, occurred_at, content_hash, data FROM event",
    "DROP TABLE event",
    "ALTER TABLE event_of_id RENAME TO event",
    "CREATE UNIQUE INDEX event_by_commit ON event (tenant_id, commit_number, ordinal)",
    "ALTER TABLE tenant DROP COLUMN refolds",
];
