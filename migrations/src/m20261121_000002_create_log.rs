//! The append-only log of events, and what of it concerns which subject.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// The append-only log of events, and what of it concerns which subject.
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
    "CREATE TABLE event (
        tenant_id {text} NOT NULL,
        event_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        ordinal INTEGER NOT NULL,
        occurred_at BIGINT NOT NULL,
        content_hash {bytes} NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, event_id)
    )",
    // A rebuild and an export read the log in the order in which it grew.
    "CREATE UNIQUE INDEX event_by_commit ON event (tenant_id, commit_number, ordinal)",
    "CREATE TABLE commit_log (
        tenant_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        committed_at BIGINT NOT NULL,
        events BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, commit_number)
    ){clustered}",
    // Which corrections concern an event; a correction may come before its target.
    "CREATE TABLE correction (
        tenant_id {text} NOT NULL,
        target_id {text} NOT NULL,
        event_id {text} NOT NULL,
        PRIMARY KEY (tenant_id, target_id, event_id)
    ){clustered}",
    "CREATE TABLE subject (
        tenant_id {text} NOT NULL,
        kind SMALLINT NOT NULL,
        subject_id {text} NOT NULL,
        record {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, kind, subject_id)
    )",
    // The history of a subject in the order of its fold: its events (then `signal` is empty),
    // and the signals of other subjects (then `body_event_id` is empty).
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
];

const DOWN: &[&str] = &[
    "DROP TABLE occurrence",
    "DROP TABLE subject",
    "DROP TABLE correction",
    "DROP TABLE commit_log",
    "DROP TABLE event",
];
