//! Appending a segment.

use scoreline_core::{calendar::day_number, id::TenantId, ledger::Segment};
use sha2::{Digest as _, Sha256};

use crate::{
    Error,
    inserts::{Column, Inserts, Rows},
    sql,
};

/// Stores a segment with what a reader wants to know before reading it. One without rows is not worth a record.
///
/// # Errors
/// When it is too large.
pub(crate) fn insert_segment(inserts: &mut Inserts, tenant: &TenantId, segment: &Segment) -> Result<(), Error> {
    let Segment {
        meta: Some(meta),
        bytes: data,
    } = segment
    else {
        return Ok(());
    };
    let checksum = Sha256::digest(data);
    inserts.add(&Rows {
        table: "ledger_segment",
        tenant: tenant.as_str(),
        columns: vec![
            ("first_commit", Column::Big(vec![sql::signed(meta.first_commit)])),
            ("last_commit", Column::Big(vec![sql::signed(meta.last_commit)])),
            ("min_date", Column::Int(vec![day_number(meta.min_date)])),
            ("max_date", Column::Int(vec![day_number(meta.max_date)])),
            ("row_count", Column::Big(vec![sql::signed(meta.rows as u64)])),
            ("checksum", Column::Bytes(vec![&checksum[..]])),
            ("data", Column::Bytes(vec![data])),
        ],
        conflict: "",
    })
}
