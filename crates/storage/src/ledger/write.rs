//! Appending a segment.

use scoreline_core::{calendar::day_number, id::TenantId, ledger::Segment};
use sea_orm::ConnectionTrait;
use sha2::{Digest as _, Sha256};

use crate::{
    Error,
    sql::{self, Column},
};

/// Stores a segment with what a reader wants to know before reading it. One without rows is not worth a record.
pub(crate) async fn insert_segment(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    segment: Segment,
) -> Result<(), Error> {
    let Segment {
        meta: Some(meta),
        bytes: data,
    } = segment
    else {
        return Ok(());
    };
    let columns = vec![
        ("first_commit", Column::Big(vec![sql::signed(meta.first_commit)])),
        ("last_commit", Column::Big(vec![sql::signed(meta.last_commit)])),
        ("min_date", Column::Int(vec![day_number(meta.min_date)])),
        ("max_date", Column::Int(vec![day_number(meta.max_date)])),
        ("row_count", Column::Big(vec![sql::signed(meta.rows as u64)])),
        ("checksum", Column::Bytes(vec![Sha256::digest(&data).to_vec()])),
        ("data", Column::Bytes(vec![data])),
    ];
    sql::insert(db, "ledger_segment", tenant.as_str(), columns, "").await?;
    Ok(())
}
