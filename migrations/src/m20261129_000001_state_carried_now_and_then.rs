//! The state of subjects is carried by some commits, for all that came since the last one that did.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// The state of subjects is carried by some commits, for all that came since the last one that did.
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
    // A process of the former version would take the state for that of the newest commit. It fails instead.
    "ALTER TABLE subject RENAME COLUMN recent TO latest",
    // The state of subjects and their histories are as they were after this commit; what follows is in the log.
    "ALTER TABLE tenant ADD COLUMN state_commit BIGINT NOT NULL DEFAULT 0",
    "UPDATE tenant SET state_commit = last_commit",
];

/// The way back keeps the log and the ledger. Where state is not up to them it goes: `rebuild` writes it.
const DOWN: &[&str] = &[
    "DELETE FROM chapter WHERE tenant_id IN (SELECT tenant_id FROM tenant WHERE state_commit <> last_commit)",
    "DELETE FROM subject WHERE tenant_id IN (SELECT tenant_id FROM tenant WHERE state_commit <> last_commit)",
    "ALTER TABLE tenant DROP COLUMN state_commit",
    "ALTER TABLE subject RENAME COLUMN latest TO recent",
];
