//! The contracts of `/proto` as Rust types, and the way between them and the core's.
//!
//! [`decode`] reads a wire event into a core event or tells everything that is wrong with it; [`encode`] is its
//! inverse. [`json`] is the canonical JSON of an event. [`reader`] is what decoding is made of, for the other
//! contracts too. [`columns`] reads answers that were asked for column by column.

pub mod columns;
mod decimal;
pub mod decode;
pub mod encode;
pub mod json;
pub mod reader;
mod violation;

#[cfg(test)]
mod drawn;

pub use self::violation::{Reason, Violation};

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
}

/// Values that every contract shares.
pub mod types {
    pub use crate::generated::scoreline::types::v1;
}

/// What happened in sales.
pub mod events {
    pub use crate::generated::scoreline::events::v1;
}

/// Events in.
pub mod ingestion {
    pub use crate::generated::scoreline::ingestion::v1;
}

/// Metrics out.
pub mod analytics {
    pub use crate::generated::scoreline::analytics::v1;
}

/// Tenants, settings and keys.
pub mod tenants {
    pub use crate::generated::scoreline::tenants::v1;
}

/// All contracts, with their comments, as an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));
