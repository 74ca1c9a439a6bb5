//! The log as pages of many events, and a narrow row for each event that names its page.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        dialect::run(manager, FORMER).await?;
        dialect::run(manager, if postgres { FORMER_POSTGRES } else { &[] }).await?;
        dialect::run(manager, TABLES).await?;
        dialect::run(manager, if postgres { POSTGRES } else { &[] }).await?;
        dialect::run(manager, ROWS).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "pages of the log can't be taken apart by a statement: restore the backup from before they were made"
                .to_owned(),
        ))
    }
}

const FORMER: &[&str] = &["DROP INDEX event_by_commit", "ALTER TABLE event RENAME TO former_event"];

const FORMER_POSTGRES: &[&str] = &["ALTER TABLE former_event RENAME CONSTRAINT event_pkey TO former_event_pkey"];

const TABLES: &[&str] = &[
    // Events of a commit in their order, a line of JSON each. `page` is the ordinal of the first of them.
    "CREATE TABLE log_page (
        tenant_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        page INTEGER NOT NULL,
        checksum {bytes} NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, commit_number, page)
    )",
    // Each event once; whoever looks for one finds it on this line of this page.
    "CREATE TABLE event (
        tenant_id {text} NOT NULL,
        event_id {text} NOT NULL,
        commit_number BIGINT NOT NULL,
        page INTEGER NOT NULL,
        line INTEGER NOT NULL,
        PRIMARY KEY (tenant_id, event_id)
    ){clustered}",
];

const POSTGRES: &[&str] = &[
    // A page of the log has room on a page of the table, and is not worth the time that compressing it takes.
    "ALTER TABLE log_page ALTER COLUMN data SET STORAGE EXTERNAL",
    "ALTER TABLE log_page SET (toast_tuple_target = 8160)",
];

const ROWS: &[&str] = &[
    // What is there becomes pages of one event: the checksum of such a page is the hash of its event.
    "INSERT INTO log_page (tenant_id, commit_number, page, checksum, data)
        SELECT tenant_id, commit_number, ordinal, content_hash, data FROM former_event
        ORDER BY tenant_id, commit_number, ordinal",
    "INSERT INTO event (tenant_id, event_id, commit_number, page, line)
        SELECT tenant_id, event_id, commit_number, ordinal, 0 FROM former_event ORDER BY tenant_id, event_id",
    "DROP TABLE former_event",
];
