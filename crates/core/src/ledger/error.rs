//! What can be wrong with a segment.

/// Why bytes are no segment, or rows make none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are shorter than any segment.
    #[error("a segment of {bytes} bytes is shorter than its seal")]
    Short {
        /// How many there are.
        bytes: usize,
    },
    /// The bytes do not end in a segment's seal, or were changed after they were sealed.
    #[error("the segment is damaged: its checksum is {found:016x}, its seal says {sealed:016x}")]
    Checksum {
        /// Of the bytes.
        found: u64,
        /// In the seal.
        sealed: u64,
    },
    /// The seal does not begin as it must.
    #[error("the segment does not end in a seal of version 1 or 2")]
    NoSeal,
    /// Too many rows for one segment.
    #[error("{rows} rows are too many for one segment, the limit is {limit}")]
    TooManyRows {
        /// How many there are.
        rows: usize,
        /// The limit.
        limit: usize,
    },
    /// Too many bytes of texts for one segment.
    #[error("{bytes} bytes of texts are too many for one segment, the limit is {limit}")]
    TooManyTexts {
        /// How many there are.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A column is missing, of another type, or has nulls where there must be none.
    #[error("column `{column}` {problem}")]
    Column {
        /// Its name.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A value that no row may have.
    #[error("column `{column}`, row {row}: {problem}")]
    Value {
        /// The column.
        column: &'static str,
        /// The row, or the place in the column's dictionary.
        row: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// Arrow refuses it.
    #[error("the segment is not a valid Arrow stream")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// The place that keeps the segments failed.
    #[error("a segment could not be read")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}
