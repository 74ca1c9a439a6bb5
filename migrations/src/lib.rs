//! The schema of Scoreline's database, as versioned migrations for SQLite and PostgreSQL.
//!
//! Migrations are added, never edited. They own their identifiers and know no entity. Every table is distributed by
//! `tenant_id`, which is the first column of every primary key and unique index, so that a tenant's transaction stays
//! on one node wherever the tables are sharded.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait of migrations is declared so, and must be implemented so"
)]

mod dialect;
mod m20261121_000001_create_tenants;
mod m20261121_000002_create_log;
mod m20261121_000003_create_ledger;
mod m20261128_000001_histories_with_subjects;
mod m20261129_000001_state_carried_now_and_then;
mod m20261130_000001_log_in_pages;

use sea_orm_migration::{
    prelude::*,
    sea_orm::{
        DatabaseConnection, DbBackend, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
    },
};

/// All migrations, in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_create_tenants::Migration),
            Box::new(m20261121_000002_create_log::Migration),
            Box::new(m20261121_000003_create_ledger::Migration),
            Box::new(m20261128_000001_histories_with_subjects::Migration),
            Box::new(m20261129_000001_state_carried_now_and_then::Migration),
            Box::new(m20261130_000001_log_in_pages::Migration),
        ]
    }
}

/// One migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// The lock that keeps two migrators apart on PostgreSQL: an arbitrary constant of ours.
const LOCK: i64 = 0x5343_4f52_454c_494e;

/// Brings the schema to the newest version: all pending migrations in one transaction, one migrator at a time.
///
/// # Errors
/// When the database refuses; then nothing is changed.
pub async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = db.begin_with_options(options).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        let lock =
            Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_advisory_xact_lock($1)", [LOCK.into()]);
        transaction.execute_raw(lock).await?;
    }
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}

/// Every migration with whether the database has it. Changes nothing, also not on an empty database.
///
/// # Errors
/// When the database can't be read.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<Applied>, DbErr> {
    let migrations = Migrator::get_migration_with_status_read_only(db).await?;
    Ok(migrations
        .iter()
        .map(|migration| Applied {
            name: migration.name().to_owned(),
            applied: migration.status() == sea_orm_migration::MigrationStatus::Applied,
        })
        .collect())
}
