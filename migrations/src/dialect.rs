//! Where the two engines need other words.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// Runs statements in which `{text}` stands for a text that sorts by its bytes, `{bytes}` for a byte string, `{empty}` for
/// one without bytes, and `{clustered}` for "kept in the order of the primary key, without a second structure" where there
/// is such a thing.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let (text, bytes, empty, clustered) = match backend {
        DbBackend::Sqlite => ("TEXT", "BLOB", "x''", " WITHOUT ROWID"),
        DbBackend::Postgres => ("TEXT COLLATE \"C\"", "BYTEA", "''", ""),
        other => {
            return Err(DbErr::Migration(format!(
                "{other:?} is not supported: use SQLite or PostgreSQL"
            )));
        }
    };
    for statement in statements {
        let sql = statement
            .replace("{text}", text)
            .replace("{bytes}", bytes)
            .replace("{empty}", empty)
            .replace("{clustered}", clustered);
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
